/** What the proxy needs from the outside; given by compose. */
import type { ProfileState, Selection } from '../contract/model.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { Registry } from '../registry/layers.ts'
import type { Availability, Backend } from '../registry/serving.ts'

export interface ProxyModels {
  /** @throws StudioError `registry-invalid` when there is nothing good to show. */
  registry(): Promise<Registry>
  availabilityOf(entries: readonly RegistryEntry[]): Promise<ReadonlyMap<string, Availability>>
  /** @throws StudioError `role-unknown`, `profile-unknown`. */
  select(role: string, options: { assumeInstalled: boolean; topN: number }): Promise<Selection>
  /** @throws StudioError `no-model-for-role`, `role-unknown`, `model-unknown`. */
  modelForRole(role: string): Promise<RegistryEntry>
  /** @throws StudioError `profile-unknown`. */
  profileState(): Promise<ProfileState>
  /** Null goes back to the detected one. Absent: the profile can only be read. @throws StudioError `profile-unknown`. */
  setProfile?(name: string | null): Promise<unknown>
  backendFor(entry: RegistryEntry): Backend
}

/** Who waits for the answer: a person before a batch, a batch before what is fetched ahead. */
export const PRIORITIES = ['interactive', 'batch', 'prefetch'] as const
export type Priority = (typeof PRIORITIES)[number]

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

/** What of the models is running, in the scheduler's words. Memory in MB, times in milliseconds. */
export interface ServingModelView {
  name: string
  state: 'stopped' | 'queued' | 'starting' | 'ready' | 'busy' | 'draining' | 'stopping' | 'failed'
  reason: string | null
  inFlight: number
  waiting: number
  slots: number
  pinned: boolean
  managed: boolean
  claims: readonly { gpu: number; mb: number }[]
  needMb: number
  idleMs: number | null
  retryInMs: number | null
}

/** Exclusive use of the cards by another program. Tokens are known to their holders alone. */
export interface Leases {
  /** Resolves when no model of ours holds a card. @throws StudioError `gpu-leased`, `cancelled`. */
  acquire(wish: { owner: string; reason: string; ttlMs: number; signal: AbortSignal }): Promise<{ token: string; ttlMs: number }>
  /** @throws StudioError `lease-unknown`. */
  heartbeat(token: string): { expiresInMs: number }
  /** @throws StudioError `lease-unknown`. */
  release(token: string): void
  /** `wanted` while models drain. */
  state(): { phase: 'wanted' | 'held'; owner: string; reason: string; ttlMs: number; expiresInMs: number | null } | null
}

/** The scheduler as the control routes see it. */
export interface Serving {
  view(): { models: readonly ServingModelView[]; inFlight: number; waiting: number }
  /** Resolves when the model answers. @throws as `Admission.admit`. */
  load(entry: RegistryEntry, signal: AbortSignal): Promise<void>
  /** Resolves when its memory is back; also when it was not loaded. @throws StudioError `model-busy`. */
  unload(name: string): Promise<void>
  lease: Leases
}

/** Memory of the cards; null where the driver does not tell. */
export interface CardReading {
  index: number
  name: string
  totalMb: number
  usedByUsMb: number | null
  usedByOthersMb: number | null
  freeMb: number | null
}
/** Never rejects; at most some seconds old. */
export type ReadCards = () => Promise<{ cards: readonly CardReading[]; note: string | null }>

/** How a picture is made smaller on its way. */
export interface PicturePolicy {
  /** Pixels. */
  longEdge: number
  /** 10 to 100. */
  jpegQuality: number
}
/** Upright, sRGB, flattened, at most `longEdge`. @throws StudioError of IMAGING_ERRORS. */
export type PreparePicture = (bytes: Uint8Array, policy: PicturePolicy, signal: AbortSignal) => Promise<{ bytes: Uint8Array; mime: string }>

/** By the tokenizer of a running model; null where it has none or does not run. Never rejects; bounded to about a second. */
export type CountTokens = (entry: RegistryEntry, text: string, signal: AbortSignal) => Promise<number | null>

/** Context in tokens that a model serves with, where memory did not suffice for what its entry asks for; else null. */
export type ReducedContextOf = (name: string) => number | null

/** What of long conversations is sent on where an entry does not say. */
export interface HistoryDefaults {
  enabled: boolean
  keepLastTurns: number
}

/** Read anew by every request; see `DEFAULT_PROXY_SETTINGS`. */
export interface ProxySettings {
  /** Names of hosts whose pictures a model server may fetch; nothing is ever fetched here. */
  pictureHosts: readonly string[]
  /** Origins of web pages that may speak to the proxy, e.g. `https://tool.example`. */
  origins: readonly string[]
  visionHistory: HistoryDefaults
  reasoningHistory: HistoryDefaults
  /** For entries without a policy of their own; `longEdge` null: pictures pass as they come. */
  picture: { longEdge: number | null; jpegQuality: number }
}

/** What was left out of a long conversation, by count. */
export interface Trimmed {
  messages: number
  images: number
  /** Messages whose thinking was taken out. */
  reasoning: number
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
  /** `bytes` as they came, `sent_bytes` as they went on; base64 undone in both. */
  images: { count: number; bytes: number; sent_bytes: number; hash: string | null }
  stream: boolean
  /** Null when the conversation went on whole. */
  trimmed: Trimmed | null
  /** Which try of the caller's this is, by its own word; 1 for the first. */
  attempt: number
  /** Milliseconds before the model could be used; null when it did not come that far. */
  queue_ms: number | null
  load_ms: number | null
  /** From our first look at the request to the first byte of the answer's content; null when there was none. */
  first_token_ms: number | null
  total_ms: number
  tokens_in: number | null
  tokens_out: number | null
  /** True when the model server did not count and the numbers are ours. */
  tokens_estimated: boolean
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
