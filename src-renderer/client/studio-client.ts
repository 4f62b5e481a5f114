/** How the window reaches the studio: the contract over whichever transport the host has. Runs in the renderer. */
import type { StudioEvent } from '../../src-main/contract/events.ts'
import type { Problem } from '../../src-main/contract/model.ts'
import type { Reply, RequestArgument, RouteName } from '../../src-main/contract/routes/index.ts'

export type Host = 'electron' | 'browser' | 'memory'
/** Long edge in pixels; FULL_SIZE_PX stands for all the photo has. */
export const FULL_SIZE_PX = 32_000
export type ThumbSize = 320 | 1600 | typeof FULL_SIZE_PX
export type Retry = 'never' | 'now' | 'later'

/** What a host answers to every request. */
export type Envelope<T> = { ok: true; value: T } | { ok: false; error: Problem & { retry?: Retry } }

/** Events of the studio, and what the transport itself has to tell. */
export type ClientEvent = StudioEvent | { name: 'connection'; data: { state: 'lost' | 'restored' } }

export interface StudioClient {
  readonly host: Host
  /** Rejects with a ClientFailure and nothing else. */
  request<N extends RouteName>(name: N, input: RequestArgument<N>): Promise<Reply<N>>
  /** Returns its own undo. */
  subscribe(listener: (event: ClientEvent) => void): () => void
  /** Address of a picture with a long edge of `size` pixels; the content hash makes it change with the file. */
  thumbUrl(photoId: number, size: ThumbSize, contentHash: string | null): string
  /** Address of the picture that a model was sent, with that long edge in pixels. */
  viewUrl(photoId: number, longEdge: number): string
  /** Grants for dropped files and folders, or null where the host cannot see where dropped files live (a browser page). */
  admit(files: readonly File[]): Promise<string[] | null>
}

/** A request that did not succeed, as a record that can be shown: the sentence is made from `problem` in copy/. */
export class ClientFailure extends Error {
  readonly problem: Problem
  readonly retry: Retry

  constructor(problem: Problem, retry: Retry = 'never') {
    super(problem.message)
    this.name = 'ClientFailure'
    this.problem = problem
    this.retry = retry
  }
}

/** The value of an envelope; throws ClientFailure for an error and for anything that is not an envelope. */
export function openEnvelope<T>(envelope: Envelope<T> | null | undefined): T {
  if (envelope?.ok === true) return envelope.value
  if (envelope?.ok === false && envelope.error) {
    const { retry, ...problem } = envelope.error
    throw new ClientFailure(problem, retry)
  }
  throw new ClientFailure({ code: 'internal', message: 'The studio gave an answer that this window does not understand.' })
}
