/** Short hashes by which the log tells equal prompts and pictures from others. Not proof against somebody who wants two to look alike. Pure. */
import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Bytes } from './bytes.ts'
import type { ChatBody } from './chat-body.ts'
import type { LongText } from './json-scan.ts'

const SHOWN = 16
const ENDS_BYTES = 16_384

/** A picture of megabytes is told by its length, its checksum and its ends: a digest of all of it would take longer than sending it on. */
function add(hash: Hash, bytes: Bytes, { start, end }: LongText): void {
  const length = end - start - 2
  if (length <= 2 * ENDS_BYTES) {
    hash.update(bytes.slice(start + 1, end - 1))
    return
  }
  let sum = 0
  for (const piece of bytes.pieces(start + 1, end - 1)) sum = crc32(piece, sum)
  hash.update(`${length} ${sum} `)
  hash.update(bytes.slice(start + 1, start + 1 + ENDS_BYTES))
  hash.update(bytes.slice(end - 1 - ENDS_BYTES, end - 1))
}

/** Over the bytes as they came: the same text written with other escapes is another one. `pictures` is null when there are none. */
export function fingerprintsOf({ bytes, standIns, texts, pictures }: ChatBody): { prompt: string; pictures: string | null } {
  const prompt = createHash('sha256')
  for (const text of texts) {
    const long = standIns.find(text)
    if (long) add(prompt, bytes, long)
    else prompt.update(text)
    prompt.update('\0')
  }
  const shown = (hash: Hash) => hash.digest('hex').slice(0, SHOWN)
  if (pictures.length === 0) return { prompt: shown(prompt), pictures: null }
  const seen = createHash('sha256')
  for (const { data, address } of pictures) {
    if (data) add(seen, bytes, data)
    else seen.update(address)
    seen.update('\0')
  }
  return { prompt: shown(prompt), pictures: shown(seen) }
}
