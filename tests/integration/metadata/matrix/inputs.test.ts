/** Matrix F69–F75: damaged, hostile and odd files are refused with a reason within bounds, or written whole. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { PhotoKind } from '../../../../src-main/contract/model.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { createWriterKit, leftovers, sha } from '../../../helpers/writer-kit.ts'
import {
  afterStart,
  directory,
  exifOf,
  exifSegment,
  jpegSegments,
  MAKERS,
  number,
  photoAt,
  picture,
  segment,
  smallJpeg,
  text,
  xmpSegment,
} from './hard-inputs.ts'
import { createWitness, expectKept, expectUntouched, WORDS } from './witness.ts'

const kit = createWriterKit()
const witness = createWitness()
const jpeg = await smallJpeg()
afterAll(() => Promise.all([kit.exiftool.dispose(), witness.dispose()]))

describe('cut off', () => {
  it('F69 a JPEG cut anywhere is flagged as damaged and not written', async () => {
    for (const percent of [10, 50, 90, 99]) {
      const whole = await picture(400, 300).jpeg().toBuffer()
      await expectUntouched(kit, photoAt(tempFolder(), 'a.jpg', 'jpeg', whole.subarray(0, (whole.length * percent) / 100)), ['photo-damaged'])
    }
  })

  it.each<[string, () => Promise<Buffer>]>([
    ['data before the directory', () => picture(200, 150).tiff({ compression: 'none' }).toBuffer()],
    ['tiles', () => picture(300, 300).tiff({ tile: true, compression: 'deflate' }).toBuffer()],
    ['directory before the data', async () => directoryFirstTiff()],
  ])('F70 a TIFF cut anywhere is not written (%s)', async (_name, make) => {
    const whole = await make()
    expect((await sharp(whole).metadata()).format).toBe('tiff')
    for (const percent of [10, 50, 90, 99]) {
      const photo = photoAt(tempFolder(), 'a.tif', 'tiff', whole.subarray(0, Math.floor((whole.length * percent) / 100)))
      await expectUntouched(kit, photo, ['photo-damaged', 'metadata-damaged', 'exiftool-failed', 'verify-failed'])
    }
  })
})

describe('not a file with a picture', () => {
  it('F71 a folder, a pipe, a socket, a device and a dangling link are refused at once', async () => {
    const folder = tempFolder()
    const at = (name: string) => path.join(folder, name)
    mkdirSync(at('folder.jpg'))
    execFileSync('mkfifo', [at('pipe.jpg')])
    symlinkSync('/dev/zero', at('device.jpg'))
    symlinkSync('/nowhere/a.jpg', at('dangling.jpg'))
    symlinkSync(at('loop.jpg'), at('loop.jpg'))
    const server = createServer().listen(at('socket.jpg'))
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    writeFileSync(at('empty.jpg'), '')
    const codes = {
      folder: 'not-a-photo',
      pipe: 'not-a-photo',
      device: 'not-a-photo',
      socket: 'not-a-photo',
      dangling: 'file-missing',
      loop: 'path-unreadable',
      empty: 'photo-empty',
    }
    const startedMs = performance.now()
    for (const [name, code] of Object.entries(codes)) {
      const { plan, outcome } = await kit.save({ id: 1, path: at(`${name}.jpg`), kind: 'jpeg' }, WORDS)
      expect(plan.refusal?.code, name).toBe(code)
      expect(outcome).toMatchObject({ outcome: 'refused', code })
    }
    expect(performance.now() - startedMs).toBeLessThan(10_000)
    expect(leftovers(folder)).toEqual([])
  })

  it('F72 the bytes decide what a file is; a wrong name is said and nothing is written or renamed', async () => {
    const real: [PhotoKind, string, Buffer][] = [
      ['jpeg', 'jpg', jpeg],
      ['png', 'png', await picture().png().toBuffer()],
      ['webp', 'webp', await picture().webp().toBuffer()],
      ['tiff', 'tif', await picture().tiff().toBuffer()],
      ['avif', 'avif', await picture().avif({ effort: 0 }).toBuffer()],
    ]
    for (const [kind, extension] of real) {
      for (const [other, , bytes] of real) {
        if (other === kind) continue
        const photo = photoAt(tempFolder(), `a.${extension}`, kind, bytes)
        const { plan } = await kit.save(photo, WORDS)
        expect(plan.refusal).toMatchObject({ code: 'photo-wrong-type', data: { expected: kind, found: other === 'jpeg' ? 'jpeg' : other } })
        await expectUntouched(kit, photo, ['photo-wrong-type'])
      }
    }
    await expectUntouched(kit, photoAt(tempFolder(), 'a.cr2', 'raw', jpeg), ['photo-wrong-type'])
  })
})

describe('damaged metadata', () => {
  const canon = MAKERS.find(({ make }) => make === 'Canon')!

  it('F73 maker notes whose offsets lead nowhere are refused, or kept byte for byte: never cleaned away', async () => {
    const broken = exifOf(canon, (note) => {
      const copy = Buffer.from(note)
      copy.writeUInt32LE(0x7fffffff, 2 + 8)
      return copy
    })
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', afterStart(jpeg, exifSegment(broken)))
    await expectUntouched(kit, photo, ['exiftool-failed', 'verify-failed', 'metadata-damaged'])
  })

  it('F73 a second directory that is garbage is not thrown away', async () => {
    const head = Buffer.concat([Buffer.from('II'), number('II', 2, 42), number('II', 4, 8)])
    const ifd0 = directory('II', [text(0x10f, 'Somebody'), text(0x110, 'Something')], 8, 8 + 200)
    const tiff = Buffer.concat([head, ifd0, Buffer.alloc(200 - ifd0.length), Buffer.alloc(40, 0xee)])
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', afterStart(jpeg, exifSegment(tiff)))
    await expectUntouched(kit, photo, ['exiftool-failed', 'verify-failed', 'metadata-damaged'])
  })

  it('F73 XMP that is not XML is not replaced', async () => {
    const mark = 'http://ns.adobe.com/xap/1.0/\0'
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', afterStart(jpeg, segment(0xe1, Buffer.from(`${mark}<x:xmpmeta><rdf:RDF><broken`))))
    await expectUntouched(kit, photo, ['exiftool-failed', 'verify-failed', 'metadata-damaged'])
  })

  it('F74 directories that point to themselves, 65,535 entries and a million keywords take bounded time and memory', async () => {
    const head = Buffer.concat([Buffer.from('II'), number('II', 2, 42), number('II', 4, 8)])
    const selfReferring = Buffer.concat([head, directory('II', [text(0x10f, 'Loop'), { tag: 0x8769, type: 4, data: number('II', 4, 8) }], 8, 8)])
    const manyEntries = Buffer.concat([head, number('II', 2, 65_535), Buffer.alloc(65_000 - 16, 1)])
    const keywords = `xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>${'<rdf:li>k</rdf:li>'.repeat(3500)}</rdf:Bag></dc:subject>`
    const nested = `xmlns:n="http://example.org/n/">${'<n:a rdf:parseType="Resource">'.repeat(1000)}x${'</n:a>'.repeat(1000)}`
    for (const inner of [exifSegment(selfReferring), exifSegment(manyEntries), xmpSegment(keywords), xmpSegment(nested)]) {
      const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', afterStart(jpeg, inner))
      const before = sha(photo.path)
      const startedMs = performance.now()
      const { outcome } = await kit.save(photo, { title: { text: 'T', policy: 'replace' } })
      // A loop without end would be stopped by the time limit of a command, which is twice as long.
      expect(performance.now() - startedMs).toBeLessThan(60_000)
      if (outcome.outcome === 'written') expect((await kit.reader.read(photo)).title).toBe('T')
      else {
        expect(outcome.message).toBeTruthy()
        expect(sha(photo.path)).toBe(before)
      }
    }
    // The processes answer as before.
    expect((await kit.save(photoAt(tempFolder(), 'after.jpg', 'jpeg', jpeg), WORDS)).outcome.outcome).toBe('written')
  })
})

describe('odd sizes', () => {
  it.each<[string, PhotoKind, () => Promise<Buffer>]>([
    ['one pixel.jpg', 'jpeg', () => picture(1, 1).jpeg().toBuffer()],
    ['one pixel.png', 'png', () => picture(1, 1).png().toBuffer()],
    ['65500 wide.jpg', 'jpeg', () => picture(65_500, 1).jpeg().toBuffer()],
    ['a panorama.jpg', 'jpeg', () => picture(4000, 40).jpeg().toBuffer()],
  ])('F75 %s is written', async (name, kind, make) => {
    await expectKept(kit, witness, photoAt(tempFolder(), name, kind, await make()))
  })

  it('F75 a header that claims 65,500 by 65,500 or no pixels at all decides nothing: the words go in or the file stays', async () => {
    for (const [width, height] of [
      [65_500, 65_500],
      [0, 0],
    ]) {
      const bytes = Buffer.from(jpeg)
      const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
      bytes.writeUInt16BE(height!, frame + 5)
      bytes.writeUInt16BE(width!, frame + 7)
      const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', bytes)
      const before = sha(photo.path)
      const { outcome } = await kit.save(photo, WORDS)
      if (outcome.outcome === 'written') {
        const after = readFileSync(photo.path)
        expect(jpegSegments(after).find(({ marker }) => marker === 0xc0)?.payload).toEqual(
          jpegSegments(bytes).find(({ marker }) => marker === 0xc0)?.payload,
        )
        expect((await kit.revert(outcome.writeId)).outcome).toBe('reverted')
      } else expect(sha(photo.path)).toBe(before)
    }
  })
})

/** Uncompressed grey pixels after their directory, as scanners and ExifTool's own output have it. */
function directoryFirstTiff(): Buffer {
  const [width, height] = [200, 150]
  const long = (tag: number, value: number) => ({ tag, type: 4, data: number('II', 4, value) })
  const build = (dataAt: number) =>
    Buffer.concat([
      Buffer.from('II'),
      number('II', 2, 42),
      number('II', 4, 8),
      directory(
        'II',
        [
          long(0x100, width),
          long(0x101, height),
          long(0x102, 8),
          long(0x103, 1),
          long(0x106, 1),
          long(0x111, dataAt),
          long(0x115, 1),
          long(0x116, height),
          long(0x117, width * height),
        ],
        8,
      ),
    ])
  return Buffer.concat([build(build(0).length), Buffer.alloc(width * height, 0x80)])
}
