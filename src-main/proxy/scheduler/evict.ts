/** What has to go so that a model can come. */
import type { Placement } from '../../registry/serving.ts'
import { fit, roomOf, spreadOf } from './place.ts'
import { type Claim, holdsMemory, isPinned, type ModelState, type State } from './state.ts'

interface EvictionPlan {
  /** Cheapest to lose first; empty when only stops that are under way have to end. */
  victims: ModelState[]
  /** Where the model goes once they are gone. */
  placement: Placement
}

/** Idle ones first; then those that drain already, so that a change of mind never costs two models; then the busy; then the loading. */
function classOf(state: State, model: ModelState): number {
  if (model.phase === 'starting') return 3
  if (model.inFlight === 0) return 0
  return state.draining.has(model.name) ? 1 : 2
}

/** Cost of having it back: the last load's duration, else its size. */
function reloadCost(model: ModelState): number {
  return model.demand.loadMs ?? model.demand.needMb
}

/** Models that may be asked to go, least recently used first within their class. Never a pinned one. */
function candidates(state: State, forModel: string): ModelState[] {
  return [...state.models.values()]
    .filter((model) => model.name !== forModel && (model.phase === 'ready' || model.phase === 'starting'))
    .filter((model) => holdsMemory(model.demand) && !isPinned(state, model))
    .sort((a, b) => classOf(state, a) - classOf(state, b) || a.usedAtMs - b.usedAtMs || reloadCost(a) - reloadCost(b) || (a.name < b.name ? -1 : 1))
}

/**
 * The fewest, cheapest models whose going makes room; null when even all of them are not enough.
 * `reserved`: claims of models that come before this one.
 */
export function planEviction(
  state: State,
  wish: { name: string; needMb: number },
  reserved: readonly (readonly Claim[])[] = [],
): EvictionPlan | null {
  const spread = spreadOf(wish.needMb, state.cards ?? [], state.limits)
  const going = [...state.models.values()].filter((model) => model.phase === 'stopping').map((model) => model.name)
  const tryWithout = (victims: readonly ModelState[]): Placement | null => {
    const without = new Set([...going, ...victims.map((victim) => victim.name)])
    return fit(wish.needMb, spread, roomOf(state, { without, reserved }))
  }
  let victims: ModelState[] = []
  let placement = tryWithout(victims)
  for (const candidate of candidates(state, wish.name)) {
    if (placement) break
    victims.push(candidate)
    placement = tryWithout(victims)
  }
  if (!placement) return null
  for (const victim of victims.toReversed()) {
    const fewer = victims.filter((other) => other !== victim)
    const other = tryWithout(fewer)
    if (!other) continue
    victims = fewer
    placement = other
  }
  return { victims, placement }
}
