import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../src-main/imaging/decoding/byte-source.ts'
import { findJpegStructure, findMpfPreviews, hasJpegEnd, withJpegProfile } from '../../../src-main/imaging/decoding/jpeg-structure.ts'
import { parseJxlCodestream } from '../../../src-main/imaging/decoding/jxl-structure.ts'
import { withExifThumbnail, withMpfPreview } from '../../helpers/camera-jpeg.mjs'

/** The smallest thing with a JPEG's structure: a size, a scan, an end. */
const tiny = (width: number, height: number) =>
  Buffer.from([
    0xff,
    0xd8,
    0xff,
    0xc0,
    0,
    11,
    8,
    height >> 8,
    height & 255,
    width >> 8,
    width & 255,
    1,
    1,
    0x11,
    0,
    0xff,
    0xda,
    0,
    2,
    1,
    2,
    3,
    0xff,
    0xd9,
  ])

const structureOf = async (jpeg: Buffer) => {
  const structure = await findJpegStructure(bytesOf(jpeg))
  if (!structure) throw new Error('no structure')
  return structure
}

describe('the structure of a JPEG', () => {
  it('tells the size of the picture, not of the thumbnail inside its EXIF block', async () => {
    expect(await structureOf(withExifThumbnail(tiny(4000, 3000), tiny(160, 120)))).toMatchObject({ width: 4000, height: 3000 })
  })

  it('is none for a file cut off in its head, of any length', async () => {
    const jpeg = tiny(40, 30)
    for (let length = 2; length < 19; length += 1) expect(await findJpegStructure(bytesOf(jpeg.subarray(0, length)))).toBeUndefined()
  })

  it('finds the preview beside the picture where it lies, and takes no gain map for one', async () => {
    const preview = tiny(1616, 1080)
    const file = withMpfPreview(tiny(6000, 4000), preview)
    const [place] = await findMpfPreviews(bytesOf(file), await structureOf(file))
    expect(file.subarray(place!.start, place!.start + place!.lengthBytes).equals(preview)).toBe(true)
    const gainMap = withMpfPreview(tiny(6000, 4000), preview, 0)
    expect(await findMpfPreviews(bytesOf(gainMap), await structureOf(gainMap))).toEqual([])
    // Cut off inside the preview: it must not be read over the end.
    const cut = file.subarray(0, file.length - 4)
    expect(await findMpfPreviews(bytesOf(cut), await structureOf(cut))).toEqual([])
  })

  it('misses the end only where it is missing: not behind a trailer, not because of a thumbnail that has one', async () => {
    const whole = withExifThumbnail(tiny(40, 30), tiny(16, 12))
    const { scanStart } = await structureOf(whole)
    expect(await hasJpegEnd(bytesOf(whole), scanStart)).toBe(true)
    expect(await hasJpegEnd(bytesOf(Buffer.concat([whole, Buffer.alloc(100_000, 7)])), scanStart)).toBe(true)
    expect(await hasJpegEnd(bytesOf(whole.subarray(0, whole.length - 2)), scanStart)).toBe(false)
  })

  it('takes in a profile that needs several segments, whole and in order', async () => {
    const profile = Buffer.from(Uint8Array.from({ length: 150_000 }, (_, index) => index % 251))
    const { segments } = await structureOf(withJpegProfile(tiny(4, 4), profile))
    const jpeg = withJpegProfile(tiny(4, 4), profile)
    const parts = segments.filter(({ marker }) => marker === 0xe2).map(({ start, lengthBytes }) => jpeg.subarray(start + 14, start + lengthBytes))
    expect(parts).toHaveLength(3)
    expect(Buffer.concat(parts).equals(profile)).toBe(true)
  })
})

describe('the head of a JPEG XL stream', () => {
  it('tells a size that libjxl wrote', () => {
    expect(parseJxlCodestream(Buffer.from('ff0a09c14e01a001f93c000054a88c32', 'hex'))).toMatchObject({ width: 60, height: 40 })
    expect(parseJxlCodestream(Buffer.from('ff0b09c14e01', 'hex'))).toBeUndefined()
  })
})
