/** A picture inside a request, `data:image/…;base64,…`, read where it lies: any part of it can be decoded without the rest. Pure. */
import type { Bytes } from '../body/bytes.ts'
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
export function openDataAddress(body: Bytes, { start, end }: LongText): PictureBytes | null {
  // Some writers escape every slash, which is part of base64.
  const isEscaped = body.pieces(start + 1, end - 1).some((piece) => piece.includes(BACKSLASH))
  const text = isEscaped ? Buffer.from(JSON.parse(body.text(start, end)) as string) : null
  const length = text ? text.length : end - start - 2
  const at = (from: number, to: number): Buffer => (text ? text.subarray(from, to) : body.slice(start + 1 + from, Math.min(end - 1, start + 1 + to)))
  const comma = at(0, HEAD_BYTES).indexOf(COMMA)
  if (comma < 0 || !/;base64$/i.test(at(0, comma).toString('latin1'))) return null
  const base = comma + 1
  const tail = at(Math.max(base, length - 2), length).toString('latin1')
  const padding = /=*$/.exec(tail)?.[0].length ?? 0
  return {
    length: Math.max(0, Math.floor(((length - base) * 3) / 4) - padding),
    read(from, wanted) {
      const group = Math.floor(from / 3)
      const groups = Math.ceil((from + wanted) / 3) - group
      const decoded = Buffer.from(at(base + group * 4, base + (group + groups) * 4).toString('latin1'), 'base64')
      return decoded.subarray(from - group * 3, from - group * 3 + wanted)
    },
  }
}
