/** What a tagging run needs from the outside. Implemented by db, imaging and the proxy client; given by compose. */
import type { BackendName, PhotoState, Proposal, RunFailure, RunSummary, Stage } from '../contract/model.ts'
import type { ChatRequest } from './request.ts'

export type NewProposal = Omit<Proposal, 'id'>

export interface ProposalStore {
  add(proposal: NewProposal): Proposal
  /** The newest proposal of each stage. */
  latest(photoId: number): Partial<Record<Stage, Proposal>>
  /** Every different answer to the photo, the newest of each first; at most `limit`. */
  alternatives(photoId: number, limit: number): Proposal[]
  /** A proposal of this stage made from the same bytes with the same settings, if there is one: done is done. */
  findSame(photoId: number, stage: Stage, contentHash: string, settingsHash: string): Proposal | undefined
}

export type ItemState = 'waiting' | 'working' | 'done' | 'failed' | 'cancelled'

export interface StoredRun {
  runId: number
  state: RunSummary['state']
  stages: Stage[]
  /** Model chosen by hand for a stage's role; other stages follow the selector. */
  models: Partial<Record<Stage, string>>
  startedAtMs: number
  finishedAtMs: number | null
}

export interface RunStore {
  create(stages: readonly Stage[], models: Partial<Record<Stage, string>>, photoIds: readonly number[], startedAtMs: number): StoredRun
  get(runId: number): StoredRun | undefined
  /** Newest first. */
  list(limit: number): StoredRun[]
  setState(runId: number, state: RunSummary['state'], finishedAtMs: number | null): void
  setModels(runId: number, models: Partial<Record<Stage, string>>): void
  /** Takes the next waiting item and marks it working; undefined when none waits. One transaction. */
  takeNext(runId: number): number | undefined
  finishItem(runId: number, photoId: number, state: 'done' | 'failed' | 'waiting', failure: Omit<RunFailure, 'photoId' | 'path'> | null): void
  counts(runId: number): { total: number; done: number; failed: number; waiting: number; working: number }
  failures(runId: number): RunFailure[]
  /** Failed items become waiting again; returns how many. */
  retryFailed(runId: number): number
  /** Waiting and working items become cancelled, for good; returns their photo ids. */
  cancelItems(runId: number): number[]
  /** Working items of a dead process become waiting and running runs interrupted; called once at start. Returns the run ids. */
  recoverInterrupted(): number[]
}

/** The picture a model sees: upright sRGB JPEG without metadata. */
export interface ModelView {
  jpeg: Uint8Array
  width: number
  height: number
}

/** What tagging needs to know of a looked-at photo. */
export interface TaggingFacts {
  /** SHA-256 of the file, hex. */
  contentHash: string
  /** EXIF capture time: true UTC when `takenAtOffsetMinutes` is a number, else the camera's local clock read as UTC. */
  takenAtMs: number | null
  /** Minutes east of UTC as the camera wrote it; null or missing when it wrote none. */
  takenAtOffsetMinutes: number | null
  /** Decimal degrees, WGS 84. */
  gps: { latitude: number; longitude: number } | null
  /** EXIF orientation 1..8. */
  orientation: number
}

export interface TaggingPhotos {
  find(photoId: number): { path: string } | undefined
  /** One transaction. */
  setState(photoIds: readonly number[], state: PhotoState): void
  /** Takes photos out of the queue: back to where each stands by its decision and its proposals (see `restingState`). One transaction. */
  unqueue(photoIds: readonly number[]): void
  /**
   * The facts of a photo, looking at the file when that has not been done.
   * @throws StudioError of IMAGING_ERRORS or LIBRARY_ERRORS
   */
  ensureLooked(photoId: number, signal: AbortSignal): Promise<TaggingFacts>
}

/** @throws StudioError of IMAGING_ERRORS */
export type ModelViewPort = (photoId: number, longEdge: number, signal: AbortSignal) => Promise<ModelView>

export interface ResolvedModel {
  /** Registry name, sent as `model` to the proxy. */
  name: string
  backend: BackendName
  /** True when the picture leaves this machine. */
  remote: boolean
}

/** @throws StudioError of MODEL_ERRORS, e.g. `no-model-for-role`. `wanted` is a name chosen by hand or fixed when the run began. */
export type ResolveModel = (stage: Stage, wanted: string | undefined) => ResolvedModel | Promise<ResolvedModel>

export interface ChatReply {
  rawText: string
  /** Name of the model that answered. */
  model: string
  backend: string
  /** OpenAI's finish_reason; `length` means that the budget ended the reply. */
  finishReason: string | null
}

/**
 * One chat completion through the studio's own proxy.
 * @throws StudioError of MODEL_ERRORS; `data.retryAfterMs` is honoured when the error may be tried again (`retry` other than `never`).
 */
export type ChatPort = (body: ChatRequest, options: { signal: AbortSignal }) => Promise<ChatReply>

/** Bounded concurrency, given by the jobs room. Rejects with StudioError `cancelled` when `signal` aborts before the job began. */
export interface WorkQueue {
  add<T>(job: (signal: AbortSignal) => Promise<T>, options?: { priority?: number; signal?: AbortSignal }): Promise<T>
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts. */
export type Delay = (ms: number, signal: AbortSignal) => Promise<void>
