/**
 * Whole originals by their SHA-256, in the data folder. A blob is complete and on the disk before its name exists; what is pruned goes by
 * age, never one that an unfinished write may still need.
 */
import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, rename, stat, unlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { newTempPath, isOurTemp, flushFile, flushFolder, hashFile, writeNewFile } from './safe-file.ts'

export interface BackupStore {
  /** Keeps the file's bytes under their hash; `bytes`: the same, already read. @throws StudioError file-changed when the file is not what `hash` says, or the system's error (disk full) */
  keep(filePath: string, hash: string, bytes?: Uint8Array | null): Promise<void>
  has(hash: string): Promise<boolean>
  /** Puts the bytes into a file of ours, whose hash the caller compares. @throws StudioError verify-failed when the blob is gone */
  restore(hash: string, tempPath: string): Promise<void>
  /** Removes the longest kept blobs until the store fits its bound, and what a crash left half made. */
  prune(): Promise<void>
}

export interface BackupStoreParts {
  folder: string
  limitBytes(): number
  /** Hashes that may not go: originals of writes that are not finished. */
  inUse(): ReadonlySet<string>
}

const BLOB_NAME = /^[0-9a-f]{64}\.orig$/

export function createBackupStore({ folder, limitBytes, inUse }: BackupStoreParts): BackupStore {
  const blobPath = (hash: string) => path.join(folder, `${hash}.orig`)
  let making = 0
  /** Bytes of all blobs; null until they were counted. */
  let totalBytes: number | null = null

  const keep = async (filePath: string, hash: string, bytes: Uint8Array | null = null) => {
    const blob = blobPath(hash)
    if ((await hashFile(blob)) === hash) {
      const now = new Date()
      await utimes(blob, now, now)
      return
    }
    await mkdir(folder, { recursive: true })
    const temp = newTempPath(blob)
    making += 1
    try {
      if (bytes === null) {
        await copyFile(filePath, temp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
        const now = new Date()
        await utimes(temp, now, now)
        if ((await hashFile(temp)) !== hash)
          throw new StudioError('file-changed', `${filePath} changed while it was backed up.`, { data: { path: filePath } })
      } else await writeNewFile(temp, bytes, await stat(filePath))
      await flushFile(temp)
      await rename(temp, blob)
      await flushFolder(folder)
      if (totalBytes !== null) totalBytes += (await stat(blob)).size
    } catch (error) {
      await unlink(temp).catch(() => undefined)
      throw error
    } finally {
      making -= 1
    }
  }

  return {
    keep,
    async has(hash) {
      return stat(blobPath(hash)).then(
        (facts) => facts.isFile(),
        () => false,
      )
    },
    async restore(hash, tempPath) {
      try {
        await copyFile(blobPath(hash), tempPath, constants.COPYFILE_FICLONE)
      } catch (error) {
        if (findErrno(error) === 'ENOENT')
          throw new StudioError('verify-failed', 'The backup of the original is gone.', { data: { hash }, cause: error })
        throw error
      }
    },
    async prune() {
      if (totalBytes !== null && totalBytes <= limitBytes()) return
      const names = await readdir(folder).catch(() => [])
      if (making === 0) for (const name of names.filter(isOurTemp)) await unlink(path.join(folder, name)).catch(() => undefined)
      const blobs: { name: string; size: number; keptMs: number }[] = []
      for (const name of names.filter((each) => BLOB_NAME.test(each))) {
        const facts = await stat(path.join(folder, name)).catch(() => null)
        if (facts !== null) blobs.push({ name, size: facts.size, keptMs: facts.mtimeMs })
      }
      blobs.sort((a, b) => a.keptMs - b.keptMs)
      totalBytes = blobs.reduce((sum, blob) => sum + blob.size, 0)
      for (const { name, size } of blobs) {
        if (totalBytes <= limitBytes()) break
        // Asked anew each time: another write may have begun meanwhile.
        if (inUse().has(name.slice(0, 64))) continue
        await unlink(path.join(folder, name)).catch(() => undefined)
        totalBytes -= size
      }
    },
  }
}
