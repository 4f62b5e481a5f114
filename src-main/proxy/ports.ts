/** What the proxy needs from the outside; given by compose. */
import type { ProfileState, Selection } from '../contract/model.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { Registry } from '../registry/layers.ts'
import type { Availability, Backend } from '../registry/serving.ts'

export interface ProxyModels {
  registry(): Promise<Registry>
  availabilityOf(entries: readonly RegistryEntry[]): Promise<ReadonlyMap<string, Availability>>
  /** @throws StudioError `role-unknown`, `profile-unknown`. */
  select(role: string, options: { assumeInstalled: boolean; topN: number }): Promise<Selection>
  /** @throws StudioError `no-model-for-role`, `role-unknown`, `model-unknown`. */
  modelForRole(role: string): Promise<RegistryEntry>
  /** @throws StudioError `profile-unknown`. */
  profileState(): Promise<ProfileState>
  backendFor(entry: RegistryEntry): Backend
}

/** Who waits for the answer: a person before a batch, a batch before what is fetched ahead. */
export type Priority = 'interactive' | 'batch' | 'prefetch'

/** Leave to use a model now. */
export interface Grant {
  /** Waiting for a free place, without the load. */
  queueMs: number
  /** Waiting for the model to start; 0 when it was there. */
  loadMs: number
  /** Idempotent; the request is over. */
  release(): void
}

/** The scheduler as the routes see it. */
export interface Admission {
  /**
   * @throws StudioError `backend-overloaded` (data {retryAfterSeconds}), `model-does-not-fit` (data {needMb, ...}), `gpu-leased`,
   * `cancelled`, and whatever the start of the model raised.
   */
  admit(entry: RegistryEntry, wish: { priority: Priority; signal: AbortSignal }): Promise<Grant>
}

/** One line of the request log. Never a picture's bytes, never text of a prompt or an answer. */
export interface RequestRecord {
  id: string
  /** ISO 8601, UTC. */
  time: string
  /** The caller's own name for itself, shortened. */
  caller: string | null
  role: string | null
  /** As asked for until it is resolved. */
  model: string | null
  backend: string | null
  prompt_hash: string | null
  options: Record<string, unknown>
  images: { count: number; bytes: number; hash: string | null }
  stream: boolean
  /** From our first look at the request to the first byte of the answer's content; null when there was none. */
  first_token_ms: number | null
  total_ms: number
  tokens_in: number | null
  tokens_out: number | null
  finish_reason: string | null
  status: number
  error_code: string | null
}

export interface RequestLog {
  /** Returns at once; a line that cannot be written is dropped and told once. */
  write(record: RequestRecord): void
  /** Resolves when everything given so far is on disk or dropped. */
  flush(): Promise<void>
}
