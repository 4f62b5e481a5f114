/** New readings of the cards, and new limits while models are loaded. */
import { type Draft, tellMove } from './draft.ts'
import { usableMb } from './place.ts'
import type { CardReading } from './ports.ts'
import { type Card, holdsMemory, isPinned, type ModelState, type State } from './state.ts'

/** What others hold is what is neither free nor ours. While one of ours loads, that is too little rather than too much. */
export function readCards(state: State, readings: readonly CardReading[]): Card[] {
  const heldMb = new Map<number, number>()
  for (const model of state.models.values()) {
    for (const claim of model.claims) heldMb.set(claim.gpu, (heldMb.get(claim.gpu) ?? 0) + claim.mb)
  }
  return readings.map(({ index, totalMb, freeMb }) => ({
    index,
    totalMb,
    othersMb: freeMb === null ? 0 : Math.max(0, totalMb - freeMb - (heldMb.get(index) ?? 0)),
  }))
}

/**
 * Keeps what fits the limits, the most useful first (pinned, then in use, then last used); the rest is leaving. Done when limits change and not
 * whenever claims grow: a model measured a little larger than it was thought to be is not thrown out while it is wanted.
 */
export function markLeaving(draft: Draft): void {
  const { state } = draft
  const loaded = [...state.models.values()].filter((model) => holdsMemory(model.demand) && (model.phase === 'ready' || model.phase === 'starting'))
  const usefulness = (model: ModelState): number => (isPinned(state, model) ? 2 : 0) + (model.inFlight > 0 || model.phase === 'starting' ? 1 : 0)
  loaded.sort((a, b) => usefulness(b) - usefulness(a) || b.usedAtMs - a.usedAtMs || (a.name < b.name ? -1 : 1))
  let budgetMb = state.limits.budgetMb
  let places = state.limits.maxModels
  const left = new Map((state.cards ?? []).map((card) => [card.index, usableMb({ ...card, othersMb: 0 }, state.limits)]))
  for (const model of loaded) {
    const sumMb = model.claims.reduce((sum, claim) => sum + claim.mb, 0)
    const fits = places > 0 && sumMb <= budgetMb && model.claims.every((claim) => (left.get(claim.gpu) ?? Number.POSITIVE_INFINITY) >= claim.mb)
    if (!fits && !model.leaving) tellMove(draft, model.name, 'draining', `not within the profile ${state.limits.profile}`)
    model.leaving = !fits
    if (!fits) continue
    places -= 1
    budgetMb -= sumMb
    // A card that was not read yet, as at the start, limits nobody.
    for (const claim of model.claims) if (left.has(claim.gpu)) left.set(claim.gpu, left.get(claim.gpu)! - claim.mb)
  }
}
