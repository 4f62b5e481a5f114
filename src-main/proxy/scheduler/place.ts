/** Where a model goes: which cards, and how much of each. Pure arithmetic on claims. */
import type { Placement } from '../../registry/serving.ts'
import type { Limits } from './ports.ts'
import { type Card, type Claim, holdsMemory, isLoaded, type State } from './state.ts'

/** What is left when certain models are thought away and certain claims are added. */
export interface Room {
  cards: readonly { index: number; offersMb: number }[]
  budgetLeftMb: number
  modelsLeft: number
}

interface RoomWish {
  without?: ReadonlySet<string>
  /** Claims of models that are about to come: one list each. */
  reserved?: readonly (readonly Claim[])[]
}

/** MB of a card that our models may hold together. Other programs eat the reserve first. */
export function usableMb(card: Card, limits: Limits): number {
  return Math.max(0, card.totalMb - Math.max(limits.reserveMb, card.othersMb))
}

export function roomOf(state: State, { without, reserved = [] }: RoomWish = {}): Room {
  const lists: (readonly Claim[])[] = [...reserved]
  for (const model of state.models.values()) {
    if (isLoaded(model) && holdsMemory(model.demand) && !without?.has(model.name)) lists.push(model.claims)
  }
  const claims = lists.flat()
  const heldMb = (index: number): number => claims.reduce((sum, claim) => sum + (claim.gpu === index ? claim.mb : 0), 0)
  return {
    cards: (state.cards ?? []).map((card) => ({ index: card.index, offersMb: usableMb(card, state.limits) - heldMb(card.index) })),
    budgetLeftMb: state.limits.budgetMb - claims.reduce((sum, claim) => sum + claim.mb, 0),
    modelsLeft: state.limits.maxModels - lists.length,
  }
}

/**
 * Over how many cards a model is spread. Decided on empty cards, so that it does not depend on what happens to be loaded:
 * above the profile's threshold, or when no single card could hold it, over the profile's number of cards (without one: as few as hold it,
 * by powers of two, for loaders want that); else one.
 */
export function spreadOf(needMb: number, cards: readonly Card[], limits: Limits): number {
  const usable = cards.map((card) => usableMb(card, limits)).sort((a, b) => b - a)
  const holdsOn = (count: number): boolean => (usable[count - 1] ?? 0) >= Math.ceil(needMb / count)
  const { gpuCount } = limits
  if (gpuCount !== null) {
    const wanted = (limits.splitAboveMb !== null && needMb > limits.splitAboveMb) || !holdsOn(1)
    return wanted && gpuCount <= cards.length ? gpuCount : 1
  }
  for (let count = 1; count <= cards.length; count *= 2) if (holdsOn(count)) return count
  return 1
}

/** Null when there is no room. A single card is the fullest that still holds it; several are the emptiest. Cards in `avoid` are not taken. */
export function fit(needMb: number, spread: number, room: Room, avoid?: ReadonlySet<number>): Placement | null {
  const perCardMb = Math.ceil(needMb / spread)
  if (room.modelsLeft < 1 || perCardMb * spread > room.budgetLeftMb) return null
  const open = room.cards.filter((card) => card.offersMb >= perCardMb && !avoid?.has(card.index))
  if (open.length < spread) return null
  const byRoom = [...open].sort((a, b) => (spread === 1 ? a.offersMb - b.offersMb : b.offersMb - a.offersMb) || a.index - b.index)
  const gpus = byRoom
    .slice(0, spread)
    .map((card) => card.index)
    .sort((a, b) => a - b)
  return { gpus, claimMb: gpus.map(() => perCardMb) }
}

export function claimsOf(placement: Placement): Claim[] {
  return placement.gpus.map((gpu, at) => ({ gpu, mb: placement.claimMb[at] ?? 0 }))
}

/** Cards on which a model is being loaded: one load a card at a time, so that memory can be attributed. */
export function loadingCards(state: State): Set<number> {
  const cards = new Set<number>()
  for (const model of state.models.values()) if (model.phase === 'starting') for (const claim of model.claims) cards.add(claim.gpu)
  return cards
}
