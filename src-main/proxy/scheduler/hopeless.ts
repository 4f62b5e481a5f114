/** Loads that cannot succeed are refused before they start, with numbers. */
import { refusal } from './draft.ts'
import { fit, type Room, roomOf, spreadOf, usableMb } from './place.ts'
import { holdsMemory, isLoaded, isPinned, type ModelDemand, type Refusal, type State } from './state.ts'

function namesOf(state: State, which: (name: string) => boolean): string[] {
  return [...state.models.values()].filter((model) => isLoaded(model) && holdsMemory(model.demand) && which(model.name)).map(({ name }) => name)
}

/** What the cards could give to one model spread over `spread` of them. */
function offerOf(room: Room, spread: number): number {
  const perCard = room.cards.map((card) => Math.max(0, card.offersMb)).sort((a, b) => b - a)[spread - 1] ?? 0
  return Math.max(0, Math.min(perCard * spread, room.budgetLeftMb))
}

function numbersIn(room: Room, needMb: number, spread: number, state: State): string {
  if (needMb > room.budgetLeftMb) return `needs ${needMb} MB, the profile ${state.limits.profile} leaves ${Math.max(0, room.budgetLeftMb)} MB`
  if (room.cards.length === 0) return `needs ${needMb} MB, there is no graphics card`
  const sorted = [...room.cards].sort((a, b) => b.offersMb - a.offersMb || a.index - b.index).slice(0, spread)
  const offers = sorted.map((card) => `card ${card.index} offers ${Math.max(0, card.offersMb)}`).join(', ')
  return spread === 1 ? `needs ${needMb} MB, ${offers}` : `needs ${Math.ceil(needMb / spread)} MB on each of ${spread} cards, ${offers}`
}

/** Null when it fits once everything that may be unloaded is gone (waiting can help); else why it never will as things are. */
export function whyHopeless(state: State, name: string, demand: ModelDemand): Refusal | null {
  if (!holdsMemory(demand) || state.cards === null) return null
  const { needMb } = demand
  const { limits, cards } = state
  const spread = spreadOf(needMb, cards, limits)
  const stays = (other: string): boolean => {
    const model = state.models.get(other)
    return model !== undefined && other !== name && isPinned(state, model) && !model.leaving && model.phase !== 'stopping'
  }
  const pinned = namesOf(state, stays)
  const besidePinned = roomOf(state, { without: new Set(namesOf(state, (other) => !stays(other))) })
  if (fit(needMb, spread, besidePinned)) return null
  const empty = roomOf(state, { without: new Set(namesOf(state, () => true)) })
  const data = {
    name,
    model: name,
    needMb,
    budgetMb: limits.budgetMb,
    profile: limits.profile,
    cards: cards.map((card) => ({ index: card.index, totalMb: card.totalMb, othersMb: card.othersMb, usableMb: usableMb(card, limits) })),
  }
  // Memory of other programs can come back.
  const othersInTheWay = cards.some((card) => card.othersMb > limits.reserveMb)
  if (!fit(needMb, spread, empty)) {
    return refusal(
      'model-does-not-fit',
      `${name} ${numbersIn(empty, needMb, spread, state)}`,
      { ...data, offersMb: offerOf(empty, spread) },
      othersInTheWay ? 'later' : 'never',
    )
  }
  const which = pinned.join(', ')
  const numbers =
    besidePinned.modelsLeft < 1 ? `no more than ${limits.maxModels} models may be loaded at a time` : numbersIn(besidePinned, needMb, spread, state)
  const offersMb = besidePinned.modelsLeft < 1 ? 0 : offerOf(besidePinned, spread)
  return refusal('model-does-not-fit', `${name}: ${numbers} while ${which} stays loaded (pinned)`, { ...data, offersMb, pinned }, 'later')
}
