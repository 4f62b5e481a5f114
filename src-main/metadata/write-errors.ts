import type { Problem } from '../contract/model.ts'
import type { Logger } from '../lib/logger.ts'
import { findErrno, StudioError, toProblem } from '../lib/studio-error.ts'

/** What the system says about a file, in our words. */
function toWriteError(error: unknown, targetPath: string): unknown {
  const data = { path: targetPath }
  switch (findErrno(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StudioError('disk-full', 'The disk is full.', { data, cause: error })
    case 'EROFS':
      return new StudioError('folder-read-only', `The disk of ${targetPath} accepts no changes.`, { data, cause: error })
    case 'EACCES':
    case 'EPERM':
    case 'EBUSY':
      return new StudioError('file-read-only', `${targetPath} is locked or protected.`, { data, retry: 'later', cause: error })
    case 'EEXIST':
      return new StudioError('file-changed', `${targetPath} appeared meanwhile.`, { data, cause: error })
    case 'ENOENT':
      return new StudioError('file-missing', `${targetPath} is gone.`, { data, cause: error })
    case 'EISDIR':
      return new StudioError('not-a-photo', `${targetPath} is a folder now.`, { data, cause: error })
    case 'EIO':
    case 'ENXIO':
    case 'ENODEV':
    case 'ESTALE':
      return new StudioError('path-unreadable', `The disk of ${targetPath} reports a fault.`, { data, retry: 'later', cause: error })
    default:
      return error
  }
}

/** The record of a failure; a bug is logged whole, since its outcome only says that there was one. */
export function toWriteProblem(error: unknown, targetPath: string, log: Logger): Problem {
  const known = toWriteError(error, targetPath)
  if (!(known instanceof StudioError)) log.error('metadata-bug', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  return toProblem(known)
}
