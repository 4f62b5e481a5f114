import { findErrno, StudioError } from '../lib/studio-error.ts'

/** What the system says about a file, in our words. */
export function toWriteError(error: unknown, targetPath: string): unknown {
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
    default:
      return error
  }
}
