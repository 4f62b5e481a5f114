/** Failing models: back-off, and a breaker that stops trying for a while. */
import { type Draft, refuseAllOf, tellMove } from './draft.ts'
import type { ModelState, Refusal } from './state.ts'

const BREAKER_FAILURES = 3
const BREAKER_MS = 60_000
const BACKOFF_FLOOR_MS = 1000
const BACKOFF_CEILING_MS = 30_000
/** A process that lived this long did not crash "again". */
const STEADY_MS = 60_000

function backoffMs(failures: number): number {
  return Math.min(BACKOFF_CEILING_MS, BACKOFF_FLOOR_MS * 2 ** (failures - 1))
}

function noteFailure(draft: Draft, model: ModelState, failures: number, why: Refusal): void {
  const { atMs } = draft
  model.lastRefusal = why
  model.retryAtMs = atMs + backoffMs(failures)
  if (failures >= BREAKER_FAILURES) {
    model.refusedUntilMs = atMs + BREAKER_MS
    model.retryAtMs = model.refusedUntilMs
    refuseAllOf(draft, model.name, breakerRefusal(model, atMs))
  }
}

/** Everybody who waited for this load hears its error. */
export function loadFailed(draft: Draft, model: ModelState, why: Refusal): void {
  toStopped(model)
  if (why.code !== 'cancelled') {
    model.loadFailures += 1
    tellMove(draft, model.name, 'failed', why.message)
  } else tellMove(draft, model.name, 'stopped', why.message)
  refuseAllOf(draft, model.name, why)
  if (why.code !== 'cancelled') noteFailure(draft, model, model.loadFailures, why)
}

/** Requests under way end by their own broken streams; the waiting ones get a new process. */
export function crashed(draft: Draft, model: ModelState, why: Refusal): void {
  model.crashes = draft.atMs - model.readyAtMs >= STEADY_MS ? 1 : model.crashes + 1
  toStopped(model)
  tellMove(draft, model.name, 'failed', why.message)
  noteFailure(draft, model, model.crashes, why)
}

export function toStopped(model: ModelState): void {
  model.phase = 'stopped'
  model.claims = []
  model.inFlight = 0
  model.turnGrants = 0
  model.leaving = false
}

/** A request that was being answered broke off; the next one finds nobody at home. */
const LATER_CODES: Partial<Record<Refusal['code'], Refusal['code']>> = {
  'backend-failed': 'backend-unreachable',
  'backend-timeout': 'backend-start-failed',
}

/** For those who come while the breaker is open: the last error, and when to come again. */
export function breakerRefusal(model: ModelState, atMs: number): Refusal {
  const last = model.lastRefusal ?? { code: 'backend-start-failed', message: `${model.name} did not start`, data: {}, retry: 'later' }
  const retryAfterSeconds = Math.max(1, Math.ceil((model.refusedUntilMs - atMs) / 1000))
  return { ...last, code: LATER_CODES[last.code] ?? last.code, data: { ...last.data, name: model.name, retryAfterSeconds }, retry: 'later' }
}
