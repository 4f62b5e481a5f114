/**
 * A body in the pieces in which it arrived. Joining them would cost a copy of every picture into fresh memory, which takes longer than
 * everything else that is done to a request. Pure.
 */
import { isUtf8 } from 'node:buffer'

export interface Bytes {
  readonly length: number
  readonly parts: readonly Buffer[]
  /** Offset of each part. */
  readonly starts: readonly number[]
  /** One buffer; copied only where it lies in several parts. */
  slice(start: number, end: number): Buffer
  /** The same without a copy. */
  pieces(start: number, end: number): Buffer[]
  text(start: number, end: number): string
}

export function bytesOf(given: readonly Buffer[]): Bytes {
  const parts = given.filter(({ length }) => length > 0)
  const starts: number[] = []
  let length = 0
  for (const part of parts) {
    starts.push(length)
    length += part.length
  }
  /** Of the part that holds the byte; halving, since a body may have hundreds. */
  const partAt = (offset: number): number => {
    let [low, high] = [0, parts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
  const pieces = (start: number, end: number): Buffer[] => {
    const found: Buffer[] = []
    if (parts.length === 0) return found
    for (let i = partAt(start); i < parts.length && starts[i]! < end; i++) {
      const piece = parts[i]!.subarray(Math.max(0, start - starts[i]!), end - starts[i]!)
      if (piece.length > 0) found.push(piece)
    }
    return found
  }
  const slice = (start: number, end: number): Buffer => {
    const found = pieces(start, end)
    return found.length === 1 ? found[0]! : Buffer.concat(found)
  }
  return { length, parts, starts, slice, pieces, text: (start, end) => slice(start, end).toString('utf8') }
}

/** Bytes at the end of a part that begin a character which the next part goes on with: at most 3. */
function openEnd(part: Buffer): number {
  for (let back = 1; back <= Math.min(3, part.length); back++) {
    const byte = part[part.length - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return wanted > back ? back : 0
  }
  return 0
}

/** As `isUtf8` of Node, over parts that may be cut inside a character. */
export function isUtf8Bytes({ parts }: Bytes): boolean {
  let carry: Buffer = Buffer.alloc(0)
  for (const part of parts) {
    let rest = part
    if (carry.length > 0) {
      // No character has more than 4 bytes.
      const joint = Buffer.concat([carry, part.subarray(0, 4 - carry.length)])
      const wanted = joint[0]! >= 0xf0 ? 4 : joint[0]! >= 0xe0 ? 3 : 2
      if (joint.length < wanted) {
        carry = joint
        continue
      }
      if (!isUtf8(joint.subarray(0, wanted))) return false
      rest = part.subarray(wanted - carry.length)
    }
    const open = openEnd(rest)
    if (!isUtf8(rest.subarray(0, rest.length - open))) return false
    carry = rest.subarray(rest.length - open)
  }
  return carry.length === 0
}
