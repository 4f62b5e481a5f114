/** A WebSocket that comes back: reconnects with growing pauses and tells when the line was lost and when it is there again. */
import type { StudioEvent } from '../../src-main/contract/events.ts'
import type { ClientEvent } from './studio-client.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/** Milliseconds to wait before the n-th attempt (0 = first) to connect again. */
export function pauseBeforeAttemptMs(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
}

/** One event of a socket message, or undefined when it is none. */
export function parseEventMessage(text: unknown): StudioEvent | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const event: unknown = JSON.parse(text)
    const named = typeof event === 'object' && event !== null && 'name' in event && typeof event.name === 'string' && 'data' in event
    return named ? (event as StudioEvent) : undefined
  } catch {
    return undefined
  }
}

/** Opens the socket at once; the returned function closes it for good. */
export function connectEvents(url: string, listener: (event: ClientEvent) => void): () => void {
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let attempt = 0
  let lost = false
  let closed = false

  const open = () => {
    socket = new WebSocket(url)
    socket.addEventListener('open', () => {
      attempt = 0
      if (lost) listener({ name: 'connection', data: { state: 'restored' } })
      lost = false
    })
    socket.addEventListener('message', (message) => {
      const event = parseEventMessage(message.data)
      if (event) listener(event)
    })
    socket.addEventListener('close', () => {
      if (closed) return
      if (!lost) listener({ name: 'connection', data: { state: 'lost' } })
      lost = true
      timer = setTimeout(open, pauseBeforeAttemptMs(attempt))
      attempt += 1
    })
  }
  open()
  return () => {
    closed = true
    clearTimeout(timer)
    socket?.close()
  }
}
