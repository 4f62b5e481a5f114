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

/** SQLite's own words for its codes (sqlite3_errstr): the package puts no code on an error that comes up while rows are read. */
const WORDS: readonly (readonly [string, number])[] = [
  ['database disk image is malformed', PRIMARY.CORRUPT],
  ['file is not a database', PRIMARY.NOTADB],
  ['database or disk is full', PRIMARY.FULL],
  ['attempt to write a readonly database', PRIMARY.READONLY],
  ['disk I/O error', PRIMARY.IOERR],
  ['unable to open database file', PRIMARY.CANTOPEN],
  ['database is locked', PRIMARY.BUSY],
  ['database table is locked', PRIMARY.LOCKED],
]

/** SQLite's primary result code of an error of the `node:sqlite` interface. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  return WORDS.find(([words]) => error.message.includes(words))?.[1]
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
