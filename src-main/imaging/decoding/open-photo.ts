/** Opens a photo for reading inside the imaging worker: regular files only, never waiting for a pipe's other end, type by its bytes. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { PhotoKind } from '../../contract/model.ts'
import { findErrno, StudioError } from '../../lib/studio-error.ts'
import type { ByteSource } from './byte-source.ts'
import { SNIFF_BYTES, sniff, type TrueType } from './true-type.ts'

const HEAD_BYTES = 65_536

export interface OpenPhoto extends ByteSource {
  readonly path: string
  readonly type: TrueType
  readonly handle: FileHandle
}

/**
 * Opens, judges the type, runs `use` and closes.
 * @throws StudioError path-missing, path-unreadable, photo-not-an-image, photo-empty, photo-damaged, photo-unsupported
 */
export async function withPhoto<T>(path: string, kind: PhotoKind, use: (photo: OpenPhoto) => Promise<T>): Promise<T> {
  // Without O_NONBLOCK the open of a pipe would wait for a writer for ever.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw readFailure(error)
  })
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new StudioError('photo-not-an-image', 'not a regular file', { data: { found: 'special file' } })
    if (stat.size === 0) throw new StudioError('photo-empty', 'the file has no bytes')
    const readFrom = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset).catch((error: unknown) => {
        throw readFailure(error)
      })
      return buffer.subarray(0, bytesRead)
    }
    // Most of what the parsers want lies at the beginning, in many small pieces: one read for all of them.
    const head = await readFrom(0, Math.min(HEAD_BYTES, stat.size))
    const readAt = async (offset: number, lengthBytes: number) => {
      const length = Math.max(0, Math.min(lengthBytes, stat.size - offset))
      if (offset + length <= head.length) return head.subarray(offset, offset + length)
      return length === 0 ? Buffer.alloc(0) : readFrom(offset, length)
    }
    return await use({ path, handle, sizeBytes: stat.size, readAt, type: judgeType(head.subarray(0, SNIFF_BYTES), kind) })
  } finally {
    await handle.close()
  }
}

export function readFailure(error: unknown): unknown {
  const errno = findErrno(error)
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return new StudioError('path-missing', 'the file is not there any more', { cause: error })
  if (errno === 'ENXIO') return new StudioError('photo-not-an-image', 'not a regular file', { data: { found: 'special file' }, cause: error })
  return errno === undefined ? error : new StudioError('path-unreadable', `the file cannot be read (${errno})`, { data: { errno }, cause: error })
}

function judgeType(head: Buffer, kind: PhotoKind): TrueType {
  const found = sniff(head)
  switch (found.is) {
    case 'picture':
      // Most RAW formats are TIFF inside; only the name tells that the pictures in it are previews.
      return found.type === 'tiff' && (kind === 'raw' || kind === 'dng') ? 'raw' : found.type
    case 'foreign':
      if (found.image) throw new StudioError('photo-unsupported', `the studio does not decode ${found.name}`, { data: { found: found.name } })
      throw new StudioError('photo-not-an-image', `the file is ${found.name}`, { data: { found: found.name } })
    case 'text':
      throw new StudioError('photo-not-an-image', `the file is ${found.name}`, { data: { found: found.name } })
    case 'damaged':
      throw new StudioError('photo-damaged', 'the file begins with nothing but zeros')
    case 'unknown':
      throw new StudioError('photo-not-an-image', 'the file has no known signature', { data: { found: 'unknown' } })
  }
}
