import PQueue from 'p-queue'
import { StudioError } from '../lib/studio-error.ts'

export interface JobQueue {
  /**
   * Runs the job when a slot is free; greater `priority` first, then first come. The job's signal aborts with `cancel()` and with `options.signal`.
   * @throws StudioError `cancelled` when aborted before the job began; afterwards whatever the job throws.
   */
  add<T>(job: (signal: AbortSignal) => Promise<T>, options?: { priority?: number; signal?: AbortSignal }): Promise<T>
  /** No further job begins; running ones go on. */
  pause(): void
  resume(): void
  /** Drops waiting jobs and aborts running ones. The queue can be used again at once. */
  cancel(): void
  /** Resolves when nothing runs or waits. */
  onIdle(): Promise<void>
  readonly running: number
  readonly waiting: number
}

/** `concurrency` is asked again whenever a job comes or goes, so a changed setting takes hold without a restart. */
export function createQueue(options: { concurrency: () => number }): JobQueue {
  const slots = (): number => Math.max(1, Math.floor(options.concurrency()))
  const queue = new PQueue({ concurrency: slots() })
  let everything = new AbortController()
  const refresh = (): void => {
    const wanted = slots()
    if (queue.concurrency !== wanted) queue.concurrency = wanted
  }

  return {
    async add(job, { priority = 0, signal } = {}) {
      const cancelled = (): StudioError => new StudioError('cancelled', 'The job was cancelled before it began.')
      if (signal?.aborted) throw cancelled()
      refresh()
      const either = signal ? AbortSignal.any([everything.signal, signal]) : everything.signal
      let begun = false
      // p-queue gives a slot away as soon as a running job's signal aborts, though the job still runs; so it sees only the aborts of waiting ones.
      const waiting = new AbortController()
      const drop = (): void => {
        if (!begun) waiting.abort(cancelled())
      }
      either.addEventListener('abort', drop, { once: true })
      try {
        return await queue.add(
          async () => {
            begun = true
            try {
              return await job(either)
            } finally {
              // Before the slot is given to the next job, so that a smaller bound holds at once.
              refresh()
            }
          },
          { priority, signal: waiting.signal },
        )
      } finally {
        either.removeEventListener('abort', drop)
      }
    },
    pause: () => queue.pause(),
    resume: () => void queue.start(),
    cancel() {
      const ending = everything
      everything = new AbortController()
      ending.abort(new StudioError('cancelled', 'The queue was cancelled.'))
    },
    onIdle: () => queue.onIdle(),
    get running() {
      return queue.pending
    },
    get waiting() {
      return queue.size
    },
  }
}
