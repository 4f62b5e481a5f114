/** The owner's side of imaging: cache, queue and breaker around the worker processes that decode. */
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { readFile } from 'node:fs/promises'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { WorkerClient } from '../lib/worker-process.ts'
import { type CallQueue, createCallQueue } from './call-queue.ts'
import { bytesOf } from './decoding/byte-source.ts'
import { findJpegStructure } from './decoding/jpeg-structure.ts'
import { createPictureCache, type PictureCache } from './picture-cache.ts'
import { type Imaging, type LookResult, THUMB_SIZES, type ThumbSize } from './ports.ts'
import { createSharedWork } from './shared-work.ts'
import type { LookCall, MadeFile, ModelViewCall, MonoCall, SmallerCall, ThumbsCall } from './worker-calls.ts'

export interface ImagingOptions {
  cacheFolder: string
  cacheLimitBytes: () => number
  /** Makes one client; called at most `workerCount` times, on the first calls. */
  workers: () => WorkerClient
  /** Default: 2, or 1 on a single core. */
  workerCount?: number
  /** Time limits of one call, without its time in the queue. */
  lookTimeoutMs?: number
  decodeTimeoutMs?: number
  maxWorkerRssBytes?: number
  idleMs?: number
  clock?: Clock
  log: Logger
}

const MODEL_EDGES = { min: 32, max: 4096 }

/** Starts nothing: processes start on the first call, the cache is counted when the first picture is made. */
export function createImaging(options: ImagingOptions): Imaging {
  const { workers, log, workerCount = Math.min(2, availableParallelism()), lookTimeoutMs = 120_000, decodeTimeoutMs = 60_000 } = options
  const cache: PictureCache = createPictureCache({
    folder: options.cacheFolder,
    limitBytes: options.cacheLimitBytes,
    clock: options.clock ?? systemClock,
    log,
  })
  const queue: CallQueue = createCallQueue({
    workers,
    workerCount,
    maxWorkerRssBytes: options.maxWorkerRssBytes ?? 800 * 1_048_576,
    idleMs: options.idleMs ?? 60_000,
    log,
  })
  const shared = createSharedWork()
  /** Both sizes of one photo one after the other: the second usually finds that the first one's decode made it. */
  const making = new Map<string, Promise<unknown>>()

  const noteMade = (made: readonly MadeFile[]) => {
    for (const { sizeBytes } of made) cache.noteMade(sizeBytes)
  }

  const makeThumb = async (photo: PhotoFile, size: ThumbSize, signal: AbortSignal): Promise<void> => {
    const target = cache.pathOf(photo.contentHash, String(size))
    const others = THUMB_SIZES.filter((other) => other !== size).map((longEdge) => ({
      longEdge,
      target: cache.pathOf(photo.contentHash, String(longEdge)),
    }))
    const missing = await Promise.all(others.map(async (other) => ((await cache.find(other.target)) ? [] : [other])))
    const params: ThumbsCall = { path: photo.path, kind: photo.kind, wanted: [{ longEdge: size, target }], alsoIfDecoded: missing.flat() }
    noteMade(await queue.run<MadeFile[]>({ method: 'thumbs', params, photoKey: photo.contentHash, urgent: true, timeoutMs: decodeTimeoutMs }, signal))
  }

  return {
    look(path, kind, signal) {
      return shared.run(`look ${path}`, signal, (innerSignal) => {
        const params: LookCall = { path, kind }
        return queue.run<LookResult>({ method: 'look', params, photoKey: path, urgent: false, timeoutMs: lookTimeoutMs }, innerSignal)
      })
    },

    async thumbnail(photo, size, signal) {
      const file = cache.pathOf(photo.contentHash, String(size))
      const found = { file, contentType: 'image/jpeg' }
      if (await cache.find(file)) return found
      return shared.run(`thumb ${size} ${photo.contentHash}`, signal, async (innerSignal) => {
        const before = making.get(photo.contentHash)
        const work = (before ?? Promise.resolve()).then(async () => {
          if (before === undefined || !(await cache.find(file))) await makeThumb(photo, size, innerSignal)
        })
        const settled = work.catch(() => undefined)
        making.set(photo.contentHash, settled)
        await work.finally(() => {
          if (making.get(photo.contentHash) === settled) making.delete(photo.contentHash)
        })
        return found
      })
    },

    async modelView(photo, longEdge, signal) {
      if (!Number.isInteger(longEdge) || longEdge < MODEL_EDGES.min || longEdge > MODEL_EDGES.max)
        throw new RangeError(`no model view of ${longEdge} pixels`)
      const target = cache.pathOf(photo.contentHash, `view-${longEdge}`)
      return shared.run(`view ${longEdge} ${photo.contentHash}`, signal, async (innerSignal) => {
        if (!(await cache.find(target))) {
          const params: ModelViewCall = { path: photo.path, kind: photo.kind, longEdge, target }
          noteMade([
            await queue.run<MadeFile>(
              { method: 'modelView', params, photoKey: photo.contentHash, urgent: true, timeoutMs: decodeTimeoutMs },
              innerSignal,
            ),
          ])
        }
        const jpeg = await readFile(target)
        const structure = await findJpegStructure(bytesOf(jpeg))
        if (!structure) throw new Error('the model view in the cache is no JPEG')
        return { jpeg, width: structure.width, height: structure.height }
      })
    },

    checkMono({ path, kind }, { strictness }, signal) {
      return shared.run(`mono ${strictness} ${path}`, signal, (innerSignal) => {
        const params: MonoCall = { path, kind, strictness }
        return queue.run({ method: 'mono', params, photoKey: path, urgent: false, timeoutMs: decodeTimeoutMs }, innerSignal)
      })
    },

    async smaller(bytes, { longEdge, quality }, signal) {
      const params: SmallerCall = { bytes, longEdge, quality }
      const photoKey = createHash('sha256').update(bytes).digest('hex')
      const { jpeg } = await queue.run<{ jpeg: Uint8Array }>(
        { method: 'smaller', params, photoKey, urgent: true, timeoutMs: decodeTimeoutMs },
        signal,
      )
      return jpeg
    },

    async dispose() {
      await queue.dispose()
      await cache.settle()
    },
  }
}

type PhotoFile = Parameters<Imaging['thumbnail']>[0]
