/** One pass over the whole state after every event: whatever can be done now is done now. See the table in reducer.ts. */
import { type Draft, grantTo, refusal, refuse, refuseAllOf, startModel, stopModel, tellMove } from './draft.ts'
import { planEviction } from './evict.ts'
import { countPassed, type Line, lingers, nextOf, turnIsOver, waitingLines } from './fairness.ts'
import { whyHopeless } from './hopeless.ts'
import { expireLease, grantLease } from './lease.ts'
import { claimsOf, fit, loadingCards, roomOf, spreadOf } from './place.ts'
import { type Claim, holdsMemory, isLoaded, isPinned, type ModelState, type State, stoppedModel } from './state.ts'
import { nextWakeMs } from './wake.ts'

const NOTHING = -1
const EVERYTHING = Number.POSITIVE_INFINITY

/** Who a loaded model still serves: waiters of this rank or a better one. */
interface Gate {
  worstRank: number
  cause: string
}

export function settle(draft: Draft): void {
  expireLease(draft)
  if (draft.state.waiters.length > 0) {
    refuseLate(draft)
    refuseHopeless(draft)
  }
  const gates = gatesOf(draft)
  if (draft.state.waiters.length > 0) {
    for (const model of draft.state.models.values()) if (model.phase === 'ready') serve(draft, model, gates.get(model.name))
  }
  unloadIdle(draft)
  if (draft.state.waiters.length > 0) makeRoom(draft)
  preload(draft)
  grantLease(draft)
  noteDraining(draft, gates)
  const wakeAtMs = nextWakeMs(draft.state, draft.atMs)
  if (wakeAtMs !== draft.state.wakeAtMs) draft.effects.push({ kind: 'wake', atMs: wakeAtMs })
  draft.state.wakeAtMs = wakeAtMs
}

function refuseLate(draft: Draft): void {
  const late = draft.state.waiters.filter((waiter) => waiter.deadlineAtMs !== null && waiter.deadlineAtMs <= draft.atMs)
  for (const waiter of late) {
    const why = refusal('backend-overloaded', `no place for ${waiter.model} came free in time`, {
      name: waiter.model,
      retryAfterSeconds: 5,
      waiting: draft.state.waiters.length,
    })
    refuse(draft, waiter.id, why)
  }
}

function refuseHopeless(draft: Draft): void {
  const { state } = draft
  for (const name of new Set(state.waiters.map((waiter) => waiter.model))) {
    const model = state.models.get(name)
    if (!model || (model.phase !== 'stopped' && !model.leaving)) continue
    const why = whyHopeless(state, name, model.demand)
    if (why) refuseAllOf(draft, name, why)
  }
}

function mayStart(state: State, model: ModelState, atMs: number): boolean {
  if (state.closed || atMs < model.retryAtMs) return false
  return !(state.lease && model.demand.needMb > 0)
}

function startableLines({ state, atMs }: Draft): Line[] {
  return waitingLines(state, atMs).filter((line) => mayStart(state, line.model, atMs))
}

function isUsed(state: State, model: ModelState): boolean {
  return model.phase === 'starting' || model.inFlight > 0 || state.waiters.some((waiter) => waiter.model === model.name)
}

function gatesOf(draft: Draft): Map<string, Gate> {
  const { state, atMs } = draft
  const gates = new Map<string, Gate>()
  const narrow = (name: string, gate: Gate): void => {
    if (gate.worstRank < (gates.get(name)?.worstRank ?? EVERYTHING)) gates.set(name, gate)
  }
  for (const model of state.models.values()) {
    if (model.leaving) narrow(model.name, { worstRank: NOTHING, cause: `not within the profile ${state.limits.profile}` })
    if (state.lease && model.demand.needMb > 0) {
      narrow(model.name, { worstRank: NOTHING, cause: `the graphics cards are lent to ${state.lease.owner}` })
    }
  }
  for (const line of startableLines(draft)) {
    if (!holdsMemory(line.model.demand)) continue
    const plan = planEviction(state, { name: line.model.name, needMb: line.model.demand.needMb })
    for (const victim of plan?.victims ?? []) {
      if (!isUsed(state, victim)) continue
      const isTurn = line.starved && turnIsOver(victim, atMs)
      narrow(victim.name, { worstRank: isTurn ? NOTHING : line.rank, cause: `${line.model.name} has its turn` })
    }
  }
  return gates
}

function serve(draft: Draft, model: ModelState, gate: Gate | undefined): void {
  const { state, atMs } = draft
  for (const waiter of state.waiters.filter((one) => one.model === model.name && one.kind === 'load')) grantTo(draft, model, waiter)
  while (model.inFlight < model.demand.slots) {
    const own = state.waiters.filter((one) => one.model === model.name)
    const next = nextOf(model, own, gate?.worstRank ?? EVERYTHING, atMs)
    if (!next) return
    grantTo(draft, model, next)
    countPassed(state, model, next, atMs)
  }
}

