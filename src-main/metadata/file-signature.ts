/** What a file truly is, by its bytes, and whether it is whole. Pure over given bytes. */
import type { PhotoKind } from '../contract/model.ts'

export type Signature = 'jpeg' | 'png' | 'tiff' | 'bigtiff' | 'webp' | 'heif' | 'avif' | 'jxl' | 'jxl-codestream' | 'unknown'

/** Bytes needed to tell. */
export const SIGNATURE_BYTES = 64

export function detectSignature(head: Uint8Array): Signature {
  const ascii = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to))
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg'
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png'
  if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return 'tiff'
  if (ascii(0, 4) === 'II+\0' || ascii(0, 4) === 'MM\0+') return 'bigtiff'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp'
  if (head[0] === 0xff && head[1] === 0x0a) return 'jxl-codestream'
  if (ascii(4, 12) === 'JXL \r\n\x87\n') return 'jxl'
  if (ascii(4, 8) === 'ftyp') {
    const brands = ascii(8, 12) + ascii(16, SIGNATURE_BYTES)
    if (/avif|avis/.test(brands)) return 'avif'
    if (/hei[cxms]|hev[cxms]|mif1|msf1/.test(brands)) return 'heif'
  }
  return 'unknown'
}

/** Whether a file of this kind may carry this signature. RAW is never written, so only a plain picture under a RAW name is wrong. */
export function fitsKind(kind: PhotoKind, signature: Signature): boolean {
  switch (kind) {
    case 'raw':
      return !['jpeg', 'png', 'webp', 'avif', 'jxl', 'jxl-codestream'].includes(signature)
    case 'dng':
      return signature === 'tiff' || signature === 'bigtiff'
    case 'tiff':
      return signature === 'tiff' || signature === 'bigtiff'
    case 'jxl':
      return signature === 'jxl' || signature === 'jxl-codestream'
    case 'heif':
      return signature === 'heif' || signature === 'avif'
    default:
      return signature === kind
  }
}

/** Offset just after the end-of-image marker of the first picture, or null when the JPEG is cut off or broken. */
export function findJpegEnd(bytes: Uint8Array): number | null {
  let at = 2
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) return null
    const marker = bytes[at + 1]!
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === 0xd9) return at + 2
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2
      continue
    }
    if (at + 3 >= bytes.length) return null
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
    if (marker !== 0xda) continue
    // Entropy-coded data runs to the next marker that is neither a stuffed byte nor a restart.
    for (at = bytes.indexOf(0xff, at); at >= 0 && isInScan(bytes[at + 1]); at = bytes.indexOf(0xff, at + 1));
    if (at < 0) return null
  }
  return null
}

const isInScan = (byte: number | undefined) => byte === 0 || byte === 0xff || (byte !== undefined && byte >= 0xd0 && byte <= 0xd7)

/** Whether the file ends where its own structure says; formats that ExifTool refuses when cut are left to it. */
export function isWhole(signature: Signature, bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (signature === 'jpeg') return findJpegEnd(bytes) !== null
  if (signature === 'webp') return bytes.length >= 12 && view.getUint32(4, true) + 8 <= bytes.length
  if (signature === 'png') {
    for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
      if (view.getUint32(at + 4) === 0x49454e44) return true
    }
    return false
  }
  if (signature === 'heif' || signature === 'avif' || signature === 'jxl') {
    let at = 0
    while (at + 8 <= bytes.length) {
      const size = view.getUint32(at)
      const length = size === 1 && at + 16 <= bytes.length ? Number(view.getBigUint64(at + 8)) : size
      if (size === 0) return true
      if (length < 8) return false
      at += length
    }
    return at === bytes.length
  }
  return true
}
