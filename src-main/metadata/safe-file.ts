/** The file steps of a write. Only our own temporary files are ever opened for writing; the original is replaced whole, by name. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, chmod, chown, copyFile, link, lstat, open, rename, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { findErrno, StudioError } from '../lib/studio-error.ts'

const HASH_CHUNK_BYTES = 1 << 19
const TEMP_NAME = /^\.iws-[0-9a-f]{12}\.tmp\.[a-z0-9]{1,8}$/

/** A name of our own, not made from the photo's (which may be 255 bytes long), with its true extension for ExifTool. */
export function newTempPath(targetPath: string): string {
  const extension = path.extname(targetPath).slice(1).toLowerCase()
  const safe = /^[a-z0-9]{1,8}$/.test(extension) ? extension : 'bin'
  return path.join(path.dirname(targetPath), `.iws-${randomBytes(6).toString('hex')}.tmp.${safe}`)
}

export function isOurTemp(tempPath: string): boolean {
  return TEMP_NAME.test(path.basename(tempPath))
}

/** SHA-256 in hex; null when the file does not exist. @throws StudioError not-a-photo for pipes and devices, which never end */
export async function hashFile(filePath: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    if (!(await stat(filePath)).isFile()) throw new StudioError('not-a-photo', `${filePath} is not a plain file.`, { data: { path: filePath } })
    const handle = await open(filePath, 'r')
    try {
      // One buffer for all of it: a stream's fresh ones cost several times the hash itself.
      const chunk = Buffer.allocUnsafe(HASH_CHUNK_BYTES)
      for (;;) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, null)
        if (bytesRead === 0) break
        hash.update(chunk.subarray(0, bytesRead))
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (findErrno(error) === 'ENOENT') return null
    throw error
  }
  return hash.digest('hex')
}

/**
 * A copy with mode, owner, extended attributes and access lists, and a new modification time. Node cannot copy attributes, so the
 * system's `cp` does on Linux and macOS; on Windows the system call behind copyFile carries alternate streams.
 */
export async function copyWhole(source: string, tempPath: string): Promise<void> {
  const args =
    process.platform === 'linux'
      ? ['--preserve=mode,ownership,xattr', '--no-clobber', '--', source, tempPath]
      : process.platform === 'darwin'
        ? ['-p', '-n', source, tempPath]
        : null
  if (args !== null) {
    const copying = spawn('/bin/cp', args, { env: { LANG: 'C', PATH: '/usr/bin:/bin' }, stdio: 'ignore' })
    const [code] = await once(copying, 'exit').catch(() => [null])
    if (code === 0) return
    // A small `cp` without these options, or a disk without attributes: the contents and the mode are carried below.
    await removeTemp(tempPath)
  }
  await copyFile(source, tempPath, constants.COPYFILE_EXCL)
}

/**
 * A new file with these bytes, and the mode and owner of `facts`; nobody else may read it before it has them. Beyond the owner's rights
 * (another user's photo) the mode alone is carried, as `cp` does.
 */
export async function writeNewFile(filePath: string, bytes: Uint8Array, facts: FileOwner): Promise<void> {
  const handle = await open(filePath, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
  } finally {
    await handle.close()
  }
  await giveOwner(filePath, facts)
}

export interface FileOwner {
  mode: number
  uid: number
  gid: number
}

export async function giveOwner(filePath: string, { mode, uid, gid }: FileOwner): Promise<void> {
  const own = await stat(filePath)
  if (process.platform !== 'win32' && (own.uid !== uid || own.gid !== gid)) {
    await chown(filePath, uid, gid).catch((error: unknown) => {
      if (findErrno(error) !== 'EPERM') throw error
    })
  }
  if ((own.mode & 0o7777) !== (mode & 0o7777)) await chmod(filePath, mode & 0o7777)
}

