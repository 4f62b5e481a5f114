/** Whether the picture of a JPEG, and what lies behind it, is byte for byte the same in two files. Reads in pieces: a photo may be large. */
import { type FileHandle, open } from 'node:fs/promises'

const PIECE_BYTES = 1 << 19

/** What differs, in words, or null. `lengthBytes`: how much of the picture and what follows counts; all of it when left out. */
export async function findPictureDifference(beforePath: string, afterPath: string, lengthBytes?: number): Promise<string | null> {
  const before = await open(beforePath, 'r')
  try {
    const after = await open(afterPath, 'r')
    try {
      const [old, fresh] = [await findPicture(before), await findPicture(after)]
      if (old === null || fresh === null) return 'there is no picture'
      if (!old.encoding.equals(fresh.encoding)) return 'the picture is encoded in another way'
      return (await sameBytes(before, old.scanAt, after, fresh.scanAt, lengthBytes)) ? null : 'the picture or what lies behind it changed'
    } finally {
      await after.close()
    }
  } finally {
    await before.close()
  }
}

/** The segments that say how the picture is encoded, without those of applications and comments, and where its scans begin. */
export async function findPicture(file: FileHandle): Promise<{ encoding: Buffer; scanAt: number } | null> {
  const encoding: Buffer[] = []
  const head = Buffer.alloc(4)
  for (let at = 2; (await file.read(head, 0, 4, at)).bytesRead === 4 && head[0] === 0xff; ) {
    const marker = head[1]!
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === 0xda) return { encoding: Buffer.concat(encoding), scanAt: at }
    const sizeBytes = 2 + head.readUInt16BE(2)
    if ((marker < 0xe0 || marker > 0xef) && marker !== 0xfe) {
      const segment = Buffer.alloc(sizeBytes)
      await file.read(segment, 0, sizeBytes, at)
      encoding.push(segment)
    }
    at += sizeBytes
  }
  return null
}

async function sameBytes(a: FileHandle, aAt: number, b: FileHandle, bAt: number, lengthBytes = Number.POSITIVE_INFINITY): Promise<boolean> {
  const [pieceA, pieceB] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)]
  for (let done = 0; done < lengthBytes; ) {
    const wanted = Math.min(PIECE_BYTES, lengthBytes - done)
    const [readA, readB] = await Promise.all([readFull(a, pieceA, wanted, aAt + done), readFull(b, pieceB, wanted, bAt + done)])
    if (readA !== readB || pieceA.compare(pieceB, 0, readB, 0, readA) !== 0) return false
    if (readA < wanted) return lengthBytes === Number.POSITIVE_INFINITY
    done += readA
  }
  return true
}

/** Up to `wanted` bytes; fewer only at the end of the file. */
async function readFull(file: FileHandle, into: Buffer, wanted: number, at: number): Promise<number> {
  let got = 0
  while (got < wanted) {
    const { bytesRead } = await file.read(into, got, wanted - got, at + got)
    if (bytesRead === 0) break
    got += bytesRead
  }
  return got
}
