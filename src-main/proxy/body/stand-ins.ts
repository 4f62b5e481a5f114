/**
 * A body with its long texts left out: each has a short stand-in, so that the shape of a request of megabytes can be parsed, looked at and
 * even written anew in no time, while the texts stay where they came in. Pure but for one random word a process.
 */
import { randomBytes } from 'node:crypto'
import type { Bytes } from './bytes.ts'
import type { LongText, Scan } from './json-scan.ts'

/** Cannot be guessed, so no caller can write a stand-in of its own. */
const WORD = `left-out-${randomBytes(12).toString('hex')}`
const STAND_IN = new RegExp(`^${WORD}:(\\d{1,7})$`)
const QUOTED = new RegExp(`"${WORD}:(\\d{1,7})"`, 'g')

export interface StandIns {
  /** JSON with the stand-ins; small. */
  readonly skeleton: string
  /** Where the text lies; undefined for a text that is itself. */
  find(text: string): LongText | undefined
  /** Length in bytes as it came, without quotes. */
  bytesOf(text: string): number
  /** The first characters, decoded: at least `length` of them where there are as many and they hold no escapes. */
  head(text: string, length: number): string
  /** Bytes `from` to `to` of a text as it came, escapes and cut characters included. */
  rawSlice(text: string, from: number, to: number): string
  /** The whole text, decoded. */
  read(text: string): string
  /** Bytes of `json` (made of values of the skeleton) with every text in its place again; `instead` holds others, quotes included. */
  write(json: string, instead?: ReadonlyMap<LongText, Uint8Array>): Uint8Array[]
}

export function leaveOut(bytes: Bytes, { long }: Pick<Scan, 'long'>): StandIns {
  const parts: string[] = []
  let at = 0
  for (const [i, text] of long.entries()) {
    parts.push(bytes.text(at, text.start), `"${WORD}:${i}"`)
    at = text.end
  }
  parts.push(bytes.text(at, bytes.length))

  const find = (text: string): LongText | undefined => {
    const number = text.length < 64 ? STAND_IN.exec(text)?.[1] : undefined
    return number === undefined ? undefined : long[Number(number)]
  }
  return {
    skeleton: parts.join(''),
    find,
    bytesOf(text) {
      const found = find(text)
      return found ? found.end - found.start - 2 : Buffer.byteLength(text)
    },
    head(text, length) {
      const found = find(text)
      if (!found) return text.slice(0, length)
      const raw = bytes.text(found.start + 1, Math.min(found.end - 1, found.start + 1 + length * 2))
      // A cut escape at the end is left out; one that is whole reads as what it stands for.
      return raw
        .replace(/\\(u[0-9a-f]{0,3})?$/i, '')
        .replaceAll('\\/', '/')
        .slice(0, length)
    },
    rawSlice(text, from, to) {
      const found = find(text)
      return found ? bytes.text(found.start + 1 + from, Math.min(found.end - 1, found.start + 1 + to)) : text.slice(from, to)
    },
    read(text) {
      const found = find(text)
      return found ? (JSON.parse(bytes.text(found.start, found.end)) as string) : text
    },
    write(json, instead) {
      const pieces: Uint8Array[] = []
      let from = 0
      for (const match of json.matchAll(QUOTED)) {
        const text = long[Number(match[1])]
        if (!text) continue
        const other = instead?.get(text)
        pieces.push(Buffer.from(json.slice(from, match.index)), ...(other ? [other] : bytes.pieces(text.start, text.end)))
        from = match.index + match[0].length
      }
      pieces.push(Buffer.from(json.slice(from)))
      return pieces
    },
  }
}
