/** An answer of a model server as the pieces in which it comes. Reads ahead a little, and holds the server back when nobody takes them. */
import type { IncomingMessage } from 'node:http'

export interface PieceOptions {
  /** Longest silence while somebody waits; a slow taker's own time does not count. */
  idleMs: number
  /** Called when nothing came for so long; it must end the answer with the reason. */
  onIdle(): void
  /** What a broken answer is reported as. */
  toError(cause: unknown): Error
  /** Called once: the answer was read to its end, broke off, or was left early. */
  onOver(): void
}

/** Bytes that wait to be taken before the server is held back. */
const READ_AHEAD_BYTES = 64 * 1024

/** For one reader. Leaving early ends the connection; an answer read to its end leaves it to the next request. */
export function piecesOf(answer: IncomingMessage, options: PieceOptions): AsyncIterable<Uint8Array> {
  const waiting: Uint8Array[] = []
  let waitingBytes = 0
  let state: 'fresh' | 'open' | 'ended' | 'over' = 'fresh'
  let failure: unknown
  let taker: { resolve(step: IteratorResult<Uint8Array, undefined>): void; reject(error: Error): void } | null = null
  let idle: NodeJS.Timeout | undefined

  const over = () => {
    if (state === 'over') return
    state = 'over'
    clearTimeout(idle)
    options.onOver()
  }
  const hand = (piece: Uint8Array) => {
    if (taker) {
      const { resolve } = taker
      taker = null
      resolve({ done: false, value: piece })
      return
    }
    waiting.push(piece)
    waitingBytes += piece.length
    if (waitingBytes > READ_AHEAD_BYTES) answer.pause()
  }
  const end = (error?: unknown) => {
    if (state !== 'open') return
    state = 'ended'
    failure = error
    if (!taker) return
    const { resolve, reject } = taker
    taker = null
    over()
    if (error === undefined) resolve({ done: true, value: undefined })
    else reject(options.toError(error))
  }
  const broken = () => {
    if (state === 'open') end(answer.errored ?? new Error('the connection closed'))
  }
  const open = () => {
    state = 'open'
    if (answer.destroyed) return broken()
    answer
      .on('data', hand)
      .once('end', () => end())
      .once('error', end)
      .once('close', broken)
  }
  const lookAtTime = () => {
    if (taker) options.onIdle()
  }

  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        if (state === 'fresh') open()
        const piece = waiting.shift()
        if (piece) {
          waitingBytes -= piece.length
          if (waiting.length === 0 && answer.isPaused()) answer.resume()
          return Promise.resolve({ done: false as const, value: piece })
        }
        if (state === 'open') {
          if (idle) idle.refresh()
          else idle = setTimeout(lookAtTime, options.idleMs)
          return new Promise((resolve, reject) => {
            taker = { resolve, reject }
          })
        }
        const wasEnded = state === 'ended'
        over()
        if (wasEnded && failure !== undefined) return Promise.reject(options.toError(failure))
        return Promise.resolve({ done: true as const, value: undefined })
      },
      return() {
        if (state !== 'over' && state !== 'ended') answer.destroy()
        over()
        return Promise.resolve({ done: true as const, value: undefined })
      },
    }),
  }
}
