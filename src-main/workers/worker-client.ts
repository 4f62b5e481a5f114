/** The owner's side: starts the process on the first call, matches answers to calls, ends it on a timeout, starts it anew after a crash. */
import { StudioError } from '../lib/studio-error.ts'
import {
  type SpawnWorker,
  type WorkerCallOptions,
  type WorkerChannel,
  type WorkerClient,
  WorkerGone,
  type WorkerName,
  WorkerTimeout,
} from '../lib/worker-process.ts'
import type { FromWorker } from './protocol.ts'

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
  timer: NodeJS.Timeout | undefined
  onProgress: WorkerCallOptions['onProgress']
  /** Settles when every part that came so far has been dealt with. */
  parts: Promise<void>
}

export function createWorkerClient(name: WorkerName, spawn: SpawnWorker, environment?: Record<string, string>): WorkerClient {
  let channel: WorkerChannel | null = null
  let disposed = false
  let nextSeq = 1
  const waiting = new Map<number, Waiting>()

  const settle = (seq: number): Waiting | undefined => {
    const entry = waiting.get(seq)
    if (entry) clearTimeout(entry.timer)
    waiting.delete(seq)
    return entry
  }

  const failAll = (error: Error) => {
    for (const seq of [...waiting.keys()]) settle(seq)?.reject(error)
  }

  const receive = (frame: FromWorker) => {
    if (frame.kind === 'ready') return
    if (frame.kind === 'progress') return takePart(frame.seq, frame.value)
    const streaming = waiting.get(frame.seq)
    if (streaming?.onProgress) void streaming.parts.then(() => finish(frame))
    else finish(frame)
  }

  /** Parts are taken one after another; each is acknowledged when it is done. */
  const takePart = (seq: number, value: unknown) => {
    const entry = waiting.get(seq)
    if (!entry?.onProgress) return
    const { onProgress } = entry
    entry.parts = entry.parts.then(async () => {
      // An earlier part failed, or the call was given up.
      if (!waiting.has(seq)) return
      try {
        await onProgress(value as never)
        channel?.post({ kind: 'ack', seq })
      } catch (error) {
        channel?.post({ kind: 'cancel', seq })
        settle(seq)?.reject(error)
      }
    })
  }

  const finish = (frame: Extract<FromWorker, { seq: number }>) => {
    if (frame.kind === 'progress') return
    const entry = settle(frame.seq)
    // An answer to a call that was given up is not an error; an answer to a call never made is.
    if (!entry) {
      if (frame.seq >= nextSeq) failAll(new Error(`worker ${name} answered call ${frame.seq}, which was never made`))
      return
    }
    if (frame.kind === 'result') entry.resolve(frame.value)
    else if (frame.kind === 'failure') entry.reject(new StudioError(frame.code, frame.message, { data: frame.data }))
    else entry.reject(new Error(`worker ${name}: ${frame.message}`))
  }

  const ensureChannel = (): WorkerChannel => {
    if (disposed) throw new Error(`worker ${name} is disposed`)
    if (channel) return channel
    const started = spawn(name, environment)
    channel = started
    started.onMessage((frame) => {
      if (channel === started) receive(frame as FromWorker)
    })
    started.onExit((code) => {
      if (channel !== started) return
      channel = null
      failAll(new WorkerGone(code))
    })
    return started
  }

  const end = (reason: Error) => {
    const ending = channel
    channel = null
    failAll(reason)
    ending?.kill()
  }

  return {
    get running() {
      return channel !== null
    },
    call<T>(method: string, params: unknown, options: WorkerCallOptions = {}): Promise<T> {
      const { timeoutMs, signal, onProgress } = options
      return new Promise<T>((resolve, reject) => {
        if (signal?.aborted) return reject(new StudioError('cancelled', 'cancelled'))
        let target: WorkerChannel
        try {
          target = ensureChannel()
        } catch (error) {
          return reject(error)
        }
        const seq = nextSeq++
        const timer = timeoutMs === undefined ? undefined : setTimeout(() => end(new WorkerTimeout(timeoutMs)), timeoutMs)
        const onAbort = () => {
          target.post({ kind: 'cancel', seq })
          settle(seq)?.reject(new StudioError('cancelled', 'cancelled'))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        const done = () => signal?.removeEventListener('abort', onAbort)
        waiting.set(seq, {
          resolve: (value) => (done(), resolve(value as T)),
          reject: (error) => (done(), reject(error)),
          timer,
          onProgress,
          parts: Promise.resolve(),
        })
        target.post({ kind: 'call', seq, method, params })
      })
    },
    async unload() {
      end(new WorkerGone(null))
    },
    async dispose() {
      disposed = true
      end(new WorkerGone(null))
    },
  }
}
