/** One start a model at a time: whoever asks meanwhile joins it, and it is given up when nobody waits for it any more. */
import { StudioError } from '../lib/studio-error.ts'
import type { Started } from '../registry/serving.ts'

export interface JoinedStarts {
  has(name: string): boolean
  /** @param work Gets the signal of all who wait together. @throws StudioError `cancelled` for a caller that went away, or what `work` raised. */
  join(name: string, signal: AbortSignal, work: (together: AbortSignal) => Promise<Started>): Promise<Started>
  /** Gives the start up, whoever waits, and resolves when it has ended. */
  abandon(name: string): Promise<void>
}

interface Start {
  result: Promise<Started>
  abort: AbortController
  waiting: number
}

export function createJoinedStarts(): JoinedStarts {
  const starts = new Map<string, Start>()

  const begin = (name: string, work: (together: AbortSignal) => Promise<Started>): Start => {
    const abort = new AbortController()
    // One that was given up may still be ending its process.
    const before = starts.get(name)?.result.catch(() => undefined)
    const start: Start = { abort, waiting: 0, result: Promise.resolve(before).then(() => work(abort.signal)) }
    starts.set(name, start)
    const forget = () => {
      if (starts.get(name) === start) starts.delete(name)
    }
    start.result.then(forget, forget)
    return start
  }

  return {
    has: (name) => starts.has(name),
    join(name, signal, work) {
      const cancelled = () => new StudioError('cancelled', 'the caller went away')
      if (signal.aborted) return Promise.reject(cancelled())
      const running = starts.get(name)
      // One that was given up is on its way out and is not joined.
      const start = running && !running.abort.signal.aborted ? running : begin(name, work)
      start.waiting += 1
      return new Promise((resolve, reject) => {
        const leave = () => {
          start.waiting -= 1
          if (start.waiting === 0) start.abort.abort()
          reject(cancelled())
        }
        signal.addEventListener('abort', leave, { once: true })
        start.result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
      })
    },
    async abandon(name) {
      const start = starts.get(name)
      if (!start) return
      start.abort.abort()
      await start.result.catch(() => undefined)
    },
  }
}
