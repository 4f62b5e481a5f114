/** Who goes first. Loaded models are served first so that each swap is paid once; the caps below keep that from starving anybody. */
import { holdsMemory, type ModelState, type State, type Waiter, waitersOf } from './state.ts'

/** After this long without being served, the waiters of a model that needs room have their turn. */
const MAX_WAIT_MS = 60_000
/** Or after this many later requests went first. */
const MAX_PASSED = 32
/** A model just loaded for its turn keeps it for so many requests or so long, whichever ends first; else three starving models would only swap. */
const TURN_GRANTS = 8
const TURN_FLOOR_MS = 5000
/** An idle model is kept this long after its last request: a caller that sends one request after the other is about to send the next. */
export const LINGER_MS = 500

export const RANKS = { interactive: 0, batch: 1, prefetch: 2 } as const

/** The waiting of one model, summed up. */
export interface Line {
  model: ModelState
  /** At least one, by arrival. */
  waiters: readonly Waiter[]
  /** The best of them. */
  rank: number
  starved: boolean
}

function turnMsOf(model: ModelState): number {
  return Math.min(MAX_WAIT_MS, Math.max(TURN_FLOOR_MS, 2 * (model.readyAtMs - model.startAtMs)))
}

export function turnIsOver(model: ModelState, atMs: number): boolean {
  return model.turnGrants >= TURN_GRANTS || atMs - model.readyAtMs >= turnMsOf(model)
}

export function lingers(model: ModelState, atMs: number): boolean {
  return model.turnGrants > 0 && atMs - model.usedAtMs < LINGER_MS
}

/** When the waiters of a model that is not loaded are starved by waiting alone. */
function starvedAtMs(model: ModelState, oldest: Waiter): number {
  return Math.max(oldest.arrivedAtMs, model.grantedAtMs) + MAX_WAIT_MS
}

/** Models that wait to be started, most deserving first: the starved in turn (who was loaded longest ago), then by priority, then by arrival. */
export function waitingLines(state: State, atMs: number): Line[] {
  const lines: Line[] = []
  for (const model of state.models.values()) {
    if (model.phase !== 'stopped') continue
    const waiters = waitersOf(state, model.name)
    const [oldest] = waiters
    if (!oldest) continue
    const starved = model.passed >= MAX_PASSED || atMs >= starvedAtMs(model, oldest)
    lines.push({ model, waiters, rank: Math.min(...waiters.map((waiter) => waiter.rank)), starved })
  }
  const firstSeq = (line: Line): number => line.waiters.find((waiter) => waiter.rank === line.rank)?.seq ?? 0
  return lines.sort((a, b) => {
    if (a.starved !== b.starved) return a.starved ? -1 : 1
    if (a.starved) return a.model.readyAtMs - b.model.readyAtMs || firstSeq(a) - firstSeq(b)
    return a.rank - b.rank || firstSeq(a) - firstSeq(b)
  })
}

/** The next of a ready model's own line, none worse than `worstRank`: by priority, but the oldest when it was overtaken too often or too long. */
export function nextOf(model: ModelState, waiters: readonly Waiter[], worstRank: number, atMs: number): Waiter | undefined {
  const open = waiters.filter((waiter) => waiter.rank <= worstRank)
  const [oldest] = open
  if (!oldest) return undefined
  const waitedMs = atMs - Math.max(oldest.arrivedAtMs, model.oldestGrantAtMs)
  if (model.overtaken >= MAX_PASSED || (model.overtaken > 0 && waitedMs >= MAX_WAIT_MS)) return oldest
  return open.reduce((best, waiter) => (waiter.rank < best.rank ? waiter : best))
}

/** Keeps count of who was passed when `granted` of the ready model `server` was served. Call it with the request already out of the line. */
export function countPassed(state: State, server: ModelState, granted: Waiter, atMs: number): void {
  const own = waitersOf(state, server.name)
  if (own.some((waiter) => waiter.seq < granted.seq)) {
    server.overtaken += 1
  } else {
    server.overtaken = own.length === 0 ? 0 : Math.max(0, server.overtaken - 1)
    server.oldestGrantAtMs = atMs
  }
  server.passed = 0
  if (!holdsMemory(server.demand)) return
  for (const other of state.models.values()) {
    if (other === server || other.phase !== 'stopped' || !holdsMemory(other.demand) || atMs < other.retryAtMs) continue
    if (state.waiters.some((waiter) => waiter.model === other.name && waiter.seq < granted.seq)) other.passed += 1
  }
}
