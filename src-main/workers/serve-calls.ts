/**
 * The worker's side: answers calls one at a time in the order they came. Runs in a forked Node process or an Electron utility
 * process; the port is whichever of the two is there.
 */
import { StudioError } from '../lib/studio-error.ts'
import type { FromWorker, ToWorker } from './protocol.ts'

export type Handler = (params: never, signal: AbortSignal) => Promise<unknown> | unknown

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
  const inFlight = new Map<number, AbortController>()
  let tail: Promise<void> = Promise.resolve()

  const answer = async (frame: Extract<ToWorker, { kind: 'call' }>, signal: AbortSignal): Promise<FromWorker> => {
    const handler = handlers[frame.method]
    if (!handler) return { kind: 'bug', seq: frame.seq, message: `no method ${frame.method}` }
    try {
      if (signal.aborted) throw new StudioError('cancelled', 'cancelled before it began')
      return { kind: 'result', seq: frame.seq, value: await handler(frame.params as never, signal) }
    } catch (error) {
      if (error instanceof StudioError) return { kind: 'failure', seq: frame.seq, code: error.code, message: error.message, data: error.data }
      return { kind: 'bug', seq: frame.seq, message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }

  port.onFrame((frame) => {
    if (frame.kind === 'cancel') {
      inFlight.get(frame.seq)?.abort()
      return
    }
    const abort = new AbortController()
    inFlight.set(frame.seq, abort)
    tail = tail.then(async () => {
      const reply = await answer(frame, abort.signal)
      inFlight.delete(frame.seq)
      port.post(reply)
    })
  })
  port.post({ kind: 'ready' })
}
