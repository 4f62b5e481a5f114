/** What a tagging run needs from the outside. Implemented by db, imaging and the proxy client; given by compose. */
import type { Proposal, RunFailure, RunSummary, Stage } from '../contract/model.ts'

export type NewProposal = Omit<Proposal, 'id'>

export interface ProposalStore {
  add(proposal: NewProposal): Proposal
  /** The newest proposal of each stage. */
  latest(photoId: number): Partial<Record<Stage, Proposal>>
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
  /** Working items of a dead process become waiting and running runs interrupted; called once at start. Returns the run ids. */
  recoverInterrupted(): number[]
}

/** The picture a model sees: upright sRGB JPEG without metadata. */
export interface ModelView {
  jpeg: Uint8Array
  width: number
  height: number
}