/** The temp's bytes reach the disk before its name takes the original's place. */
export async function flushFile(tempPath: string): Promise<void> {
  const handle = await open(tempPath, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A rename lasts only when its folder is flushed; Windows and some network disks have no such thing. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EISDIR'].includes(findErrno(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}

/** Another program may hold the file for a moment (virus scanner, sync client): a few bounded tries. */
export async function replaceFile(tempPath: string, targetPath: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(tempPath, targetPath)
      return
    } catch (error) {
      const isBusy = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(findErrno(error) ?? '')
      if (!isBusy || attempt >= 5) throw error
      await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt))
    }
  }
}

/**
 * Puts the temp in place under a name that must be free; a file that appeared meanwhile is never overwritten. On a disk without links an
 * empty file of ours takes the name first, so that the rename can only replace that one.
 */
export async function placeNewFile(tempPath: string, targetPath: string, linkFile: typeof link = link): Promise<void> {
  try {
    await linkFile(tempPath, targetPath)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'].includes(findErrno(error) ?? '')) throw error
    const placeholder = await open(targetPath, 'wx')
    await placeholder.close()
    await replaceFile(tempPath, targetPath)
    return
  }
  await unlink(tempPath)
}

/** SHA-256 of no bytes: what the name holds when a crash came between the two steps above. */
export const EMPTY_HASH = createHash('sha256').digest('hex')

/** Removes one of our temporary files and what ExifTool may have left beside it. Refuses any other name. */
export async function removeTemp(tempPath: string): Promise<void> {
  if (!isOurTemp(tempPath)) throw new Error(`not a temporary file of ours: ${path.basename(tempPath)}`)
  for (const leftover of [tempPath, `${tempPath}_exiftool_tmp`]) {
    try {
      await unlink(leftover)
    } catch (error) {
      if (findErrno(error) !== 'ENOENT') throw error
    }
  }
}

/**
 * Whether the target may be replaced at all.
 * @throws StudioError file-missing, file-read-only, file-hard-linked, folder-read-only, not-a-photo
 */
export async function checkReplaceable(targetPath: string, options: { mayBeAbsent: boolean; mayBeLinked?: boolean }): Promise<void> {
  const data = { path: targetPath }
  try {
    const facts = await lstat(targetPath)
    if (!facts.isFile()) throw new StudioError('not-a-photo', `${targetPath} is not a plain file.`, { data })
    const obstacle = await whyNotWritable(targetPath)
    if (obstacle === 'EROFS') throw new StudioError('folder-read-only', `The disk of ${targetPath} accepts no changes.`, { data })
    if ((facts.mode & 0o222) === 0 || obstacle !== null) {
      throw new StudioError('file-read-only', `${targetPath} is marked read-only.`, { data })
    }
    if (facts.nlink > 1 && options.mayBeLinked !== true) {
      throw new StudioError('file-hard-linked', `${targetPath} is one of ${facts.nlink} hard links to the same file; replacing it would part them.`, {
        data,
      })
    }
  } catch (error) {
    if (findErrno(error) !== 'ENOENT') throw error
    if (!options.mayBeAbsent) throw new StudioError('file-missing', `${targetPath} is gone.`, { data, cause: error })
  }
  if ((await whyNotWritable(path.dirname(targetPath))) !== null) {
    throw new StudioError('folder-read-only', `The folder of ${targetPath} does not accept new files.`, { data })
  }
}

/** The system's word for what is in the way, or null. */
async function whyNotWritable(target: string): Promise<string | null> {
  return access(target, constants.W_OK).then(
    () => null,
    (error: unknown) => findErrno(error) ?? 'EACCES',
  )
}

/** Identity and size of a file, cheap to compare right before it is replaced. */
export async function fileStamp(filePath: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs } = await stat(filePath, { bigint: true })
    return `${ino}:${size}:${mtimeNs}`
  } catch (error) {
    if (findErrno(error) === 'ENOENT') return null
    throw error
  }
}
