/** What the scheduler needs from the outside; given by compose. */
import type { RegistryEntry } from '../../registry/entry.ts'

export interface CardReading {
  /** As the driver counts it. */
  index: number
  totalMb: number
  /** As the driver says; null when it does not. */
  freeMb: number | null
}

export interface Capacity {
  cards: readonly CardReading[]
}

/** What the deployment profile lets the scheduler do. Made by `limitsFrom`. */
export interface Limits {
  profile: string
  /** Graphics memory in MB for all our models together. */
  budgetMb: number
  /** Managed models that hold graphics memory at the same time, at least 1. */
  maxModels: number
  /** Left free on every card for the driver, the desktop and fragments. Memory of other programs counts against it. */
  reserveMb: number
  /** Cards that a spread model takes; null: as few as hold it, by powers of two. */
  gpuCount: number | null
  /** A model that needs more is spread, even where one card would hold it. */
  splitAboveMb: number | null
  /** Idle time after which a model is unloaded. */
  graceMs: number
  /** For one start of a model. */
  startTimeoutMs: number
  /** Names, loaded into idle room. */
  preload: readonly string[]
  /** Requests that may wait, of all models together. */
  queueLimit: number
}

export interface LimitsPort {
  current(): Promise<Limits>
  /** Told when another profile is active or its file changed. Returns its own undo. */
  onChanged(listener: () => void): () => void
}

/** The entry of a name on a preload list; undefined when the registry has none. */
export type FindEntry = (name: string) => Promise<RegistryEntry | undefined>

/** Runs `then` once after `ms`; the answer takes it back. Holds no process open. */
export type SetTimer = (ms: number, then: () => void) => () => void
