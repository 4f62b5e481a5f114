/** Which of several addresses is asked next: the least busy of the well ones; one that failed is passed over for a while, then tried once. Pure. */

export interface AddressState {
  inFlight: number
  /** Failures in a row. */
  failures: number
  /** Monotonic milliseconds until which it is passed over; 0 when it is well. */
  restUntilMs: number
  /** A request is out that tries whether it is well again. */
  probing: boolean
}

export const FRESH: AddressState = { inFlight: 0, failures: 0, restUntilMs: 0, probing: false }

const FIRST_REST_MS = 1_000
const LONGEST_REST_MS = 30_000

export const restMs = (failures: number) => Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(10, Math.max(0, failures - 1)))

/** Why an address is not asked now; null when it may be. */
export function refusalOf(state: AddressState, limit: number, nowMs: number): 'resting' | 'busy' | null {
  // What a trial finds out is worth waiting for.
  if (state.probing) return 'busy'
  if (state.failures > 0 && nowMs < state.restUntilMs) return 'resting'
  return state.inFlight >= limit ? 'busy' : null
}

/** @returns `'wait'` when one that may be well is only busy, `'none'` when all that are left rest or were tried. */
export function chooseAddress(
  states: ReadonlyMap<string, AddressState>,
  options: { tried: ReadonlySet<string>; limit: number; nowMs: number },
): { address: string } | 'wait' | 'none' {
  const { tried, limit, nowMs } = options
  const left = [...states].filter(([address]) => !tried.has(address))
  const free = left.filter(([, state]) => refusalOf(state, limit, nowMs) === null)
  // One that failed gets its trial before the others' load decides: otherwise it would never be found well again.
  const due = free.find(([, state]) => state.failures > 0)
  const best = due ?? free.reduce<(typeof free)[number] | undefined>((a, b) => (a === undefined || b[1].inFlight < a[1].inFlight ? b : a), undefined)
  if (best) return { address: best[0] }
  return left.some(([, state]) => refusalOf(state, limit, nowMs) === 'busy') ? 'wait' : 'none'
}

export type Outcome = 'well' | 'failed' | 'given-up'

export function afterRequest(state: AddressState, outcome: Outcome, nowMs: number): AddressState {
  const { failures } = state
  if (outcome === 'failed') return { ...state, failures: failures + 1, restUntilMs: nowMs + restMs(failures + 1), probing: false }
  if (outcome === 'well') return { ...state, failures: 0, restUntilMs: 0, probing: false }
  // Nothing was learned: the next request may try again.
  return { ...state, probing: false }
}
