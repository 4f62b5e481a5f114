/** A picture inside a request, `data:image/…;base64,…`, read where it lies: any part of it can be decoded without the rest. Pure. */
import type { LongText } from '../body/json-scan.ts'

export interface PictureBytes {
  /** Of the picture itself, base64 undone; exact unless the text holds blanks. */
  readonly length: number
  read(from: number, length: number): Buffer
}

const COMMA = 0x2c
const BACKSLASH = 0x5c
const HEAD_BYTES = 512

/** Null for an address that is not base64. */
export function openDataAddress(body: Buffer, { start, end }: LongText): PictureBytes | null {
  const text = body.subarray(start + 1, end - 1)
  // Some writers escape every slash, which is part of base64.
  const plain = text.includes(BACKSLASH) ? Buffer.from(JSON.parse(body.toString('utf8', start, end)) as string) : text
  const comma = plain.subarray(0, HEAD_BYTES).indexOf(COMMA)
  if (comma < 0 || !/;base64$/i.test(plain.toString('latin1', 0, comma))) return null
  const data = plain.subarray(comma + 1)
  const padding = data.at(-1) === 0x3d ? (data.at(-2) === 0x3d ? 2 : 1) : 0
  const length = Math.max(0, Math.floor((data.length * 3) / 4) - padding)
  return {
    length,
    read(from, wanted) {
      const group = Math.floor(from / 3)
      const groups = Math.ceil((from + wanted) / 3) - group
      const decoded = Buffer.from(data.toString('latin1', group * 4, (group + groups) * 4), 'base64')
      return decoded.subarray(from - group * 3, from - group * 3 + wanted)
    },
  }
}
