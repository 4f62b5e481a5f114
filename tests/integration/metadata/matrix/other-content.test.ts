/** Matrix F12–F19: TIFF, PNG, HEIF, RAW and the rest keep everything beside our words, or are refused. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { classifyName } from '../../../../src-main/library/classify-name.ts'
import { noteSkip } from '../../../helpers/skips.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, FIXTURES, foreignEdit, leftovers, readTag, sha, stampOf } from '../../../helpers/writer-kit.ts'
import {
  afterStart,
  avifWithDataInMeta,
  box,
  exifOf,
  exifSegment,
  hasTool,
  heicByTool,
  jxlStream,
  MAKERS,
  metaBoxes,
  photoAt,
  picture,
  pngChunks,
  readIloc,
  riffChunks,
  smallJpeg,
} from './hard-inputs.ts'
import { createWitness, expectKept, expectUntouched, WORDS } from './witness.ts'

const kit = createWriterKit()
const witness = createWitness()
afterAll(() => Promise.all([kit.exiftool.dispose(), witness.dispose()]))

describe('TIFF', () => {
  it.each<[string, () => Promise<Buffer>]>([
    ['strips', () => picture().tiff({ compression: 'none' }).toBuffer()],
    ['LZW with a predictor', () => picture().tiff({ compression: 'lzw', predictor: 'horizontal' }).toBuffer()],
    ['tiles and a pyramid', () => picture(600, 400).tiff({ tile: true, pyramid: true, compression: 'jpeg' }).toBuffer()],
    ['16 bit', () => picture().toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer()],
    ['CMYK', () => picture().toColourspace('cmyk').tiff().toBuffer()],
    [
      'one bit',
      () => picture().greyscale().threshold().toColourspace('b-w').tiff({ bitdepth: 1, compression: 'none', predictor: 'none' }).toBuffer(),
    ],
    [
      'three pages',
      async () =>
        sharp(await Promise.all([0, 1, 2].map(() => picture().png().toBuffer())), { join: { animated: true } })
          .tiff()
          .toBuffer(),
    ],
  ])('F12 with %s keeps its pixels on every page', async (name, make) => {
    const photo = photoAt(tempFolder(), 'a.tif', 'tiff', await make())
    if (name === 'three pages') expect((await sharp(photo.path).metadata()).pages).toBe(3)
    if (name === '16 bit') expect((await sharp(photo.path).metadata()).depth).toBe('ushort')
    await expectKept(kit, witness, photo)
  })

  it('F13 BigTIFF is refused and stays', async () => {
    const photo = photoAt(tempFolder(), 'big.tif', 'tiff', await picture().tiff({ bigtiff: true }).toBuffer())
    await expectUntouched(kit, photo, ['format-not-writable'])
  })
})

describe('PNG and WebP', () => {
  it('F14 a PNG keeps every chunk and gains XMP alone', async () => {
    const png = await picture().withMetadata({ density: 300 }).withIccProfile('p3').png().toBuffer()
    const gamma = chunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f]))
    const note = chunk('tEXt', Buffer.from('Software\0Something else', 'latin1'))
    const photo = photoAt(tempFolder(), 'a.png', 'png', Buffer.concat([png.subarray(0, 33), gamma, png.subarray(33, -12), note, png.subarray(-12)]))
    const others = () =>
      pngChunks(readFileSync(photo.path)).filter(({ type, data }) => !(type === 'iTXt' && data.toString('latin1').startsWith('XML:com.adobe.xmp')))
    const before = others()
    expect(before.map(({ type }) => type)).toEqual(expect.arrayContaining(['gAMA', 'iCCP', 'pHYs', 'tEXt']))
    const sorted = (chunks: ReturnType<typeof others>) => chunks.map(({ type, data }) => type + data.toString('base64')).sort()
    await expectKept(kit, witness, photo, async () => {
      // Text behind the picture moves before it; everything else keeps its place.
      expect(sorted(others())).toEqual(sorted(before))
      expect(others().filter(({ type }) => type !== 'tEXt')).toEqual(before.filter(({ type }) => type !== 'tEXt'))
      expect(Object.keys(await witness.tags(photo.path)).filter((key) => /^(IPTC|IFD0:ImageDescription|PNG:(Title|Description))/.test(key))).toEqual(
        [],
      )
    })
  })

  it('F14 a PNG with 16 bit and transparency keep their pixels', async () => {
    await expectKept(kit, witness, photoAt(tempFolder(), 'deep.png', 'png', await picture().ensureAlpha(0.3).toColourspace('rgb16').png().toBuffer()))
  })

  it.each<[string, () => Promise<Buffer>]>([
    ['lossy', () => picture().webp().toBuffer()],
    ['lossless with transparency', () => picture().ensureAlpha(0.4).webp({ lossless: true }).toBuffer()],
    [
      'animated',
      async () =>
        sharp(
          await Promise.all(
            [0, 1].map((turn) =>
              picture()
                .rotate(180 * turn)
                .png()
                .toBuffer(),
            ),
          ),
          { join: { animated: true } },
        )
          .webp()
          .toBuffer(),
    ],
    ['with a colour profile', () => picture().withIccProfile('p3').webp().toBuffer()],
  ])('F19 a WebP (%s) keeps its picture chunks byte for byte', async (_name, make) => {
    const photo = photoAt(tempFolder(), 'a.webp', 'webp', await make())
    const others = () => riffChunks(readFileSync(photo.path)).filter(({ type }) => type !== 'XMP ' && type !== 'VP8X')
    const before = others()
    await expectKept(kit, witness, photo, () => expect(others()).toEqual(before))
  })
})

describe('HEIF family', () => {
  it('F15 an AVIF keeps its pixels, colour and item places', async () => {
    for (const make of [
      () => picture().avif({ effort: 0 }),
      () => picture().ensureAlpha(0.5).avif({ effort: 0 }),
      () => picture().withIccProfile('p3').avif({ effort: 0 }),
    ]) {
      const photo = photoAt(tempFolder(), 'a.avif', 'avif', await make().toBuffer())
      await expectKept(kit, witness, photo, expectSameItems(photo.path))
    }
  })

  it('F15 picture data inside the meta box (construction method 1) stays there and decodes', async () => {
    const photo = photoAt(tempFolder(), 'idat.avif', 'avif', await avifWithDataInMeta())
    expect(readIloc(readFileSync(photo.path))).toMatchObject({ version: 1, items: [{ method: 0 }, { method: 1 }] })
    await expectKept(kit, witness, photo, expectSameItems(photo.path))
  })

  it.skipIf(!hasTool('heif-enc'))('F15 a HEIC with an auxiliary picture and a thumbnail keeps all of them', async () => {
    const photo = photoAt(tempFolder(), 'a.heic', 'heif', await heicByTool(['-t', '32'], true))
    const before = readFileSync(photo.path)
    expect(before.includes('auxC')).toBe(true)
    expect(readIloc(before).items.length).toBeGreaterThan(2)
    await expectKept(kit, witness, photo, expectSameItems(photo.path))
  })

  it('F16 the half of a Live Photo keeps its content identifier, and the film beside it is not touched', async () => {
    const folder = tempFolder()
    const maker = MAKERS.find(({ make }) => make === 'Apple')!
    const photo = photoAt(folder, 'IMG_0001.jpg', 'jpeg', afterStart(await smallJpeg(), exifSegment(exifOf(maker))))
    const film = path.join(folder, 'IMG_0001.MOV')
    writeFileSync(film, 'film')
    const before = { stamp: stampOf(film), id: readTag(photo.path, 'Apple:ContentIdentifier') }
    expect(before.id).not.toBe('')
    await expectKept(kit, witness, photo, () => expect(readTag(photo.path, 'Apple:ContentIdentifier')).toBe(before.id))
    expect(stampOf(film)).toEqual(before.stamp)
  })
})

describe('RAW and the rest', () => {
  it('F17 no RAW file is ever changed: words go into a sidecar', async () => {
    const folder = tempFolder()
    const dng = readFileSync(path.join(FIXTURES, 'pair/DSC_0042.dng'))
    for (const extension of 'cr2 cr3 crw nef nrw arw srf sr2 orf raf rw2 raw rwl pef srw 3fr fff iiq mos mrw dcr kdc erf mef x3f gpr'.split(' ')) {
      expect(classifyName(`a.${extension}`)).toMatchObject({ kind: 'raw' })
      const photo = photoAt(folder, `${extension}.${extension}`, 'raw', dng)
      const before = { sha: sha(photo.path), stamp: stampOf(photo.path) }
      const { plan, outcome } = await kit.save(photo, { title: { text: extension, policy: 'replace' } })
      expect(plan).toMatchObject({ target: 'sidecar', targetPath: path.join(folder, `${extension}.xmp`) })
      expect(outcome, extension).toMatchObject({ outcome: 'written', message: null })
      expect({ sha: sha(photo.path), stamp: stampOf(photo.path) }).toEqual(before)
    }
    expect(leftovers(folder)).toEqual([])
  })

  it('F17 RAW files of real cameras', () => {
    noteSkip('F17 RAW files of real cameras', 'none may be passed on with the tests; built ones under every RAW name stand for them')
  })

  it('F19 a bare JPEG XL stream gets a sidecar, since embedding would turn it into another kind of file', async () => {
    const photo = photoAt(tempFolder(), 'a.jxl', 'jxl', await jxlStream())
    const before = { sha: sha(photo.path), stamp: stampOf(photo.path) }
    const { plan, outcome } = await kit.save(photo, WORDS)
    expect(plan).toMatchObject({ target: 'sidecar', refusal: null })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect({ sha: sha(photo.path), stamp: stampOf(photo.path) }).toEqual(before)
    expect(readTag(plan.targetPath, 'XMP-dc:Title')).toBe(WORDS.title!.text)
  })

  it('F19 a JPEG XL container keeps its stream byte for byte and says what it then says', async () => {
    const stream = await jxlStream()
    const file = Buffer.concat([
      box('JXL ', Buffer.from([13, 10, 0x87, 10])),
      box('ftyp', Buffer.from('jxl \0\0\0\0jxl ', 'latin1')),
      box('jxlc', stream),
    ])
    const photo = photoAt(tempFolder(), 'a.jxl', 'jxl', file)
    const { outcome } = await kit.save(photo, WORDS)
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(readFileSync(photo.path).includes(box('jxlc', stream))).toBe(true)
    expect(readTag(photo.path, 'XMP-dc:Title')).toBe(WORDS.title!.text)
  })

  it('F19 PSD, JPEG 2000, GIF, SVG and films are not photos of the library, and are refused under a photo’s name', async () => {
    for (const name of ['a.psd', 'a.psb', 'a.jp2', 'a.j2k', 'a.gif', 'a.svg', 'a.mov', 'a.mp4', 'a.pdf', 'a.bmp'])
      expect(classifyName(name).kind, name).toBeNull()
    const psd = Buffer.concat([Buffer.from('8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\x08\0\x03', 'latin1'), Buffer.alloc(17)])
    const jp2 = Buffer.from('\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 ', 'latin1')
    for (const bytes of [psd, jp2, await picture().gif().toBuffer(), Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')]) {
      await expectUntouched(kit, photoAt(tempFolder(), 'a.jpg', 'jpeg', bytes), ['photo-wrong-type'])
    }
  })

  it('F18 a DNG with a sidecar by another program keeps its bytes, and everything else in the sidecar stays', async () => {
    const photo = copyFixture(tempFolder(), 'pair/DSC_0042.dng', 'dng')
    const sidecar = photo.path.replace(/dng$/, 'xmp')
    foreignEdit(sidecar, '-XMP-crs:Exposure2012=+0.50', '-XMP-xmp:Label=Red')
    const before = { sha: sha(photo.path), mtimeMs: statSync(photo.path).mtimeMs }
    expect((await kit.save(photo, WORDS)).outcome.outcome).toBe('written')
    expect({ sha: sha(photo.path), mtimeMs: statSync(photo.path).mtimeMs }).toEqual(before)
    expect(await witness.tags(sidecar)).toMatchObject({ 'XMP-crs:Exposure2012': '+0.50', 'XMP-xmp:Label': 'Red' })
  })
})

if (!hasTool('heif-enc')) noteSkip('F15 HEIC with auxiliary pictures', 'heif-enc is not installed')

/** Version, methods and contents of every item but the XMP that was added; properties of colour and size. */
function expectSameItems(file: string): () => void {
  const look = () => {
    const bytes = readFileSync(file)
    const { version, items } = readIloc(bytes)
    const idat = metaBoxes(bytes).find(({ type }) => type === 'idat')?.data
    const contents = items.map(({ id, method, extents }) => [
      id,
      method,
      Buffer.concat(extents.map(({ offset, length }) => (method === 1 ? idat! : bytes).subarray(offset, offset + length))).toString('base64'),
    ])
    return {
      version,
      contents,
      properties: metaBoxes(bytes)
        .find(({ type }) => type === 'iprp')
        ?.data.toString('base64'),
    }
  }
  const before = look()
  return () => {
    const after = look()
    expect(after.version).toBe(before.version)
    expect(after.properties).toBe(before.properties)
    expect(after.contents).toEqual(expect.arrayContaining(before.contents))
    expect(after.contents).toHaveLength(before.contents.length + 1)
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length)
  head.write(type, 4, 'latin1')
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])))
  return Buffer.concat([head, data, crc])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
