/** What a file is by its first bytes, whatever its name says. Pure. */

export type TrueType = 'jpeg' | 'png' | 'tiff' | 'webp' | 'heif' | 'avif' | 'jxl' | 'raw'

/**
 * `picture`: a type the studio decodes · `foreign`: something real that it does not decode, by name · `damaged`: nothing but zeros ·
 * `unknown`: no signature we know.
 */
export type Sniffed =
  | { is: 'picture'; type: TrueType }
  | { is: 'foreign'; name: string; image: boolean }
  | { is: 'text'; name: 'text' | 'svg' }
  | { is: 'damaged' }
  | { is: 'unknown' }

/** Bytes that `sniff` wants; fewer are fine. */
export const SNIFF_BYTES = 4096

const ascii = (head: Uint8Array, from: number, to: number) => String.fromCharCode(...head.subarray(from, to))
const starts = (head: Uint8Array, ...bytes: number[]) => head.length >= bytes.length && bytes.every((byte, at) => head[at] === byte)

const FOREIGN: readonly (readonly [signature: string, at: number, name: string, image: boolean])[] = [
  ['GIF8', 0, 'GIF', true],
  ['BM', 0, 'BMP', true],
  ['8BPS', 0, 'Photoshop', true],
  ['%PDF', 0, 'PDF', false],
  ['%!PS', 0, 'PostScript', false],
  ['PK\u0003\u0004', 0, 'ZIP', false],
  ['AT&TFORM', 0, 'DjVu', false],
  ['jP  ', 4, 'JPEG 2000', true],
]

const RAW_SIGNATURES: readonly (readonly [signature: string, at: number])[] = [
  ['FUJIFILMCCD-RAW', 0],
  ['IIRO', 0],
  ['IIRS', 0],
  ['MMOR', 0],
  ['IIU\0', 0],
  ['FOVb', 0],
  ['\0MRM', 0],
  ['HEAPCCDR', 6],
]

function sniffIsoMedia(head: Uint8Array): Sniffed {
  const end = Math.min(head.length, new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0), 256)
  const brands = [ascii(head, 8, 12)]
  for (let at = 16; at + 4 <= end; at += 4) brands.push(ascii(head, at, at + 4))
  if (brands[0] === 'crx ') return { is: 'picture', type: 'raw' }
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return { is: 'picture', type: 'avif' }
  if (brands.some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1|mif2)$/.test(brand))) return { is: 'picture', type: 'heif' }
  return { is: 'foreign', name: 'video', image: false }
}

function sniffText(head: Uint8Array): Sniffed {
  // A control character outside tab, line feed, form feed, carriage return and escape is no text in any encoding that ends up in a file.
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))) return { is: 'unknown' }
  return { is: 'text', name: /<svg[\s>]/i.test(Buffer.from(head).toString('latin1')) ? 'svg' : 'text' }
}

/** @param head The first bytes of the file, at most SNIFF_BYTES are looked at, at least one. */
export function sniff(head: Uint8Array): Sniffed {
  if (starts(head, 0xff, 0xd8, 0xff)) return { is: 'picture', type: 'jpeg' }
  if (starts(head, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return { is: 'picture', type: 'png' }
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return { is: 'picture', type: 'webp' }
  if (starts(head, 0xff, 0x0a) || ascii(head, 4, 12) === 'JXL \r\n\u0087\n') return { is: 'picture', type: 'jxl' }
  if (RAW_SIGNATURES.some(([text, at]) => ascii(head, at, at + text.length) === text)) return { is: 'picture', type: 'raw' }
  if (starts(head, 0x49, 0x49, 42, 0) || starts(head, 0x4d, 0x4d, 0, 42) || starts(head, 0x49, 0x49, 43, 0) || starts(head, 0x4d, 0x4d, 0, 43)) {
    return { is: 'picture', type: ascii(head, 8, 10) === 'CR' ? 'raw' : 'tiff' }
  }
  if (head.length >= 12 && ascii(head, 4, 8) === 'ftyp') return sniffIsoMedia(head)
  const foreign = FOREIGN.find(([text, at]) => ascii(head, at, at + text.length) === text)
  if (foreign) return { is: 'foreign', name: foreign[2], image: foreign[3] }
  const part = head.subarray(0, SNIFF_BYTES)
  if (part.every((byte) => byte === 0)) return { is: 'damaged' }
  return sniffText(part)
}
