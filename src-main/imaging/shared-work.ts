/** One piece of work for all who ask for the same thing at the same time; it is cancelled when the last of them is gone. */
import { StudioError } from '../lib/studio-error.ts'

interface Running {
  promise: Promise<unknown>
  abort: AbortController
  askers: number
}

export interface SharedWork {
  run<T>(key: string, signal: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>): Promise<T>
}

export function createSharedWork(): SharedWork {
  const running = new Map<string, Running>()

  return {
    run<T>(key: string, signal: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>) {
      if (signal?.aborted) return Promise.reject(new StudioError('cancelled', 'cancelled'))
      let entry = running.get(key)
      if (!entry) {
        const abort = new AbortController()
        const promise = start(abort.signal).finally(() => {
          if (running.get(key) === entry) running.delete(key)
        })
        // An asker who left does not listen any more; that is no unhandled rejection.
        promise.catch(() => undefined)
        entry = { promise, abort, askers: 0 }
        running.set(key, entry)
      }
      const shared = entry
      shared.askers += 1
      return new Promise<T>((resolve, reject) => {
        const leave = () => {
          shared.askers -= 1
          if (shared.askers === 0) {
            if (running.get(key) === shared) running.delete(key)
            shared.abort.abort()
          }
          reject(new StudioError('cancelled', 'cancelled'))
        }
        signal?.addEventListener('abort', leave, { once: true })
        shared.promise.then((value) => resolve(value as T), reject).finally(() => signal?.removeEventListener('abort', leave))
      })
    },
  }
}
