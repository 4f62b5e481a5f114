import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import encodeJxl, { init as initJxlEncoder } from '@jsquash/jxl/encode.js'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { withExifThumbnail, withMpfPreview } from '../../helpers/camera-jpeg.mjs'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { buildWorker, distance, FIXTURES, noise, pixelsOf, setUpImaging } from './real-imaging.ts'

beforeAll(() => buildWorker())

const fixture = (name: string) => path.join(FIXTURES, name)
const COLOURS = { R: [255, 0, 0], G: [0, 255, 0], B: [0, 0, 255], W: [255, 255, 255] } as const
/** Upright corners (top left, top right, bottom left, bottom right) of a picture stored as R G B W, by EXIF orientation. */
const UPRIGHT = ['RGBW', 'GRWB', 'WBGR', 'BWRG', 'RBGW', 'BRWG', 'WGBR', 'GWRB']

const quarters = (width: number, height: number) => {
  const part = (colour: readonly number[], left: number, top: number) => ({
    input: { create: { width: width / 2, height: height / 2, channels: 3 as const, background: { r: colour[0]!, g: colour[1]!, b: colour[2]! } } },
    left,
    top,
  })
  return sharp({ create: { width, height, channels: 3, background: '#000' } }).composite([
    part(COLOURS.R, 0, 0),
    part(COLOURS.G, width / 2, 0),
    part(COLOURS.B, 0, height / 2),
    part(COLOURS.W, width / 2, height / 2),
  ])
}

const corners = async (file: string | Uint8Array) => {
  const { at, width, height } = await pixelsOf(file)
  const name = (pixel: number[]) => Object.entries(COLOURS).find(([, colour]) => distance(pixel, colour) < 40)?.[0] ?? '?'
  const [x, y] = [Math.floor(width / 8), Math.floor(height / 8)]
  return [at(x, y), at(width - 1 - x, y), at(x, height - 1 - y), at(width - 1 - x, height - 1 - y)].map(name).join('')
}

