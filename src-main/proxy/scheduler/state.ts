/** What the scheduler knows. Times are monotonic milliseconds; they come with the events. */
import type { ErrorCode } from '../../contract/errors/index.ts'
import type { Retry } from '../../lib/studio-error.ts'
import type { Demand } from '../../registry/serving.ts'
import type { Limits } from './ports.ts'

/** A refusal as plain data; the driver makes a StudioError of it. */
export interface Refusal {
  code: ErrorCode
  message: string
  data: Record<string, unknown>
  retry: Retry
}

export interface ModelDemand extends Demand {
  /** By its registry entry; `pin` of a person goes before it. */
  pinned: boolean
  /** Idle time before it is unloaded; null: the profile's. */
  graceMs: number | null
}

/** Memory of one card that a model holds or will hold. */
export interface Claim {
  gpu: number
  mb: number
}

export interface Card {
  index: number
  totalMb: number
  /** Held by other programs at the last reading, as far as the driver says. */
  othersMb: number
}

type Phase = 'stopped' | 'starting' | 'ready' | 'stopping'

export interface ModelState {
  name: string
  /** Of the arrival that found it stopped; kept while it is loaded. */
  demand: ModelDemand
  phase: Phase
  /** Empty while stopped, and always for models that hold no graphics memory of ours. */
  claims: readonly Claim[]
  /** Counts the starts, so that requests of a crashed process are not taken for those of the next. */
  generation: number
  /** Granted requests of the present generation. */
  inFlight: number
  startAtMs: number
  readyAtMs: number
  /** End of the last request, or the end of the load. */
  usedAtMs: number
  grantedAtMs: number
  /** Requests granted since it became ready. */
  turnGrants: number
  /** Later requests for other models that were served first while this one waited for room. */
  passed: number
  /** Requests that went before an older one in this model's own line. */
  overtaken: number
  oldestGrantAtMs: number
  /** Over the limits of the profile: takes nothing new and stops when idle. */
  leaving: boolean
  /** Askers of an unload under way. */
  unloaders: readonly string[]
  /** Failed loads in a row, and crashes in a row. */
  loadFailures: number
  crashes: number
  /** No start before. */
  retryAtMs: number
  /** Refused at once until then. */
  refusedUntilMs: number
  lastRefusal: Refusal | null
}

export interface Waiter {
  id: string
  /** `load`: content with the model being there; takes no slot. */
  kind: 'request' | 'load'
  /** Order of arrival. */
  seq: number
  model: string
  /** 0 interactive · 1 batch · 2 prefetch. */
  rank: number
  arrivedAtMs: number
  deadlineAtMs: number | null
}

export interface LeaseState {
  /** The asker's id; the token stays with the driver. */
  id: string
  owner: string
  reason: string
  ttlMs: number
  /** Null until granted. */
  expiresAtMs: number | null
}

export interface PreloadItem {
  model: string
  demand: ModelDemand
}

export interface State {
  /** Null until the first reading. */
  cards: readonly Card[] | null
  limits: Limits
  models: Map<string, ModelState>
  /** By order of arrival. */
  waiters: Waiter[]
  /** Requests under way. */
  granted: Map<string, { model: string; generation: number }>
  /** Said by a person; goes before the entry. */
  pins: ReadonlyMap<string, boolean>
  /** The profile's whole list, and what of it is still to be loaded. */
  preloadList: readonly PreloadItem[]
  preload: readonly PreloadItem[]
  lease: LeaseState | null
  /** Models that drain after the last pass, to choose the same ones again. */
  draining: ReadonlyMap<string, string>
  nextSeq: number
  wakeAtMs: number | null
  /** Nothing starts any more. */
  closed: boolean
}

export function initialState(limits: Limits): State {
  return {
    cards: null,
    limits,
    models: new Map(),
    waiters: [],
    granted: new Map(),
    pins: new Map(),
    preloadList: [],
    preload: [],
    lease: null,
    draining: new Map(),
    nextSeq: 1,
    wakeAtMs: null,
    closed: false,
  }
}

/** A state of its own for one event: what is changed in it is not seen by holders of the old one. `pins` and `draining` are only ever replaced. */
export function copyOf(state: State): State {
  const models = new Map<string, ModelState>()
  for (const [name, model] of state.models) models.set(name, { ...model })
  return { ...state, models, waiters: [...state.waiters], granted: new Map(state.granted), lease: state.lease && { ...state.lease } }
}

export function stoppedModel(name: string, demand: ModelDemand): ModelState {
  return {
    name,
    demand,
    phase: 'stopped',
    claims: [],
    generation: 0,
    inFlight: 0,
    startAtMs: 0,
    readyAtMs: 0,
    usedAtMs: 0,
    grantedAtMs: 0,
    turnGrants: 0,
    passed: 0,
    overtaken: 0,
    oldestGrantAtMs: 0,
    leaving: false,
    unloaders: [],
    loadFailures: 0,
    crashes: 0,
    retryAtMs: 0,
    refusedUntilMs: 0,
    lastRefusal: null,
  }
}

/** Whether it holds graphics memory of ours when loaded. */
export function holdsMemory(demand: Demand): boolean {
  return demand.managed && demand.needMb > 0
}

export function isLoaded(model: ModelState): boolean {
  return model.phase !== 'stopped'
}

export function isPinned(state: State, model: ModelState): boolean {
  return state.pins.get(model.name) ?? model.demand.pinned
}

export function waitersOf(state: State, name: string): Waiter[] {
  return state.waiters.filter((waiter) => waiter.model === name)
}
