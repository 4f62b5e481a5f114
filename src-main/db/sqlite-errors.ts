/** Turns what SQLite and the file system report into the studio's own codes. Everything else passes through: it is a bug. */
import { statfsSync } from 'node:fs'
import type { ErrorCode } from '../contract/errors/index.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'

const PRIMARY = { PERM: 3, BUSY: 5, LOCKED: 6, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const
/** Less free space than this counts as full when SQLite says only "disk I/O error". */
const FULL_BELOW_BYTES = 64 * 1024

/** @returns a StudioError for an expected failure of the data folder, else the error itself. */
export function mapDatabaseError(error: unknown, folder: string): unknown {
  if (error instanceof StudioError) return error
  const code = codeOf(error, folder)
  if (!code) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new StudioError(code, `the data folder cannot be used: ${detail}`, {
    data: { folder },
    retry: code === 'data-folder-in-use' || code === 'data-folder-full' ? 'later' : 'never',
    cause: error,
  })
}

function codeOf(error: unknown, folder: string): ErrorCode | undefined {
  const errno = findErrno(error)
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return 'data-folder-full'
  if (errno !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EIO'].includes(errno)) return 'data-folder-unwritable'
  switch (primaryCode(error)) {
    case PRIMARY.FULL:
      return 'data-folder-full'
    case PRIMARY.IOERR:
    case PRIMARY.CANTOPEN:
      // The shared-memory file of a full disk fails as a plain I/O error.
      return isFull(folder) ? 'data-folder-full' : 'data-folder-unwritable'
    case PRIMARY.READONLY:
    case PRIMARY.PERM:
      return 'data-folder-unwritable'
    case PRIMARY.CORRUPT:
    case PRIMARY.NOTADB:
      return 'database-damaged'
    case PRIMARY.BUSY:
    case PRIMARY.LOCKED:
      return 'data-folder-in-use'
    default:
      return undefined
  }
}

/** SQLite's primary result code, from the extended one that `node:sqlite` puts on its errors. */
function primaryCode(error: unknown): number | undefined {
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  return undefined
}

export function isBusy(error: unknown): boolean {
  const code = primaryCode(error)
  return code === PRIMARY.BUSY || code === PRIMARY.LOCKED
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < FULL_BELOW_BYTES
  } catch {
    return false
  }
}
