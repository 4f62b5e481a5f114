/** The bytes of whole photos in memory, in buffers that are used again: a fresh one costs more than hashing what is read into it. */
import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { findErrno } from '../lib/studio-error.ts'
import { hashFile } from './safe-file.ts'

const MOST_BYTES = 2 ** 25
const SPARE_BUFFERS = 8
const STEP_BYTES = 2 ** 20

/** `bytes` is null for what is too large to hold (more than 32 MiB); its hash was taken piece by piece. */
export interface HeldFile {
  hash: string
  bytes: Buffer | null
}

export interface ByteHolder {
  /** Null when there is no such file. @throws StudioError not-a-photo for pipes and devices */
  hold(filePath: string): Promise<HeldFile | null>
  /** Whether the file still has exactly these bytes. */
  isStill(filePath: string, held: HeldFile): Promise<boolean>
  /** The bytes may not be looked at any more. */
  release(held: HeldFile | null): void
}

export function createByteHolder(): ByteHolder {
  const spare: ArrayBuffer[] = []

  const take = (sizeBytes: number): Buffer => {
    const at = spare.findIndex((each) => each.byteLength >= sizeBytes)
    const [buffer = new ArrayBuffer(Math.ceil(sizeBytes / STEP_BYTES) * STEP_BYTES)] = at < 0 ? [] : spare.splice(at, 1)
    return Buffer.from(buffer, 0, sizeBytes)
  }
  const giveBack = (bytes: Buffer) => {
    if (spare.length < SPARE_BUFFERS) spare.push(bytes.buffer as ArrayBuffer)
  }

  /** All of a plain file; null when it is none, is too large or grows while it is read. */
  const read = async (filePath: string): Promise<Buffer | null> => {
    // Opening a pipe would wait for ever.
    const before = await stat(filePath)
    if (!before.isFile() || before.size > MOST_BYTES) return null
    const handle = await open(filePath, 'r')
    try {
      const facts = await handle.stat()
      if (!facts.isFile() || facts.size > MOST_BYTES) return null
      // One more byte than there should be: what comes there shows that the file grew.
      const bytes = take(facts.size + 1)
      let got = 0
      for (let more = -1; more !== 0 && got <= facts.size; got += more) more = (await handle.read(bytes, got, bytes.length - got, got)).bytesRead
      if (got === facts.size) return bytes.subarray(0, got)
      giveBack(bytes)
      return null
    } finally {
      await handle.close()
    }
  }

  return {
    async hold(filePath) {
      try {
        const bytes = await read(filePath)
        if (bytes !== null) return { hash: createHash('sha256').update(bytes).digest('hex'), bytes }
      } catch (error) {
        if (findErrno(error) === 'ENOENT') return null
        throw error
      }
      const hash = await hashFile(filePath)
      return hash === null ? null : { hash, bytes: null }
    },
    async isStill(filePath, held) {
      if (held.bytes === null) return (await hashFile(filePath)) === held.hash
      const now = await read(filePath).catch((error: unknown) => {
        if (findErrno(error) === 'ENOENT') return null
        throw error
      })
      if (now === null) return false
      const isSame = now.equals(held.bytes)
      giveBack(now)
      return isSame
    },
    release(held) {
      if (held?.bytes) giveBack(held.bytes)
      if (held) held.bytes = null
    },
  }
}
