/** Matrix F01–F11: what lies in a JPEG beside our words is the same after a write, seen by other readers. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { makeModelView } from '../../../../src-main/imaging/decoding/make-views.ts'
import { createRawReader } from '../../../../src-main/imaging/decoding/raw-reader.ts'
import { findJpegEnd } from '../../../../src-main/metadata/file-signature.ts'
import { withExifThumbnail, withMpfPreview } from '../../../helpers/camera-jpeg.mjs'
import { noteSkip } from '../../../helpers/skips.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { createWriterKit, findTool, foreignEdit, readTag } from '../../../helpers/writer-kit.ts'
import {
  afterStart,
  exifOf,
  exifSegment,
  EXTENDED_XMP_MARK,
  FOREIGN_XMP,
  jpegSegments,
  MAKERS,
  motionPhoto,
  photoAt,
  picture,
  segment,
  smallJpeg,
  ultraHdrJpeg,
  xmpSegment,
} from './hard-inputs.ts'
import { createWitness, expectKept, expectUntouched } from './witness.ts'

const kit = createWriterKit()
const witness = createWitness()
const raws = createRawReader()
afterAll(() => Promise.all([kit.exiftool.dispose(), witness.dispose(), raws.end()]))

describe('pixels and colour', () => {
  it.each<[string, () => Promise<Buffer>]>([
    ['baseline', () => picture().jpeg({ progressive: false, chromaSubsampling: '4:4:4' }).toBuffer()],
    ['progressive', () => picture().jpeg({ progressive: true }).toBuffer()],
    ['CMYK', () => picture().toColourspace('cmyk').jpeg().toBuffer()],
    ['grey', () => picture().greyscale().jpeg().toBuffer()],
    ['mozjpeg with optimised scans', () => picture().jpeg({ mozjpeg: true }).toBuffer()],
  ])('F01 a %s JPEG decodes to the same pixels', async (name, make) => {
    await expectKept(kit, witness, photoAt(tempFolder(), `${name}.jpg`, 'jpeg', await make()))
  })

  it('F02 the colour profile stays byte for byte', async () => {
    for (const [colourSpace, profile] of [
      ['srgb', 'p3'],
      ['cmyk', 'cmyk'],
    ] as const) {
      const photo = photoAt(tempFolder(), 'profile.jpg', 'jpeg', await picture().toColourspace(colourSpace).withIccProfile(profile).jpeg().toBuffer())
      const before = (await sharp(photo.path).metadata()).icc
      expect(before?.length).toBeGreaterThan(400)
      await expectKept(kit, witness, photo, async () => expect((await sharp(photo.path).metadata()).icc).toEqual(before))
    }
  })
})

describe('what cameras write', () => {
  it.each(MAKERS.map((maker) => [maker.make, maker] as const))('F01 F03 maker notes of %s keep every value', async (_make, maker) => {
    const photo = photoAt(tempFolder(), 'maker.jpg', 'jpeg', afterStart(await smallJpeg(), exifSegment(exifOf(maker))))
    const before = await witness.tags(photo.path)
    const notes = Object.entries(before).filter(([key]) => key.startsWith(`${maker.group}:`))
    expect(notes.map(([, value]) => value)).toEqual(expect.arrayContaining([expect.stringContaining(`${maker.group} value`)]))
    const exiv2 = findTool('exiv2')
    const seen = () =>
      exiv2?.('-PEkt', photo.path)
        .split('\n')
        .filter((line) => line.includes(' value ')) ?? []
    const seenBefore = seen()
    await expectKept(kit, witness, photo, () => expect(seen()).toEqual(seenBefore))
  })

  it('F04 the EXIF thumbnail stays byte for byte', async () => {
    const thumbnail = await picture(160, 120).jpeg().toBuffer()
    const photo = photoAt(tempFolder(), 'thumb.jpg', 'jpeg', withExifThumbnail(await smallJpeg(), thumbnail))
    await expectKept(kit, witness, photo, async () => {
      expect((await witness.bytesOf(photo.path, 'ThumbnailImage'))?.equals(thumbnail)).toBe(true)
    })
  })

  it('F05 all eight orientations stay, and what a model sees is the same upright picture', async () => {
    const folder = tempFolder()
    const look = async (file: string) => {
      const target = path.join(folder, 'view.jpg')
      await makeModelView({ path: file, kind: 'jpeg', longEdge: 64, target }, raws)
      return readFileSync(target)
    }
    for (let orientation = 1; orientation <= 8; orientation++) {
      const photo = photoAt(folder, `turned-${orientation}.jpg`, 'jpeg', await picture().withMetadata({ orientation }).jpeg().toBuffer())
      const before = await look(photo.path)
      const { outcome } = await kit.save(photo, { title: { text: `Turned ${orientation}`, policy: 'replace' } })
      expect(outcome).toMatchObject({ outcome: 'written', message: null })
      expect((await sharp(photo.path).metadata()).orientation).toBe(orientation)
      expect((await look(photo.path)).equals(before)).toBe(true)
    }
  })

  it('F06 the second picture of a multi-picture file stays, and its offset leads to it', async () => {
    const preview = await picture(64, 48).jpeg().toBuffer()
    const photo = photoAt(tempFolder(), 'mpf.jpg', 'jpeg', withMpfPreview(await smallJpeg(), preview))
    await expectKept(kit, witness, photo, async () => expectSecondPicture(photo.path, 'PreviewImage', preview))
  })

  it('F06 a multi-picture file whose blocks lie in an odd order is written right or not at all', async () => {
    const preview = await picture(64, 48).jpeg().toBuffer()
    const odd = withMpfPreview(afterStart(await smallJpeg(), xmpSegment('xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3">')), preview)
    const photo = photoAt(tempFolder(), 'odd.jpg', 'jpeg', odd)
    await expectUntouched(kit, photo, ['verify-failed'])
    await expectSecondPicture(photo.path, 'PreviewImage', preview)
  })

  it('F07 the gain map of an Ultra HDR photo stays, with its directory and its own XMP', async () => {
    const { jpeg, gainMap } = await ultraHdrJpeg()
    const photo = photoAt(tempFolder(), 'hdr.jpg', 'jpeg', jpeg)
    await expectKept(kit, witness, photo, async () => {
      await expectSecondPicture(photo.path, 'MPImage2', gainMap)
      const tags = JSON.stringify(await witness.tags(photo.path))
      expect(tags).toContain(`"Length":"${gainMap.length}"`)
      expect(tags).toContain('"Semantic":"GainMap"')
    })
  })

  it.each([true, false])('F08 the film of a motion photo stays where its pointer says (pointer in XMP: %s)', async (pointer) => {
    const { jpeg, film } = await motionPhoto(pointer)
    const photo = photoAt(tempFolder(), 'motion.jpg', 'jpeg', jpeg)
    await expectKept(kit, witness, photo, async () => {
      const bytes = readFileSync(photo.path)
      expect(bytes.subarray(-film.length).equals(film)).toBe(true)
      expect(findJpegEnd(bytes)).toBe(bytes.length - film.length)
      if (pointer) expect(readTag(photo.path, 'XMP-GCamera:MicroVideoOffset')).toBe(String(film.length))
    })
  })

  it('F10 XMP over 64 KB stays whole, in continuation segments whose mark is the hash of their contents', async () => {
    const photo = photoAt(tempFolder(), 'long.jpg', 'jpeg', await smallJpeg())
    // Text that cannot be packed into one segment, in a tag that is not ours.
    const foreign = Array.from({ length: 9000 }, (_, at) => createHash('md5').update(String(at)).digest('hex').slice(0, 15)).join(' ')
    const file = path.join(tempFolder(), 'foreign.txt')
    writeFileSync(file, foreign)
    foreignEdit(photo.path, `-XMP-dc:Source<=${file}`)
    const extended = () => {
      const parts = jpegSegments(readFileSync(photo.path))
        .filter(({ marker, payload }) => marker === 0xe1 && payload.toString('latin1').startsWith(EXTENDED_XMP_MARK))
        .map(({ payload }) => payload.subarray(EXTENDED_XMP_MARK.length))
      return { guids: new Set(parts.map((part) => part.toString('latin1', 0, 32))), text: Buffer.concat(parts.map((part) => part.subarray(40))) }
    }
    expect(extended().guids.size).toBe(1)
    await expectKept(kit, witness, photo, async () => {
      const { guids, text } = extended()
      expect([...guids]).toEqual([createHash('md5').update(text).digest('hex').toUpperCase()])
      expect((await witness.tags(photo.path))['XMP-xmpNote:HasExtendedXMP']).toBe([...guids][0])
      expect((await witness.tags(photo.path))['XMP-dc:Source']).toBe(foreign)
    })
  })

  it('F11 an empty APP1 segment gives a legal JPEG', async () => {
    const photo = photoAt(tempFolder(), 'empty-app1.jpg', 'jpeg', afterStart(await smallJpeg(), segment(0xe1, Buffer.alloc(0))))
    await expectKept(kit, witness, photo, () => {
      expect(jpegSegments(readFileSync(photo.path)).length).toBeGreaterThan(4)
    })
  })

  it('F20 unknown namespaces, darktable’s history, develop settings, digiKam’s tags and face regions stay as they are', async () => {
    const photo = photoAt(tempFolder(), 'foreign.jpg', 'jpeg', afterStart(await smallJpeg(), xmpSegment(FOREIGN_XMP)))
    const before = JSON.stringify(await witness.tags(photo.path))
    for (const value of ['made by nobody', 'gz04eJxjYBgFo', 'Anna Müller', 'Places/Sea', 'Adobe Standard']) expect(before).toContain(value)
    await expectKept(kit, witness, photo)
  })
})

async function expectSecondPicture(file: string, tag: string, wanted: Buffer): Promise<void> {
  expect((await witness.bytesOf(file, tag))?.equals(wanted)).toBe(true)
  const bytes = readFileSync(file)
  // Where MPF says, counted from its own TIFF head: a second JPEG that decodes.
  const mpf = bytes.indexOf('MPF\0', 0, 'latin1') + 4
  const little = bytes.toString('latin1', mpf, mpf + 2) === 'II'
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const ifd = mpf + u32(mpf + 4)
  const entry = Array.from({ length: u16(ifd) }, (_, at) => ifd + 2 + at * 12).find((at) => u16(at) === 0xb002)!
  const second = mpf + u32(entry + 8) + 16
  const start = mpf + u32(second + 8)
  const found = bytes.subarray(start, start + u32(second + 4))
  expect(found.equals(wanted)).toBe(true)
  expect((await sharp(found).metadata()).width).toBeGreaterThan(0)
}

if (!findTool('exiv2')) noteSkip('F03 maker notes seen by exiv2', 'not installed')
