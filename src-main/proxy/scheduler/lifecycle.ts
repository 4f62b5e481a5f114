/** Models that come and go: loaded, stopped, found running, asked to leave. Failures are in health.ts. */
import { closedRefusal, ensureModel } from './arrivals.ts'
import { type Draft, refusal, refuse, refuseAllOf, stopModel, tellMove } from './draft.ts'
import type { SchedulerEvent } from './events.ts'
import { toStopped } from './health.ts'
import { endLease } from './lease.ts'
import { markLeaving, readCards } from './limits-change.ts'
import { claimsOf } from './place.ts'
import { holdsMemory, isLoaded } from './state.ts'

export function unload(draft: Draft, id: string, name: string): void {
  const model = draft.state.models.get(name)
  if (!model || !isLoaded(model) || !model.demand.managed) {
    draft.effects.push({ kind: 'granted', id, queueMs: 0, loadMs: 0 })
  } else if (model.phase === 'starting' || model.inFlight > 0) {
    const what = model.phase === 'starting' ? 'is being loaded' : `answers ${model.inFlight} requests`
    refuse(draft, id, refusal('model-busy', `${name} ${what}`, { name, model: name, inFlight: model.inFlight }))
  } else {
    model.unloaders = [...model.unloaders, id]
    if (model.phase === 'ready') stopModel(draft, model, 'asked to unload', id)
  }
}

export function loaded(draft: Draft, name: string, measuredMb: Readonly<Record<number, number>> | null): void {
  const { state, atMs } = draft
  const model = state.models.get(name)
  if (model?.phase !== 'starting') return
  model.phase = 'ready'
  model.readyAtMs = atMs
  model.usedAtMs = atMs
  model.turnGrants = 0
  model.loadFailures = 0
  model.refusedUntilMs = 0
  tellMove(draft, name, 'ready', 'answers')
  if (!measuredMb || !holdsMemory(model.demand)) return
  const before = model.claims
  model.claims = before.map((claim) => ({ gpu: claim.gpu, mb: measuredMb[claim.gpu] ?? claim.mb }))
  // What it took beyond its claim was counted as another program's at the last reading.
  state.cards = (state.cards ?? []).map((card) => {
    const overMb = (measuredMb[card.index] ?? 0) - (before.find((claim) => claim.gpu === card.index)?.mb ?? Number.POSITIVE_INFINITY)
    return overMb > 0 ? { ...card, othersMb: Math.max(0, card.othersMb - overMb) } : card
  })
}

export function stopped(draft: Draft, event: Extract<SchedulerEvent, { kind: 'stop-finished' }>): void {
  const { state } = draft
  const model = state.models.get(event.model)
  if (model?.phase !== 'stopping') return
  toStopped(model)
  model.crashes = 0
  if (event.cards) state.cards = readCards(state, event.cards)
  tellMove(draft, model.name, 'stopped', 'its process is gone')
  for (const id of model.unloaders) draft.effects.push({ kind: 'granted', id, queueMs: 0, loadMs: 0 })
  model.unloaders = []
}

export function adopt(draft: Draft, event: Extract<SchedulerEvent, { kind: 'adopted' }>): void {
  const model = ensureModel(draft, event.model, event.demand)
  if (isLoaded(model)) return
  model.phase = 'ready'
  model.claims = holdsMemory(event.demand) ? claimsOf(event.placement) : []
  model.generation = draft.state.nextSeq
  draft.state.nextSeq += 1
  model.readyAtMs = event.atMs
  model.usedAtMs = event.atMs
  tellMove(draft, event.model, 'ready', 'ran already')
  // It may be more than the profile allows.
  markLeaving(draft)
}

export function close(draft: Draft): void {
  const { state } = draft
  state.closed = true
  state.preload = []
  for (const name of new Set(state.waiters.map((waiter) => waiter.model))) refuseAllOf(draft, name, closedRefusal())
  if (state.lease) endLease(draft, state.lease.id, 'the studio closes')
  state.preload = []
  for (const model of state.models.values()) {
    if (model.demand.managed && (model.phase === 'ready' || model.phase === 'starting')) stopModel(draft, model, 'the studio closes')
  }
}
