/** The scheduler's state in the words that people and programs are shown. */
import type { Clock } from '../../lib/clock.ts'
import type { Move, ShownState } from './events.ts'
import { roomOf } from './place.ts'
import { type Claim, holdsMemory, isPinned, type ModelState, type State } from './state.ts'

const TRANSITIONS_KEPT = 200

export interface Transition extends Move {
  /** ISO 8601, UTC. */
  time: string
}

export interface ModelView {
  name: string
  state: ShownState
  /** Why, where it is not plain: who drains it, what failed. */
  reason: string | null
  inFlight: number
  waiting: number
  slots: number
  pinned: boolean
  managed: boolean
  claims: readonly Claim[]
  needMb: number
  /** Milliseconds since its last use while idle. */
  idleMs: number | null
  /** Milliseconds until it is tried again, when it failed. */
  retryInMs: number | null
}

export interface SchedulerView {
  profile: string | null
  models: ModelView[]
  cards: { index: number; totalMb: number; othersMb: number; claimedMb: number; offersMb: number }[]
  inFlight: number
  waiting: number
  /** Oldest first, at most 200. Requests coming and going are not among them. */
  transitions: readonly Transition[]
}

export function createTransitions(clock: Clock): { add(move: Move): void; list(): readonly Transition[] } {
  const kept: Transition[] = []
  return {
    add({ model, to, cause, request }) {
      kept.push({ time: new Date(clock.nowMs()).toISOString(), model, to, cause, request })
      if (kept.length > TRANSITIONS_KEPT) kept.shift()
    },
    list: () => [...kept],
  }
}

function shownState(state: State, model: ModelState, waiting: number, atMs: number): ShownState {
  if (model.phase === 'starting' || model.phase === 'stopping') return model.phase
  if (model.phase === 'ready') {
    if (model.leaving || state.draining.has(model.name)) return 'draining'
    return model.inFlight > 0 ? 'busy' : 'ready'
  }
  if (model.lastRefusal && (atMs < model.retryAtMs || model.loadFailures > 0 || model.crashes > 0)) return 'failed'
  return waiting > 0 ? 'queued' : 'stopped'
}

function reasonOf(state: State, model: ModelState, shown: ShownState): string | null {
  if (shown === 'failed') return model.lastRefusal?.message ?? null
  if (shown === 'draining') return state.draining.get(model.name) ?? `not within the profile ${state.limits.profile}`
  return null
}

export function viewOf(state: State | null, transitions: readonly Transition[], atMs: number): SchedulerView {
  if (!state) return { profile: null, models: [], cards: [], inFlight: 0, waiting: 0, transitions }
  const models = [...state.models.values()].map((model): ModelView => {
    const waiting = state.waiters.filter((waiter) => waiter.model === model.name).length
    const shown = shownState(state, model, waiting, atMs)
    return {
      name: model.name,
      state: shown,
      reason: reasonOf(state, model, shown),
      inFlight: model.inFlight,
      waiting,
      slots: model.demand.slots,
      pinned: isPinned(state, model),
      managed: model.demand.managed,
      claims: model.claims,
      needMb: model.demand.needMb,
      idleMs: model.phase === 'ready' && model.inFlight === 0 ? Math.max(0, atMs - model.usedAtMs) : null,
      retryInMs: shown === 'failed' ? Math.max(0, model.retryAtMs - atMs) : null,
    }
  })
  const room = new Map(roomOf(state).cards.map((card) => [card.index, card.offersMb]))
  const claims = [...state.models.values()].filter((model) => holdsMemory(model.demand)).flatMap((model) => model.claims)
  return {
    profile: state.limits.profile,
    models: models.sort((a, b) => (a.name < b.name ? -1 : 1)),
    cards: (state.cards ?? []).map((card) => ({
      ...card,
      claimedMb: claims.reduce((sum, claim) => sum + (claim.gpu === card.index ? claim.mb : 0), 0),
      offersMb: Math.max(0, room.get(card.index) ?? 0),
    })),
    inFlight: state.granted.size,
    waiting: state.waiters.length,
    transitions,
  }
}