function unloadIdle(draft: Draft): void {
  const { state, atMs } = draft
  for (const model of state.models.values()) {
    if (model.phase !== 'ready' || model.inFlight > 0 || !model.demand.managed) continue
    const graceMs = model.demand.graceMs ?? state.limits.graceMs
    const isWanted = isPinned(state, model) || state.waiters.some((waiter) => waiter.model === model.name)
    if (model.leaving) stopModel(draft, model, `not within the profile ${state.limits.profile}`)
    else if (state.lease && holdsMemory(model.demand)) stopModel(draft, model, `the graphics cards are lent to ${state.lease.owner}`)
    else if (!isWanted && atMs - model.usedAtMs >= graceMs) stopModel(draft, model, `idle for ${Math.round(graceMs / 1000)} s`)
  }
}

function makeRoom(draft: Draft): void {
  const { state } = draft
  const reserved: (readonly Claim[])[] = []
  for (const line of startableLines(draft)) {
    const { model } = line
    if (!holdsMemory(model.demand)) {
      startModel(draft, model, { gpus: [], claimMb: [] }, 'asked for', line.waiters[0]?.id ?? null)
    } else if (state.cards !== null) {
      const coming = startOrEvict(draft, line, reserved)
      if (coming) reserved.push(coming)
    }
  }
}

/** Claims to be kept free for the model while it waits; null when it started, or when it waits for its turn only. */
function startOrEvict(draft: Draft, line: Line, reserved: readonly (readonly Claim[])[]): readonly Claim[] | null {
  const { state, atMs } = draft
  const { model } = line
  const { needMb } = model.demand
  const request = line.waiters[0]?.id ?? null
  const spread = spreadOf(needMb, state.cards ?? [], state.limits)
  const room = roomOf(state, { reserved })
  const loading = loadingCards(state)
  const placement = fit(needMb, spread, room, loading)
  if (placement) {
    startModel(draft, model, placement, 'asked for', request)
    return null
  }
  const afterLoad = fit(needMb, spread, room)
  if (afterLoad) return claimsOf(afterLoad)
  const plan = planEviction(state, { name: model.name, needMb }, reserved)
  if (!plan) return null
  const claims = claimsOf(plan.placement)
  const waitsForUse = plan.victims.some((victim) => victim.phase === 'starting' || victim.inFlight > 0)
  if (waitsForUse) return line.starved ? claims : null
  const waitsForLoad = plan.placement.gpus.some((gpu) => loading.has(gpu))
  const waitsForNext = !line.starved && plan.victims.some((victim) => lingers(victim, atMs))
  if (!waitsForLoad && !waitsForNext) for (const victim of plan.victims) stopModel(draft, victim, `room for ${model.name}`, request)
  return claims
}

/** Into idle room alone: nobody waits for a start, nothing is evicted. */
function preload(draft: Draft): void {
  const { state, atMs } = draft
  if (state.preload.length === 0 || state.closed || state.cards === null) return
  const isCalm = !startableLines(draft).some((line) => holdsMemory(line.model.demand))
  state.preload = state.preload.filter((item) => {
    const model = state.models.get(item.model) ?? stoppedModel(item.model, item.demand)
    if (isLoaded(model)) return false
    state.models.set(item.model, model)
    if (whyHopeless(state, item.model, model.demand)) return false
    if (!mayStart(state, model, atMs)) return true
    const { needMb } = model.demand
    const isFree = !holdsMemory(model.demand)
    const spread = spreadOf(needMb, state.cards ?? [], state.limits)
    const placement = isFree ? { gpus: [], claimMb: [] } : isCalm ? fit(needMb, spread, roomOf(state), loadingCards(state)) : null
    if (placement) startModel(draft, model, placement, 'on the preload list', null)
    return !placement
  })
}

/** Remembers who drains, and tells when one begins to. */
function noteDraining(draft: Draft, gates: ReadonlyMap<string, Gate>): void {
  const { state } = draft
  const draining = new Map<string, string>()
  for (const [name, gate] of gates) {
    const model = state.models.get(name)
    if (model?.phase !== 'ready' || model.inFlight === 0) continue
    const holdsBack = gate.worstRank === NOTHING || state.waiters.some((one) => one.model === name && one.rank > gate.worstRank)
    if (!holdsBack) continue
    draining.set(name, gate.cause)
    if (!state.draining.has(name)) tellMove(draft, name, 'draining', gate.cause)
  }
  state.draining = draining
}
