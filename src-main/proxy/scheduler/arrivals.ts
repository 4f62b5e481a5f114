/** Requests that come and go. */
import { type Draft, refusal, refuse } from './draft.ts'
import { breakerRefusal } from './health.ts'
import { leasedRefusal } from './lease.ts'
import { isLoaded, type ModelDemand, type ModelState, type Refusal, type State, stoppedModel, type Waiter } from './state.ts'

/** Its record, with the newest demand unless it is loaded. A server that somebody else runs counts as ready. */
export function ensureModel(draft: Draft, name: string, demand: ModelDemand): ModelState {
  const known = draft.state.models.get(name) ?? stoppedModel(name, demand)
  draft.state.models.set(name, known)
  const isOurs = known.demand.managed && isLoaded(known)
  if (isOurs || known.inFlight > 0) {
    // Its figures are those it was loaded with; whether it may go is asked anew.
    if (known.demand.pinned !== demand.pinned) known.demand = { ...known.demand, pinned: demand.pinned }
    return known
  }
  known.demand = demand
  if (demand.managed === (known.phase === 'ready')) {
    known.phase = demand.managed ? 'stopped' : 'ready'
    known.generation = draft.state.nextSeq
    draft.state.nextSeq += 1
  }
  return known
}

export function closedRefusal(): Refusal {
  return refusal('proxy-unavailable', 'the studio is closing')
}

export function arrive(draft: Draft, demand: ModelDemand, wish: Waiter): void {
  const { state, atMs } = draft
  if (state.closed) return refuse(draft, wish.id, closedRefusal())
  const model = ensureModel(draft, wish.model, demand)
  if (state.lease && model.demand.needMb > 0) return refuse(draft, wish.id, leasedRefusal(state.lease, atMs))
  if (atMs < model.refusedUntilMs) return refuse(draft, wish.id, breakerRefusal(model, atMs))
  const line = state.waiters.filter((waiter) => waiter.kind === 'request')
  if (wish.kind === 'request' && line.length >= state.limits.queueLimit && !isOpen(state, model)) {
    const worst = line.reduce<Waiter | undefined>((last, one) => (one.rank >= (last?.rank ?? wish.rank + 1) ? one : last), undefined)
    const waiting = line.length
    const full = refusal('backend-overloaded', `${waiting} requests wait already`, { retryAfterSeconds: 5, waiting })
    if (!worst) return refuse(draft, wish.id, full)
    refuse(draft, worst.id, full)
  }
  state.waiters.push({ ...wish, seq: state.nextSeq })
  state.nextSeq += 1
}

/** Whether a request would be served without waiting. */
function isOpen(state: State, model: ModelState): boolean {
  if (model.phase !== 'ready' || model.leaving || model.inFlight >= model.demand.slots || state.draining.has(model.name)) return false
  return !state.waiters.some((waiter) => waiter.model === model.name)
}

export function finish(draft: Draft, id: string): void {
  const { state, atMs } = draft
  const grant = state.granted.get(id)
  if (!grant) return
  state.granted.delete(id)
  const model = state.models.get(grant.model)
  if (!model || model.generation !== grant.generation || model.phase === 'stopped') return
  model.inFlight = Math.max(0, model.inFlight - 1)
  model.usedAtMs = atMs
}
