/** Watches a start until it is decided. Ready means: our child lives, holds the port, and lists the model that was meant. */
import type { Clock } from '../../lib/clock.ts'
import { askServer } from './ask-server.ts'
import type { LogFile } from './log-file.ts'
import { portOwner } from './port-owner.ts'
import type { ExitReport } from './start-failure.ts'
import type { SupervisedChild } from './supervised-child.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000
const PAUSE_GROWTH = 1.5
/** However busy the log is, no start takes longer than this many timeouts. */
const CAP_FACTOR = 5

export type StartVerdict =
  | { kind: 'ready' }
  | { kind: 'exited'; exit: ExitReport }
  | { kind: 'foreign' }
  | { kind: 'wrong-model'; ids: string[] }
  /** Nothing new in the log for the timeout, or five timeouts in all. */
  | { kind: 'stalled'; boundMs: number }
  | { kind: 'cancelled' }

export interface AwaitReadyOptions {
  child: SupervisedChild & { pid: number }
  port: number
  healthPath: string
  servedId: string
  log: LogFile
  /** Milliseconds without a new line in the log; each line starts it anew. */
  timeoutMs: number
  signal: AbortSignal
  clock: Clock
}

/** Never rejects. The end of the child is seen at once, the rest at the next look. */
export async function awaitReady(options: AwaitReadyOptions): Promise<StartVerdict> {
  const { child, port, healthPath, servedId, log, timeoutMs, signal, clock } = options
  const over = new AbortController()
  const looking = AbortSignal.any([signal, over.signal])
  const startedAt = clock.ticksMs()
  let progressAt = startedAt
  let seenBytes = await log.sizeBytes()

  const look = async (): Promise<StartVerdict | undefined> => {
    const answer = await askServer(port, healthPath, looking)
    if (answer.kind !== 'silent' && (await portOwner(port, child.pid)) === 'foreign' && child.exit === undefined) return { kind: 'foreign' }
    if (answer.kind === 'serving' && child.exit === undefined) {
      return answer.ids.includes(servedId) ? { kind: 'ready' } : { kind: 'wrong-model', ids: answer.ids }
    }
    const bytes = await log.sizeBytes()
    const now = clock.ticksMs()
    if (bytes !== seenBytes) progressAt = now
    seenBytes = bytes
    if (now - progressAt >= timeoutMs) return { kind: 'stalled', boundMs: timeoutMs }
    if (now - startedAt >= timeoutMs * CAP_FACTOR) return { kind: 'stalled', boundMs: timeoutMs * CAP_FACTOR }
    return undefined
  }

  const watch = async (): Promise<StartVerdict> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, timeoutMs / 4))) {
      const verdict = await look()
      if (verdict !== undefined) return verdict
      await pause(pauseMs, looking)
      if (looking.aborted) return { kind: 'cancelled' }
    }
  }

  try {
    return await Promise.race([
      child.exited.then((exit): StartVerdict => ({ kind: 'exited', exit })),
      aborted(looking).then((): StartVerdict => ({ kind: 'cancelled' })),
      watch(),
    ])
  } finally {
    over.abort()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Ends early, without an error, when the signal fires. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end, { once: true })
  })
}
