/** Watched folders: what comes or changes there is taken in by itself. Effects only through ports. */
import type { Folder } from '../contract/model.ts'
import type { WorkerClient } from '../lib/worker-process.ts'
import type { WatchedChange, WatchRequest } from './ports.ts'

export interface WatchingParts {
  worker: Pick<WorkerClient, 'call' | 'unload'>
  folders(): Pick<Folder, 'path' | 'watched'>[]
  isOn(): boolean
  /** Imports and waits for the end. */
  takeIn(paths: readonly string[], recursive: boolean): Promise<unknown>
  /** Rejects when the signal aborts. */
  delay(ms: number, signal: AbortSignal): Promise<void>
  times?: Pick<WatchRequest, 'quietMs' | 'longestMs' | 'retryMs'> & { restartMs: number }
}

export interface Watching {
  /** Follows what is marked now; call it whenever a mark or the setting changed. What changed meanwhile is taken in first. */
  refresh(): void
  /** Idempotent; resolves when nothing is followed or taken in any more. */
  stop(): Promise<void>
}

/** A card reader writes a burst within a second; a network copy pauses longer than that. */
const TIMES = { quietMs: 1500, longestMs: 15_000, retryMs: 60_000, restartMs: 5000 }

export function createWatching({ worker, folders, isOn, takeIn, delay, times = TIMES }: WatchingParts): Watching {
  const { restartMs, ...waits } = times
  let followed = ''
  let round: { end: AbortController; over: Promise<void> } | undefined
  let stopped = false

  const follow = async (roots: string[], signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const request: WatchRequest = { folders: roots, ...waits }
      await worker.call('watch', request, { signal, onProgress: (change: WatchedChange) => take(change) }).catch(() => undefined)
      // Only a worker that died comes here; it is started again.
      await delay(restartMs, signal).catch(() => undefined)
    }
  }
  const take = async ({ folders: flat, trees }: WatchedChange): Promise<void> => {
    if (trees.length > 0) await takeIn(trees, true)
    if (flat.length > 0) await takeIn(flat, false)
  }

  const begin = (roots: string[], before: Promise<void>) => {
    const end = new AbortController()
    const over = before.then(() => (roots.length === 0 ? worker.unload() : follow(roots, end.signal)))
    round = { end, over }
  }

  return {
    refresh() {
      const roots = isOn()
        ? folders()
            .filter(({ watched }) => watched)
            .map(({ path }) => path)
            .sort()
        : []
      if (stopped || roots.join('\0') === followed) return
      followed = roots.join('\0')
      round?.end.abort()
      begin(roots, round?.over ?? Promise.resolve())
    },
    async stop() {
      stopped = true
      round?.end.abort()
      await round?.over
    },
  }
}
