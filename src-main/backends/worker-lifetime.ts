/**
 * One owner of a model worker: starts it with the first request, counts the requests in work, ends it when none came for the grace
 * period. Nobody else decides about its state; `state` is to look at.
 */
import { StudioError } from '../lib/studio-error.ts'
import { type WorkerClient, WorkerGone, WorkerTimeout } from '../lib/worker-process.ts'

export interface WorkerLifetime {
  readonly state: 'available' | 'loading' | 'ready'
  readonly inFlight: number
  /** @throws StudioError as the worker gave it, `backend-failed` when its process ended, `backend-timeout`, `cancelled`. */
  call(method: string, params: unknown, signal: AbortSignal): Promise<unknown>
  /** Ends the worker now, unless a request is in work: then the grace period does it later. */
  unload(): Promise<void>
  /** Ends the grace timer; the worker itself belongs to whoever made it. */
  dispose(): void
}

export function createWorkerLifetime(options: { worker: WorkerClient; label: string; graceMs: () => number; callTimeoutMs: number }): WorkerLifetime {
  const { worker, label, graceMs, callTimeoutMs } = options
  let inFlight = 0
  let answeredOnce = false
  let graceTimer: NodeJS.Timeout | undefined

  const armGrace = () => {
    clearTimeout(graceTimer)
    graceTimer = setTimeout(() => {
      // A request that came meanwhile has cleared this timer, so nothing is in work here.
      answeredOnce = false
      void worker.unload()
    }, graceMs())
    graceTimer.unref()
  }

  const translate = (error: unknown): unknown => {
    if (error instanceof WorkerGone) {
      answeredOnce = false
      return new StudioError('backend-failed', `${label} stopped unexpectedly`, { data: { exitCode: error.exitCode }, retry: 'now', cause: error })
    }
    if (error instanceof WorkerTimeout) {
      answeredOnce = false
      return new StudioError('backend-timeout', `${label} gave no answer within ${error.timeoutMs} ms`, {
        data: { boundMs: error.timeoutMs },
        retry: 'now',
        cause: error,
      })
    }
    return error
  }

  return {
    get state() {
      if (worker.running && answeredOnce) return 'ready'
      return worker.running && inFlight > 0 ? 'loading' : 'available'
    },
    get inFlight() {
      return inFlight
    },
    async call(method, params, signal) {
      clearTimeout(graceTimer)
      inFlight += 1
      try {
        const value = await worker.call<unknown>(method, params, { timeoutMs: callTimeoutMs, signal })
        answeredOnce = true
        return value
      } catch (error) {
        throw translate(error)
      } finally {
        inFlight -= 1
        if (inFlight === 0) armGrace()
      }
    },
    async unload() {
      if (inFlight > 0) return
      clearTimeout(graceTimer)
      answeredOnce = false
      await worker.unload()
    },
    dispose: () => clearTimeout(graceTimer),
  }
}
