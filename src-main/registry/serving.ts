/** What a backend is to those who choose one and call it. Types only: backends implement them, the selector and the proxy consume them. */
import type { BackendName } from '../contract/model.ts'
import type { RegistryEntry } from './entry.ts'

/** A reason beats a boolean: whether a model can answer now, and if not, why and what to do. */
export interface Availability {
  /** ready: answers at once · loading · available: answers after a load · not-installed: weights or server are not here · unreachable: was set up, does not answer. */
  state: 'ready' | 'loading' | 'available' | 'not-installed' | 'unreachable'
  /** One sentence; null when there is nothing to explain. */
  reason: string | null
}

export interface ChatRequest {
  /** The parsed body; treat as read-only. */
  body: Readonly<Record<string, unknown>>
  stream: boolean
  /** The caller's bytes with only the model's name exchanged (and absent defaults added). */
  encode(modelId: string): Buffer
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
