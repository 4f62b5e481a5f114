/** One event's own copy of the state, and what is to be done about it. The steps of the reducer write here. */
import type { ErrorCode } from '../../contract/errors/index.ts'
import type { Retry } from '../../lib/studio-error.ts'
import type { Placement } from '../../registry/serving.ts'
import type { Effect, ShownState } from './events.ts'
import { claimsOf } from './place.ts'
import type { ModelState, Refusal, State, Waiter } from './state.ts'

export interface Draft {
  state: State
  effects: Effect[]
  atMs: number
}

export function refusal(code: ErrorCode, message: string, data: Record<string, unknown> = {}, retry: Retry = 'later'): Refusal {
  return { code, message, data, retry }
}

export function tellMove(draft: Draft, model: string, to: ShownState, cause: string, request: string | null = null): void {
  draft.effects.push({ kind: 'moved', model, to, cause, request })
}

export function refuse(draft: Draft, id: string, why: Refusal): void {
  draft.state.waiters = draft.state.waiters.filter((waiter) => waiter.id !== id)
  draft.effects.push({ kind: 'refused', id, refusal: why })
}

export function refuseAllOf(draft: Draft, model: string, why: Refusal): void {
  for (const waiter of draft.state.waiters.filter((one) => one.model === model)) refuse(draft, waiter.id, why)
}

export function grantTo(draft: Draft, model: ModelState, waiter: Waiter): void {
  draft.state.waiters = draft.state.waiters.filter((one) => one !== waiter)
  const { atMs } = draft
  const loadMs = Math.max(0, model.readyAtMs - Math.max(waiter.arrivedAtMs, model.startAtMs))
  draft.effects.push({ kind: 'granted', id: waiter.id, queueMs: Math.max(0, atMs - waiter.arrivedAtMs - loadMs), loadMs })
  if (waiter.kind === 'load') return
  draft.state.granted.set(waiter.id, { model: model.name, generation: model.generation })
  model.inFlight += 1
  model.turnGrants += 1
  model.grantedAtMs = atMs
}

export function startModel(draft: Draft, model: ModelState, placement: Placement, cause: string, request: string | null): void {
  model.phase = 'starting'
  model.claims = claimsOf(placement)
  model.generation = draft.state.nextSeq
  draft.state.nextSeq += 1
  model.startAtMs = draft.atMs
  model.leaving = false
  draft.effects.push({ kind: 'start', model: model.name, placement })
  tellMove(draft, model.name, 'starting', cause, request)
}

export function stopModel(draft: Draft, model: ModelState, cause: string, request: string | null = null): void {
  model.phase = 'stopping'
  draft.effects.push({ kind: 'stop', model: model.name })
  tellMove(draft, model.name, 'stopping', cause, request)
}
