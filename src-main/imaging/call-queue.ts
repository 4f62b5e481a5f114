/** Hands calls to the worker processes: one in flight for each, urgent ones first, so that a time limit counts only a call's own time. */
import type { Logger } from '../lib/logger.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type WorkerClient, WorkerGone, WorkerTimeout } from '../lib/worker-process.ts'
import { createBreaker } from './breaker.ts'
import { endHelpers } from './end-helpers.ts'
import type { WorkerAnswer } from './worker-calls.ts'

export interface QueuedCall {
  method: 'look' | 'thumbs' | 'modelView' | 'mono' | 'smaller'
  params: unknown
  /** Photo that the breaker counts crashes for. */
  photoKey: string
  urgent: boolean
  timeoutMs: number
}

interface Waiting extends QueuedCall {
  resolve(value: unknown): void
  reject(error: unknown): void
}

interface Slot {
  client: WorkerClient
  busy: boolean
  helperPids: number[]
}

const CLOSE_TIMEOUT_MS = 2000

export interface CallQueue {
  /** @throws StudioError cancelled, decoder-crashed, decoder-timeout, decoder-suspended, or what the worker threw */
  run<T>(call: QueuedCall, signal: AbortSignal): Promise<T>
  dispose(): Promise<void>
}

export interface CallQueueOptions {
  workers: () => WorkerClient
  workerCount: number
  /** A process above this is ended after its call; WebAssembly memory never shrinks. */
  maxWorkerRssBytes: number
  /** Idle processes are ended after this long. */
  idleMs: number
  log: Logger
}

export function createCallQueue({ workers, workerCount, maxWorkerRssBytes, idleMs, log }: CallQueueOptions): CallQueue {
  const slots: Slot[] = []
  const urgent: Waiting[] = []
  const background: Waiting[] = []
  const breaker = createBreaker()
  let disposed = false
  let idleTimer: NodeJS.Timeout | undefined

  const findFreeSlot = (): Slot | undefined => {
    const free = slots.find(({ busy }) => !busy)
    if (free || slots.length >= workerCount) return free
    const slot = { client: workers(), busy: false, helperPids: [] }
    slots.push(slot)
    return slot
  }

  /** Ends a worker that has no call in flight, and what it started. The caller keeps the slot taken meanwhile. */
  const close = async (slot: Slot): Promise<void> => {
    try {
      if (slot.client.running) await slot.client.call('close', {}, { timeoutMs: CLOSE_TIMEOUT_MS })
      slot.helperPids = []
      await slot.client.unload()
    } catch (error) {
      log.warn('imaging.worker-not-closed', { reason: String(error) })
      await abandon(slot)
    }
  }

  const closeIdle = async (slot: Slot): Promise<void> => {
    slot.busy = true
    await close(slot)
    slot.busy = false
    pump()
  }

  /** Ends a worker that may be in the middle of something, or is gone already. */
  const abandon = async (slot: Slot): Promise<void> => {
    await slot.client.unload()
    await endHelpers(slot.helperPids.splice(0))
  }

  const pump = (): void => {
    clearTimeout(idleTimer)
    if (disposed) return
    while (urgent.length + background.length > 0) {
      const slot = findFreeSlot()
      if (!slot) return
      void work(slot, (urgent.shift() ?? background.shift())!)
    }
    if (slots.some(({ client }) => client.running)) {
      idleTimer = setTimeout(() => {
        for (const slot of slots) if (!slot.busy) void closeIdle(slot)
      }, idleMs)
      idleTimer.unref()
    }
  }

  const work = async (slot: Slot, call: Waiting): Promise<void> => {
    slot.busy = true
    try {
      if (breaker.isOpen(call.photoKey))
        throw new StudioError('decoder-suspended', 'this photo ended the decoder twice and is left alone until restart')
      // The caller may have gone meanwhile; the worker's own time is spent all the same, so the slot stays taken until it answers.
      const { value, rssBytes, helperPids } = await slot.client.call<WorkerAnswer<unknown>>(call.method, call.params, { timeoutMs: call.timeoutMs })
      slot.helperPids = [...helperPids]
      call.resolve(value)
      if (rssBytes > maxWorkerRssBytes) await close(slot)
    } catch (error) {
      call.reject(explain(call, error))
      if (error instanceof WorkerGone || error instanceof WorkerTimeout) await abandon(slot)
      else if (error instanceof StudioError && error.data['recycleWorker'] === true) await close(slot)
    } finally {
      slot.busy = false
      pump()
    }
  }

  const explain = (call: Waiting, error: unknown): unknown => {
    if (disposed) return new StudioError('cancelled', 'the studio is closing')
    if (error instanceof WorkerGone) {
      breaker.noteCrash(call.photoKey)
      log.warn('imaging.decoder-crashed', { method: call.method, exitCode: error.exitCode })
      return new StudioError('decoder-crashed', 'the decoder ended while it read this photo', { retry: 'now', cause: error })
    }
    if (error instanceof WorkerTimeout) {
      breaker.noteCrash(call.photoKey)
      log.warn('imaging.decoder-timeout', { method: call.method, timeoutMs: error.timeoutMs })
      return new StudioError('decoder-timeout', `the decoder gave no picture within ${error.timeoutMs} ms`, {
        data: { timeoutMs: error.timeoutMs },
        retry: 'now',
        cause: error,
      })
    }
    if (error instanceof StudioError && error.data['recycleWorker'] === true) {
      const { recycleWorker: _, ...data } = error.data
      return new StudioError(error.code, error.message, { data, cause: error })
    }
    return error
  }

  return {
    run<T>(call: QueuedCall, signal: AbortSignal) {
      return new Promise<T>((resolve, reject) => {
        if (signal.aborted || disposed) return reject(new StudioError('cancelled', 'cancelled'))
        const list = call.urgent ? urgent : background
        const onAbort = () => {
          const at = list.indexOf(waiting)
          if (at >= 0) list.splice(at, 1)
          reject(new StudioError('cancelled', 'cancelled'))
        }
        const done = () => signal.removeEventListener('abort', onAbort)
        const waiting: Waiting = {
          ...call,
          resolve: (value) => (done(), resolve(value as T)),
          reject: (error) => (done(), reject(error)),
        }
        signal.addEventListener('abort', onAbort, { once: true })
        list.push(waiting)
        pump()
      })
    },
    async dispose() {
      disposed = true
      clearTimeout(idleTimer)
      for (const { reject } of [...urgent.splice(0), ...background.splice(0)]) reject(new StudioError('cancelled', 'the studio is closing'))
      await Promise.all(slots.map((slot) => (slot.busy ? abandon(slot) : close(slot))))
      await Promise.all(slots.map(({ client }) => client.dispose()))
    },
  }
}
