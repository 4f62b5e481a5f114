/** When the passing of time alone changes what can be done. Being starved is not among them: it decides who is served when a request comes or goes. */
import { LINGER_MS } from './fairness.ts'
import { holdsMemory, isPinned, type State } from './state.ts'

/** The next moment after `atMs` at which a pass may do something; null when none is known. */
export function nextWakeMs(state: State, atMs: number): number | null {
  const moments: number[] = []
  if (state.lease && state.lease.expiresAtMs !== null) moments.push(state.lease.expiresAtMs)
  for (const waiter of state.waiters) if (waiter.deadlineAtMs !== null) moments.push(waiter.deadlineAtMs)
  let someoneNeedsRoom = false
  for (const name of new Set(state.waiters.map((waiter) => waiter.model))) {
    const model = state.models.get(name)
    if (model?.phase !== 'stopped') continue
    moments.push(model.retryAtMs)
    someoneNeedsRoom ||= holdsMemory(model.demand)
  }
  for (const item of state.preload) moments.push(state.models.get(item.model)?.retryAtMs ?? 0)
  for (const model of state.models.values()) {
    if (model.phase !== 'ready') continue
    if (someoneNeedsRoom) moments.push(model.usedAtMs + LINGER_MS)
    if (model.demand.managed && model.inFlight === 0 && !isPinned(state, model)) {
      moments.push(model.usedAtMs + (model.demand.graceMs ?? state.limits.graceMs))
    }
  }
  const later = moments.filter((moment) => moment > atMs)
  return later.length === 0 ? null : Math.min(...later)
}
