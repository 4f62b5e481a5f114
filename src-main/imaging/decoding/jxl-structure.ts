/** Size, orientation and EXIF of a JPEG XL file without decoding it. Pure over a byte source. ISO/IEC 18181-1 (SizeHeader, ImageMetadata), -2 (boxes). */
import type { ByteSource } from './byte-source.ts'
import { readIsoBoxes } from './iso-boxes.ts'

export interface JxlStructure {
  /** Stored pixels, before orientation. */
  width: number
  height: number
  /** 1 to 8 as in EXIF; the decoder applies it. */
  orientation: number
  /** TIFF bytes of the EXIF box, when there is one that is not compressed. */
  exif: Buffer | null
}

const MAX_EXIF_BYTES = 1_048_576
const RATIOS = [0, 1, 1.2, 4 / 3, 1.5, 16 / 9, 1.25, 2]

/** Bits from the lowest of each byte upwards. */
function bitReader(bytes: Buffer): (count: number) => number {
  let at = 0
  return (count) => {
    let value = 0
    for (let bit = 0; bit < count; bit += 1, at += 1) value += (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) * 2 ** bit
    return value
  }
}

/** @param codestream From its `FF 0A` on. */
export function parseJxlCodestream(codestream: Buffer): Pick<JxlStructure, 'width' | 'height' | 'orientation'> | undefined {
  if (codestream.length < 4 || codestream.readUInt16BE(0) !== 0xff0a) return undefined
  const bits = bitReader(codestream.subarray(2))
  const small = bits(1) === 1
  const dimension = () => (small ? (bits(5) + 1) * 8 : bits([9, 13, 18, 30][bits(2)]!) + 1)
  const height = dimension()
  const ratio = RATIOS[bits(3)]!
  const width = ratio === 0 ? dimension() : Math.floor(height * ratio + 1e-9)
  const allDefault = bits(1) === 1
  const orientation = !allDefault && bits(1) === 1 ? bits(3) + 1 : 1
  return { width, height, orientation }
}

export async function findJxlStructure(source: ByteSource): Promise<JxlStructure | undefined> {
  const head = await source.readAt(0, 64)
  if (head[0] === 0xff) {
    const parsed = parseJxlCodestream(head)
    return parsed && { ...parsed, exif: null }
  }
  const boxes = await readIsoBoxes(source)
  const stream = boxes.find(({ type }) => type === 'jxlc' || type === 'jxlp')
  if (!stream) return undefined
  // The first part of a split stream begins with its 4-byte number.
  const parsed = parseJxlCodestream(await source.readAt(stream.start + (stream.type === 'jxlp' ? 4 : 0), 64))
  const exifBox = boxes.find(({ type, lengthBytes, cutOff }) => type === 'Exif' && !cutOff && lengthBytes > 12 && lengthBytes <= MAX_EXIF_BYTES)
  const exif = exifBox ? await source.readAt(exifBox.start, exifBox.lengthBytes) : null
  return parsed && { ...parsed, exif: exif && exif.subarray(4 + exif.readUInt32BE(0)) }
}
