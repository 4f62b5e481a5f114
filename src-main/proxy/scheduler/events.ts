/** What happens to the scheduler and what it wants done. Plain data. */
import type { Placement } from '../../registry/serving.ts'
import type { Priority } from '../ports.ts'
import type { CardReading, Limits } from './ports.ts'
import type { ModelDemand, PreloadItem, Refusal } from './state.ts'

export type SchedulerEvent = { atMs: number } & (
  | { kind: 'request-arrived'; id: string; model: string; demand: ModelDemand; priority: Priority; deadlineAtMs?: number }
  | { kind: 'request-cancelled'; id: string }
  | { kind: 'request-finished'; id: string }
  | { kind: 'load-asked'; id: string; model: string; demand: ModelDemand }
  | { kind: 'unload-asked'; id: string; model: string }
  | { kind: 'pinned'; model: string; on: boolean }
  | { kind: 'load-succeeded'; model: string; measuredMb: Readonly<Record<number, number>> | null }
  | { kind: 'load-failed'; model: string; refusal: Refusal }
  /** `cards` was read after the process had ended. */
  | { kind: 'stop-finished'; model: string; cards?: readonly CardReading[] }
  | { kind: 'model-gone'; model: string; refusal: Refusal }
  | { kind: 'adopted'; model: string; demand: ModelDemand; placement: Placement }
  | { kind: 'capacity-changed'; cards?: readonly CardReading[]; limits?: Limits }
  | { kind: 'preload-wanted'; items: readonly PreloadItem[] }
  | { kind: 'lease-asked'; id: string; owner: string; reason: string; ttlMs: number }
  | { kind: 'lease-renewed'; id: string }
  | { kind: 'lease-ended'; id: string; cause: string }
  | { kind: 'closed' }
  | { kind: 'tick' }
)

/** Words of a model's life as others see it. */
export type ShownState = 'stopped' | 'queued' | 'starting' | 'ready' | 'busy' | 'draining' | 'stopping' | 'failed'

export interface Move {
  model: string
  to: ShownState
  cause: string
  /** The request that caused it, where it was one. */
  request: string | null
}

export type Effect =
  /** `granted` and `refused` end the waiting of a request, a load, an unload or a lease; each gets exactly one of them. */
  | { kind: 'granted'; id: string; queueMs: number; loadMs: number }
  | { kind: 'refused'; id: string; refusal: Refusal }
  | { kind: 'start'; model: string; placement: Placement }
  | { kind: 'stop'; model: string }
  | ({ kind: 'moved' } & Move)
  | { kind: 'lease-over'; id: string; cause: string }
  /** Send a `tick` then; null: none is needed. Replaces the wish before. */
  | { kind: 'wake'; atMs: number | null }
