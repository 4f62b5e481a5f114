/** Short hashes by which the log tells equal prompts and pictures from others. Large texts are hashed beside the main thread. Effect: the thread pool. */
import { createHash, webcrypto } from 'node:crypto'
import type { ChatBody } from './chat-body.ts'
import type { LongText } from './json-scan.ts'

const SMALL_BYTES = 64 * 1024

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < SMALL_BYTES) return createHash('sha256').update(bytes).digest()
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))
}

const SHOWN = 16

/** Over the bytes as they came: the same text written with other escapes is another one. `pictures` is null when there are none. */
export async function fingerprintsOf(body: ChatBody): Promise<{ prompt: string; pictures: string | null }> {
  const { bytes, standIns, texts, pictures } = body
  const raw = ({ start, end }: LongText) => bytes.subarray(start + 1, end - 1)
  const prompt = createHash('sha256')
  for (const text of texts) {
    const long = standIns.find(text)
    prompt.update(long ? await digest(raw(long)) : text).update('\0')
  }
  const seen = createHash('sha256')
  for (const { data, address } of pictures) seen.update(data ? await digest(raw(data)) : address).update('\0')
  return {
    prompt: prompt.digest('hex').slice(0, SHOWN),
    pictures: pictures.length === 0 ? null : seen.digest('hex').slice(0, SHOWN),
  }
}