describe('pictures made from photos', () => {
  it('are upright in all eight orientations, also from an embedded preview', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const folder = tempFolder()
    const stored = await quarters(900, 600).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer()
    const thumbnail = await quarters(480, 320).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer()
    for (const [index, expected] of UPRIGHT.entries()) {
      const orientation = index + 1
      const plain = path.join(folder, `${orientation}.jpg`)
      writeFileSync(plain, await sharp(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer())
      const camera = path.join(folder, `camera-${orientation}.jpg`)
      writeFileSync(camera, withExifThumbnail(stored, thumbnail, orientation))
      for (const file of [plain, camera]) {
        const photo = await photoOf(file, 'jpeg')
        const upright = orientation >= 5 ? [600, 900] : [900, 600]
        expect([photo.look.width, photo.look.height]).toEqual(upright)
        expect(await corners((await imaging.thumbnail(photo, 320)).file), `${file} 320`).toBe(expected)
        expect(await corners((await imaging.thumbnail(photo, 1600)).file), `${file} 1600`).toBe(expected)
        const view = await imaging.modelView(photo, 512)
        expect(await corners(view.jpeg), `${file} view`).toBe(expected)
        expect(view.width > view.height).toBe(upright[0]! > upright[1]!)
      }
    }
  })

  it('have true colours: wide gamut, CMYK, 16 bit, grey, and an sRGB profile that changes nothing', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const folder = tempFolder()
    const red = { r: 220, g: 40, b: 30 }
    const flat = () => sharp({ create: { width: 400, height: 300, channels: 3, background: red } })
    const p3 = await flat().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer()
    // Without its profile the same bytes are another colour: the test would not notice a profile left out otherwise.
    expect(distance((await pixelsOf(await sharp(p3, { ignoreIcc: true }).png().toBuffer())).centre(), [220, 40, 30])).toBeGreaterThan(12)
    const grey16 = sharp(new Uint16Array(400 * 300).fill(0x8000), { raw: { width: 400, height: 300, channels: 1 } })
    const cases: [string, Buffer, 'jpeg' | 'png' | 'tiff', number[], number][] = [
      ['p3.jpg', p3, 'jpeg', [220, 40, 30], 4],
      ['srgb.jpg', await flat().withIccProfile('srgb').jpeg({ quality: 95 }).toBuffer(), 'jpeg', [220, 40, 30], 3],
      ['cmyk.jpg', await flat().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), 'jpeg', [220, 40, 30], 30],
      ['16.png', await flat().toColourspace('rgb16').png().toBuffer(), 'png', [220, 40, 30], 3],
      ['grey.jpg', await flat().greyscale().toColourspace('b-w').jpeg().toBuffer(), 'jpeg', [102, 102, 102], 15],
      ['grey16.png', await grey16.toColourspace('grey16').png().toBuffer(), 'png', [128, 128, 128], 3],
    ]
    expect((await sharp(cases[2]![1]).metadata()).space).toBe('cmyk')
    expect((await sharp(cases[3]![1]).metadata()).depth).toBe('ushort')
    for (const [name, bytes, kind, colour, tolerance] of cases) {
      writeFileSync(path.join(folder, name), bytes)
      const photo = await photoOf(path.join(folder, name), kind)
      for (const picture of [(await imaging.thumbnail(photo, 320)).file, (await imaging.modelView(photo, 336)).jpeg]) {
        const found = await pixelsOf(picture)
        expect(found.channels).toBe(3)
        expect(distance(found.centre(), colour), `${name}: ${found.centre()}`).toBeLessThanOrEqual(tolerance)
      }
    }
  })

  it('show what is transparent on mid grey, not on black', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const file = path.join(tempFolder(), 'clear.png')
    await sharp({ create: { width: 400, height: 300, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toFile(file)
    const photo = await photoOf(file, 'png')
    expect(distance((await pixelsOf((await imaging.modelView(photo, 256)).jpeg)).centre(), [128, 128, 128])).toBeLessThan(4)
  })

  it('come from HEIC, AVIF, DNG and JPEG XL', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const folder = tempFolder()
    await initJxlEncoder(wasmModule('@jsquash/jxl/codec/enc/jxl_enc.wasm'))
    const blue = {
      data: new Uint8ClampedArray(640 * 400 * 4).map((_, index) => [20, 60, 200, 255][index % 4]!),
      width: 640,
      height: 400,
      colorSpace: 'srgb' as const,
    }
    writeFileSync(path.join(folder, 'a.jxl'), Buffer.from(await encodeJxl(blue as unknown as Parameters<typeof encodeJxl>[0])))
    for (const [file, kind, width, height] of [
      [fixture('wine.heic'), 'heif', 214, 320],
      [fixture('fig.avif'), 'avif', 320, 217],
      [fixture('pair/DSC_0042.dng'), 'dng', 320, 320],
      [path.join(folder, 'a.jxl'), 'jxl', 320, 200],
    ] as const) {
      const found = await pixelsOf((await imaging.thumbnail(await photoOf(file, kind), 320)).file)
      expect([found.width, found.height], file).toEqual([width, height])
      if (kind === 'jxl') expect(distance(found.centre(), [20, 60, 200])).toBeLessThan(8)
    }
    // The preview in the DNG is the cat of its JPEG twin, not its sensor values.
    const twin = await pixelsOf(await sharp(fixture('pair/DSC_0042.jpg')).resize(320, 320).toBuffer())
    const dng = await pixelsOf((await imaging.thumbnail(await photoOf(fixture('pair/DSC_0042.dng'), 'dng'), 320)).file)
    expect(distance(dng.centre(), twin.centre())).toBeLessThan(30)
  })

  it('use the preview that a camera stored, pass over one that is too small or shows another crop, and over gain maps', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const folder = tempFolder()
    const main = await sharp({ create: { width: 1800, height: 1200, channels: 3, background: '#c00000' } })
      .jpeg()
      .toBuffer()
    const green = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#00c000' } })
        .jpeg()
        .toBuffer()
    const cases: [string, Buffer, 'green' | 'red'][] = [
      ['mpf', withMpfPreview(main, await green(960, 640)), 'green'],
      ['exif', withExifThumbnail(main, await green(480, 320)), 'green'],
      ['small', withExifThumbnail(main, await green(160, 107)), 'red'],
      ['cropped', withExifThumbnail(main, await green(480, 360)), 'red'],
      ['gain-map', withMpfPreview(main, await green(960, 640), 0), 'red'],
      ['rubbish', withMpfPreview(main, Buffer.concat([(await green(960, 640)).subarray(0, 700), Buffer.alloc(50)])), 'red'],
    ]
    for (const [name, bytes, colour] of cases) {
      writeFileSync(path.join(folder, `${name}.jpg`), bytes)
      const photo = await photoOf(path.join(folder, `${name}.jpg`), 'jpeg')
      const [red, greenValue] = (await pixelsOf((await imaging.thumbnail(photo, 320)).file)).centre()
      expect(greenValue! > red! ? 'green' : 'red', name).toBe(colour)
      // The large size and the model's view are always the picture itself.
      expect((await pixelsOf((await imaging.thumbnail(photo, 1600)).file)).centre()[0], name).toBeGreaterThan(150)
      expect((await pixelsOf((await imaging.modelView(photo, 320)).jpeg)).centre()[0], name).toBeGreaterThan(150)
    }
  })

  it('show what decodes of a damaged photo, but a model is not asked about half of one', async () => {
    const { imaging } = await setUpImaging()
    const damaged: unknown = await imaging.look(fixture('broken/truncated.jpg'), 'jpeg').catch((error: unknown) => error)
    const { contentHash } = (damaged as { data: { contentHash: string } }).data
    const photo = { path: fixture('broken/truncated.jpg'), kind: 'jpeg' as const, contentHash }
    expect((await pixelsOf((await imaging.thumbnail(photo, 320)).file)).width).toBe(320)
    await expect(imaging.modelView(photo, 1024)).rejects.toMatchObject({ code: 'photo-damaged' })
  })

  it('of a RAW without a preview are refused as such', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const file = path.join(tempFolder(), 'a.nef')
    await noise(64, 48).tiff().toFile(file)
    const photo = await photoOf(file, 'raw')
    await expect(imaging.thumbnail(photo, 320)).rejects.toMatchObject({ code: 'preview-missing' })
    await expect(imaging.modelView(photo, 512)).rejects.toMatchObject({ code: 'preview-missing' })
  })

  it('carry no EXIF, GPS, XMP or IPTC to a model or into the cache', async () => {
    const { photoOf, imaging } = await setUpImaging()
    for (const name of ['rocket.jpg', 'aitzgorri.jpg', 'grey-cat.jpg']) {
      const source = await sharp(fixture(name)).metadata()
      expect(source.exif ?? source.xmp, name).toBeDefined()
      const photo = await photoOf(fixture(name), 'jpeg')
      for (const picture of [Buffer.from((await imaging.modelView(photo, 1024)).jpeg), readFileSync((await imaging.thumbnail(photo, 320)).file)]) {
        const metadata = await sharp(picture).metadata()
        expect([metadata.exif, metadata.xmp, metadata.iptc, metadata.icc]).toEqual([undefined, undefined, undefined, undefined])
        expect(picture.includes('Exif')).toBe(false)
      }
    }
  })

  it('survive extreme shapes', async () => {
    const { photoOf, imaging } = await setUpImaging()
    const folder = tempFolder()
    for (const [width, height] of [
      [1, 1],
      [10_000, 100],
      [3, 3000],
    ] as const) {
      const file = path.join(folder, `${width}.png`)
      await sharp({ create: { width, height, channels: 3, background: '#456' } })
        .png()
        .toFile(file)
      const photo = await photoOf(file, 'png')
      const view = await imaging.modelView(photo, 1024)
      expect(Math.max(view.width, view.height)).toBe(Math.min(1024, Math.max(width, height)))
      expect(Math.min(view.width, view.height)).toBeGreaterThanOrEqual(1)
    }
  })
})

function wasmModule(specifier: string): never {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Module: new (bytes: Buffer) => object } }
  return new WebAssembly.Module(readFileSync(path.resolve(import.meta.dirname, '../../../node_modules', specifier))) as never
}
