/**
 * The worker's side: answers calls one at a time in the order they came. Runs in a forked Node process or an Electron utility
 * process; the port is whichever of the two is there.
 */
import { StudioError } from '../lib/studio-error.ts'
import { type FromWorker, PROGRESS_WINDOW, type ToWorker } from './protocol.ts'

/** Sends a part of the answer; resolves when there is room for another. @throws StudioError `cancelled` */
export type SendProgress = (value: unknown) => Promise<void>
export type Handler = (params: never, signal: AbortSignal, progress: SendProgress) => Promise<unknown> | unknown

interface Port {
  post(frame: FromWorker): void
  onFrame(listener: (frame: ToWorker) => void): void
}

interface UtilityParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): void
}

function openPort(): Port {
  const parentPort = (process as unknown as { parentPort?: UtilityParentPort }).parentPort
  if (parentPort) {
    return {
      post: (frame) => parentPort.postMessage(frame),
      onFrame: (listener) => parentPort.on('message', (event) => listener(event.data as ToWorker)),
    }
  }
  if (!process.send) throw new Error('this file runs only as a worker process of the studio')
  process.on('disconnect', () => process.exit(0))
  return { post: (frame) => process.send?.(frame), onFrame: (listener) => process.on('message', (frame) => listener(frame as ToWorker)) }
}

export function serveCalls(handlers: Record<string, Handler>): void {
  const port = openPort()
  const inFlight = new Map<number, { abort: AbortController; acknowledged(): void; progress: SendProgress }>()
  let tail: Promise<void> = Promise.resolve()

  const answer = async (frame: Extract<ToWorker, { kind: 'call' }>, signal: AbortSignal, progress: SendProgress): Promise<FromWorker> => {
    const handler = handlers[frame.method]
    if (!handler) return { kind: 'bug', seq: frame.seq, message: `no method ${frame.method}` }
    try {
      if (signal.aborted) throw new StudioError('cancelled', 'cancelled before it began')
      return { kind: 'result', seq: frame.seq, value: await handler(frame.params as never, signal, progress) }
    } catch (error) {
      if (error instanceof StudioError) return { kind: 'failure', seq: frame.seq, code: error.code, message: error.message, data: error.data }
      return { kind: 'bug', seq: frame.seq, message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }

  port.onFrame((frame) => {
    if (frame.kind === 'cancel') {
      inFlight.get(frame.seq)?.abort.abort()
      return
    }
    if (frame.kind === 'ack') {
      inFlight.get(frame.seq)?.acknowledged()
      return
    }
    const abort = new AbortController()
    const stream = openProgress((value) => port.post({ kind: 'progress', seq: frame.seq, value }), abort.signal)
    inFlight.set(frame.seq, { abort, ...stream })
    tail = tail.then(async () => {
      const reply = await answer(frame, abort.signal, stream.progress)
      inFlight.delete(frame.seq)
      port.post(reply)
    })
  })
  port.post({ kind: 'ready' })
}

function openProgress(send: (value: unknown) => void, signal: AbortSignal): { progress: SendProgress; acknowledged(): void } {
  let unacknowledged = 0
  let proceed: (() => void) | undefined
  const wake = () => {
    proceed?.()
    proceed = undefined
  }
  signal.addEventListener('abort', wake, { once: true })
  return {
    async progress(value) {
      if (signal.aborted) throw new StudioError('cancelled', 'cancelled')
      send(value)
      unacknowledged++
      if (unacknowledged >= PROGRESS_WINDOW) {
        await new Promise<void>((resolve) => {
          proceed = resolve
        })
      }
      if (signal.aborted) throw new StudioError('cancelled', 'cancelled')
    },
    acknowledged() {
      unacknowledged--
      wake()
    },
  }
}
