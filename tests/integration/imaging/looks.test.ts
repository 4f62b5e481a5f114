import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ExifTool } from 'exiftool-vendored'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { buildWorker, FIXTURES, noise, setUpImaging } from './real-imaging.ts'

beforeAll(() => buildWorker())

const fixture = (name: string) => path.join(FIXTURES, name)

describe('a look at a photo', () => {
  it('tells hash, upright size, time and place of every kind', async () => {
    const { imaging } = await setUpImaging()
    const friends = await imaging.look(fixture('friends.jpg'), 'jpeg')
    expect(friends.contentHash).toBe(
      createHash('sha256')
        .update(readFileSync(fixture('friends.jpg')))
        .digest('hex'),
    )
    const stored = await sharp(fixture('friends.jpg')).metadata()
    expect(stored.orientation).toBe(6)
    expect(friends).toMatchObject({ width: stored.height, height: stored.width, orientation: 6 })
    const rocket = await imaging.look(fixture('rocket.jpg'), 'jpeg')
    expect(rocket.gps).toEqual({ latitude: expect.closeTo(28.56, 1), longitude: expect.closeTo(-80.58, 1) })
    const heic = await imaging.look(fixture('wine.heic'), 'heif')
    expect(heic).toMatchObject({ width: 801, height: 1200, takenAtMs: Date.UTC(2016, 0, 16, 20, 5) })
    const avif = await imaging.look(fixture('fig.avif'), 'avif')
    expect([avif.width, avif.height]).toEqual([1200, 812])
    const dng = await imaging.look(fixture('pair/DSC_0042.dng'), 'dng')
    expect(dng).toMatchObject({ takenAtMs: Date.UTC(2010, 9, 25, 11, 16, 7) })
  })

  it('reads the time with its offset from WebP, PNG and TIFF too', async () => {
    const { imaging } = await setUpImaging()
    const folder = tempFolder()
    const exif = { IFD2: { DateTimeOriginal: '2024:05:01 12:00:00', OffsetTimeOriginal: '+02:00' } }
    for (const [kind, format] of [
      ['webp', 'webp'],
      ['png', 'png'],
      ['jpeg', 'jpeg'],
      ['avif', 'avif'],
      ['tiff', 'tiff'],
    ] as const) {
      const file = path.join(folder, `a.${format}`)
      await noise(64, 48)[format]().withExif(exif).toFile(file)
      if (kind === 'tiff') await writeExif(file)
      expect((await imaging.look(file, kind)).takenAtMs, kind).toBe(Date.UTC(2024, 4, 1, 10))
    }
  })

  it('is not failed by an EXIF block that is rubbish', async () => {
    const { imaging } = await setUpImaging()
    const file = path.join(tempFolder(), 'a.jpg')
    const jpeg = await noise(64, 48).jpeg().toBuffer()
    const rubbish = Buffer.concat([Buffer.from([0xff, 0xe1, 0, 34]), Buffer.from('Exif\0\0II*\0', 'latin1'), Buffer.alloc(22, 0xff)])
    writeFileSync(file, Buffer.concat([jpeg.subarray(0, 2), rubbish, jpeg.subarray(2)]))
    expect(await imaging.look(file, 'jpeg')).toMatchObject({ width: 64, height: 48, takenAtMs: null, gps: null, orientation: 1 })
  })

  it('goes by the bytes where the name lies', async () => {
    const { imaging } = await setUpImaging()
    const file = path.join(tempFolder(), 'really-png.jpg')
    await noise(30, 20).png().toFile(file)
    expect(await imaging.look(file, 'jpeg')).toMatchObject({ width: 30, height: 20 })
  })

  it('says what is wrong with what is no photo, in one code each', async () => {
    const { imaging } = await setUpImaging()
    const folder = tempFolder()
    const put = (name: string, bytes: string | Buffer) => {
      writeFileSync(path.join(folder, name), bytes)
      return path.join(folder, name)
    }
    const svg = put('svg.jpg', '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="5"/></svg>')
    const cases: [string, string][] = [
      [fixture('broken/empty.jpg'), 'photo-empty'],
      [fixture('broken/notes.jpg'), 'photo-not-an-image'],
      [svg, 'photo-not-an-image'],
      [put('zeros.jpg', Buffer.alloc(5000)), 'photo-damaged'],
      [put('gif.jpg', 'GIF89a123456'), 'photo-unsupported'],
      [put('djvu.jpg', 'AT&TFORM\0\0\0\0DJVM'), 'photo-not-an-image'],
      [put('head.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])), 'photo-damaged'],
      [path.join(folder, 'gone.jpg'), 'path-missing'],
    ]
    for (const [file, code] of cases) await expect(imaging.look(file, 'jpeg'), file).rejects.toMatchObject({ code })
  })

  it('never waits for a pipe, and reads no folder', { timeout: 20_000 }, async () => {
    const { imaging } = await setUpImaging()
    const folder = tempFolder()
    mkdirSync(path.join(folder, 'folder.jpg'))
    await expect(imaging.look(path.join(folder, 'folder.jpg'), 'jpeg')).rejects.toMatchObject({
      code: expect.stringMatching(/photo-not-an-image|path-unreadable/),
    })
    if (process.platform === 'win32') return
    execFileSync('mkfifo', [path.join(folder, 'pipe.jpg')])
    await expect(imaging.look(path.join(folder, 'pipe.jpg'), 'jpeg')).rejects.toMatchObject({ code: 'photo-not-an-image' })
    await expect(imaging.look('/dev/zero', 'jpeg')).rejects.toMatchObject({ code: 'photo-not-an-image' })
  })

  it('refuses bombs by their header, before anything is unpacked', async () => {
    const { imaging, pids } = await setUpImaging()
    for (const side of [50_000, 16_000, 12_000]) {
      const file = path.join(tempFolder(), 'bomb.png')
      writeFileSync(file, pngOfSide(side))
      await expect(imaging.look(file, 'png')).rejects.toMatchObject({ code: 'photo-too-large' })
      const photo = { path: file, kind: 'png' as const, contentHash: createHash('sha256').update(`${side}`).digest('hex') }
      await expect(imaging.thumbnail(photo, 320)).rejects.toMatchObject({ code: 'photo-too-large' })
      await expect(imaging.modelView(photo, 1024)).rejects.toMatchObject({ code: 'photo-too-large' })
    }
    expect(pids.size).toBe(1)
  })

  it.each([
    ['jpeg', 'jpeg'],
    ['png', 'png'],
    ['webp', 'webp'],
    ['tiff', 'tiff'],
    ['avif', 'avif'],
  ] as const)('flags a cut-off %s at 10, 50, 90 and 99 %% and passes the whole one', async (kind, format) => {
    const { imaging } = await setUpImaging()
    const file = path.join(tempFolder(), `a.${format}`)
    await noise(300, 200)[format]().toFile(file)
    const bytes = readFileSync(file)
    await imaging.look(file, kind)
    for (const share of [0.99, 0.9, 0.5, 0.1]) {
      truncateSync(file, Math.floor(bytes.length * share))
      await expect(imaging.look(file, kind), `${share}`).rejects.toMatchObject({ code: 'photo-damaged' })
    }
  })

  it('gives the hash of a cut-off photo along, so that the part that decodes can be shown', async () => {
    const { imaging } = await setUpImaging()
    const contentHash = createHash('sha256')
      .update(readFileSync(fixture('broken/truncated.jpg')))
      .digest('hex')
    const size = await sharp(fixture('broken/truncated.jpg')).metadata()
    await expect(imaging.look(fixture('broken/truncated.jpg'), 'jpeg')).rejects.toMatchObject({
      code: 'photo-damaged',
      data: { contentHash, width: size.width, height: size.height },
    })
  })
})

/** sharp writes no EXIF into TIFF. */
async function writeExif(file: string): Promise<void> {
  const exiftool = new ExifTool({ maxProcs: 1 })
  try {
    await exiftool.write(file, { DateTimeOriginal: '2024:05:01 12:00:00', OffsetTimeOriginal: '+02:00' }, { writeArgs: ['-overwrite_original'] })
  } finally {
    await exiftool.end()
  }
}

/** A PNG's head that promises a square of this side in one bit, and a little data. */
function pngOfSide(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(data.length)
    head.write(type, 4, 'latin1')
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])))
    return Buffer.concat([head, data, crc])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 1
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.from('789c0300000000010000', 'hex')),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
