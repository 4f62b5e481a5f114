/** The picture that a camera or phone put into a JPEG for showing quickly, when it is large enough and still fits the main picture. */
import type { ByteSource } from './byte-source.ts'
import { bytesOf } from './byte-source.ts'
import { findJpegStructure, findMpfPreviews, type JpegStructure } from './jpeg-structure.ts'

const MAX_PREVIEW_BYTES = 16 * 1_048_576

/**
 * The smallest embedded JPEG with a long edge of at least `longEdge`. One whose shape differs from the main picture by more than
 * 2 % is passed over: it was letterboxed, or the picture was cropped after it was made.
 */
export async function findJpegPreview(
  source: ByteSource,
  structure: JpegStructure,
  exif: Buffer | undefined,
  longEdge: number,
): Promise<Buffer | undefined> {
  const places = await findMpfPreviews(source, structure)
  const candidates = [
    async () => (exif ? readExifThumbnail(exif) : undefined),
    ...places
      .filter(({ lengthBytes }) => lengthBytes <= MAX_PREVIEW_BYTES)
      .map(
        ({ start, lengthBytes }) =>
          () =>
            source.readAt(start, lengthBytes),
      ),
  ]
  const shape = structure.width / structure.height
  for (const read of candidates) {
    const jpeg = await read()
    const found = jpeg && jpeg.length > 4 ? await findJpegStructure(bytesOf(jpeg)) : undefined
    if (!jpeg || !found || Math.max(found.width, found.height) < longEdge || found.height === 0) continue
    if (Math.abs(found.width / found.height / shape - 1) <= 0.02) return jpeg
  }
  return undefined
}

/** The JPEG of the second directory of an EXIF block (with its `Exif\0\0`), if there is one. TIFF 6.0, EXIF 2.3 section 4.5.6. */
function readExifThumbnail(exif: Buffer): Buffer | undefined {
  const tiff = exif.toString('latin1', 0, 4) === 'Exif' ? exif.subarray(6) : exif
  const little = tiff[0] === 0x49
  const u16 = (at: number) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const u32 = (at: number) => (at + 4 > tiff.length ? 0 : little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const first = u32(4)
  const second = u32(first + 2 + u16(first) * 12)
  if (first === 0 || second === 0) return undefined
  const values = new Map<number, number>()
  for (let index = 0; index < Math.min(u16(second), 64); index += 1) values.set(u16(second + 2 + index * 12), u32(second + 2 + index * 12 + 8))
  const [start, lengthBytes] = [values.get(0x0201), values.get(0x0202)]
  return start !== undefined && lengthBytes !== undefined && start + lengthBytes <= tiff.length
    ? tiff.subarray(start, start + lengthBytes)
    : undefined
}
