/** Pictures on disk by content hash, bounded in bytes, least recently used out first. Lives across restarts; anything damaged is made anew. */
import { constants } from 'node:fs'
import { open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { type CachedFile, chooseEvictions } from './eviction.ts'

/** Goes up when the same photo would give another picture; older folders are removed. */
export const PIPELINE_VERSION = 1
/** A hit renews a file's time only when it is older than this: a scroll through the grid is not a storm of disk writes. */
const TOUCH_AFTER_MS = 60_000
/** Never evicted: somebody was just given its path. */
const KEEP_AFTER_USE_MS = 30_000
const STALE_TEMPORARY_MS = 3_600_000

export interface PictureCache {
  /** @param contentHash 64 hex digits. @param name `320`, `view-1024`: letters, digits, hyphens. */
  pathOf(contentHash: string, name: string): string
  /** The whole file's path when it is there and whole; marks it as used. */
  find(file: string): Promise<boolean>
  /** Counts a file just made, and makes room in the background when there is too much. */
  noteMade(sizeBytes: number): void
  /** Waits for work in the background. */
  settle(): Promise<void>
}

export interface PictureCacheOptions {
  folder: string
  limitBytes: () => number
  clock: Clock
  log: Logger
}

export function createPictureCache({ folder, limitBytes, clock, log }: PictureCacheOptions): PictureCache {
  const root = path.join(folder, `v${PIPELINE_VERSION}`)
  /** Undefined until the first count. */
  let totalBytes: number | undefined
  let madeSinceCountBytes = 0
  let sweeping: Promise<void> | undefined

  const listFolder = async (shard: string): Promise<CachedFile[]> => {
    const names = await readdir(path.join(root, shard)).catch(() => [])
    const found = await Promise.all(
      names.map(async (name) => {
        const file = path.join(root, shard, name)
        const entry = await stat(file).catch(() => undefined)
        return entry?.isFile() ? { file, sizeBytes: entry.size, usedAtMs: entry.mtimeMs } : undefined
      }),
    )
    return found.filter((entry) => entry !== undefined)
  }

  /** Counts what is there, removes what is left over from crashes and older versions, and evicts down to the limit. */
  const sweep = async (): Promise<void> => {
    madeSinceCountBytes = 0
    const nowMs = clock.nowMs()
    for (const name of await readdir(folder).catch(() => [])) {
      if (/^v\d+$/.test(name) && name !== path.basename(root)) await rm(path.join(folder, name), { recursive: true, force: true })
    }
    const files: CachedFile[] = []
    // Folder after folder, so that a large cache never holds the event loop for long.
    for (const shard of await readdir(root).catch(() => [])) {
      for (const entry of await listFolder(shard)) {
        if (!entry.file.endsWith('.tmp')) files.push(entry)
        else if (nowMs - entry.usedAtMs > STALE_TEMPORARY_MS) await rm(entry.file, { force: true })
      }
    }
    const { evict, keptBytes } = chooseEvictions(files, limitBytes(), nowMs - KEEP_AFTER_USE_MS)
    for (const file of evict) await rm(file, { force: true })
    totalBytes = keptBytes
    if (evict.length > 0) log.info('imaging.cache-evicted', { files: evict.length, keptBytes })
  }

  const startSweep = () => {
    sweeping ??= sweep()
      .catch((error: unknown) => log.warn('imaging.cache-sweep-failed', { reason: String(error) }))
      .finally(() => {
        sweeping = undefined
      })
  }

  return {
    pathOf(contentHash, name) {
      if (!/^[0-9a-f]{64}$/.test(contentHash) || !/^[a-z0-9-]+$/.test(name)) throw new Error('not a content hash or picture name')
      return path.join(root, contentHash.slice(0, 2), `${contentHash}-${name}.jpg`)
    },
    async find(file) {
      const handle = await open(file, constants.O_RDONLY).catch(() => undefined)
      if (!handle) return false
      try {
        const { size, mtimeMs } = await handle.stat()
        const ends = Buffer.alloc(4)
        await handle.read(ends, 0, 2, 0)
        await handle.read(ends, 2, 2, Math.max(0, size - 2))
        if (ends.readUInt32BE(0) !== 0xffd8ffd9) return false
        const nowMs = clock.nowMs()
        if (nowMs - mtimeMs > TOUCH_AFTER_MS) await handle.utimes(nowMs / 1000, nowMs / 1000).catch(() => undefined)
        return true
      } finally {
        await handle.close()
      }
    },
    noteMade(sizeBytes) {
      madeSinceCountBytes += sizeBytes
      if (totalBytes === undefined || totalBytes + madeSinceCountBytes > limitBytes()) startSweep()
    },
    settle: async () => sweeping,
  }
}
