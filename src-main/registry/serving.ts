/** What a backend is to those who choose one and call it. Types only: backends implement them, the selector and the proxy consume them. */
import type { BackendName } from '../contract/model.ts'
import type { StudioError } from '../lib/studio-error.ts'
import type { RegistryEntry } from './entry.ts'

/** A reason beats a boolean: whether a model can answer now, and if not, why and what to do. */
export interface Availability {
  /**
   * ready: answers at once · loading · available: answers after a load · failed: is tried again when it is asked for, and could not be
   * loaded the last time · not-installed: weights or server are not here · unreachable: was set up, does not answer.
   */
  state: 'ready' | 'loading' | 'available' | 'failed' | 'not-installed' | 'unreachable'
  /** One sentence; null when there is nothing to explain. */
  reason: string | null
}

/** Routes of OpenAI's protocol that are passed on. */
export type ModelRoute = 'chat/completions' | 'completions' | 'embeddings'

export interface ChatRequest {
  /** Default `chat/completions`. Backends without the route refuse with `request-invalid`. */
  route?: ModelRoute
  /** The parsed body; treat as read-only. */
  body: Readonly<Record<string, unknown>>
  stream: boolean
  /** The caller's bytes with only the model's name exchanged (and absent defaults added). */
  encode(modelId: string): Buffer
  /** The same in pieces, without a copy of what is large. */
  pieces?(modelId: string): readonly Uint8Array[]
}

export interface BackendReply {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  /** Raises StudioError `backend-failed` or `backend-timeout` when it breaks off. Leaving the loop early ends the upstream request. */
  body: AsyncIterable<Uint8Array>
}

export interface Backend {
  readonly name: BackendName
  /** Never rejects; bounded to about a second; answers may be a few seconds old. */
  availability(entry: RegistryEntry): Promise<Availability>
  /**
   * Resolves when the status line is there, whatever it is.
   * @throws StudioError `backend-unreachable`, `backend-timeout`, `backend-failed`, `secret-missing`, `endpoint-consent-required`, `weights-missing`, `cancelled`.
   */
  chat(entry: RegistryEntry, request: ChatRequest, signal: AbortSignal): Promise<BackendReply>
}

/** Where the figure of a need comes from, best first. */
export type NeedSource = 'measured' | 'estimated' | 'registry' | 'none'

/** What running a model takes on this machine. */
export interface Demand {
  /** Graphics memory in MB in all; 0: none of ours (processor, or another machine). */
  needMb: number
  source: NeedSource
  /** Requests that it answers side by side, at least 1. */
  slots: number
  /** True when the studio may start and stop it (our child, Ollama). A server that somebody else runs is used as it is. */
  managed: boolean
  /** Of the last load; null when it was never seen. */
  loadMs: number | null
}

/** The cards a model is put on; none for the processor. */
export interface Placement {
  /** Indices of cards as the driver counts them. */
  gpus: readonly number[]
  /** MB to be claimed on each of them, same order. */
  claimMb: readonly number[]
}

export interface Started {
  /** Memory that it took, in MB by card index, where it could be measured. */
  measuredMb: Readonly<Record<number, number>> | null
  loadMs: number
}

/** Starting and stopping models, as the scheduler sees it: one owner of every model's process. */
export interface ModelRunner {
  /** Bounded to about a second; figures as known now. */
  demandOf(entry: RegistryEntry): Promise<Demand>
  /**
   * Resolves when exactly this model answers; joins a start that is under way. A model that answers already resolves at once.
   * @throws StudioError `backend-start-failed` (data {cause, remedy}), `weights-missing`, `model-locked`, `backend-unreachable`, `backend-timeout`, `cancelled`.
   */
  start(entry: RegistryEntry, placement: Placement, options: { timeoutMs: number; signal: AbortSignal }): Promise<Started>
  /** Resolves when its process is gone and its memory is back (or was given up on). Idempotent. */
  stop(name: string): Promise<void>
  /** Told when a model ended without being asked to. Returns its own undo. */
  onGone(listener: (name: string, error: StudioError) => void): () => void
  /** Models that answer already, for example adopted after our own crash. */
  running(): Promise<readonly { entry: RegistryEntry; placement: Placement }[]>
}
