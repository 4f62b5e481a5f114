/** What the run driver needs and what it offers. */
import type { RunFailure, RunSummary, Stage } from '../contract/model.ts'
import type { Settings } from '../contract/settings.ts'
import type { EventBus } from '../lib/event-bus.ts'
import type { Logger } from '../lib/logger.ts'
import type { ResolveModel, RunStore, WorkQueue } from './ports.ts'
import type { PromptProfile } from './prompt-profile.ts'
import type { PhotoPorts } from './tag-photo.ts'

export interface TaggingRunsOptions extends Omit<PhotoPorts, 'requestTimeoutMs'> {
  runs: RunStore
  resolveModel: ResolveModel
  /** The prompt profile in force; read when a run starts or goes on. */
  prompt: () => PromptProfile
  settings: () => Pick<Settings, 'taggingConcurrency' | 'modelViewLongEdge' | 'sendPhotoFacts'>
  /** Its bound should be `settings().taggingConcurrency`: it holds requests, not preparations. */
  queue: WorkQueue
  events: EventBus
  log: Logger
  /** Longest wait for one reply, loading of the model included. Default 900,000. */
  requestTimeoutMs?: number
}

export interface TaggingRuns {
  /** @throws StudioError of MODEL_ERRORS when a stage has no model; nothing is queued then. */
  start(request: { photoIds: readonly number[]; stages: readonly Stage[]; models?: Partial<Record<Stage, string>> }): Promise<RunSummary>
  /** Photos in work are finished, no further one is begun. @throws StudioError `run-not-found`, `run-not-active` (as every call with a run id may) */
  pause(runId: number): RunSummary
  /** Goes on with a paused or interrupted run; finished photos stay finished. */
  resume(runId: number): Promise<RunSummary>
  /** Aborts the requests under way. Proposals already stored stay. */
  cancel(runId: number): RunSummary
  retryFailed(runId: number): Promise<RunSummary>
  /** Newest first, at most 50. */
  list(): RunSummary[]
  failures(runId: number): RunFailure[]
  /** Called once at start, after a crash or not: the runs that can be resumed. Starts nothing. */
  recover(): RunSummary[]
  /** Resolves when the run is neither running nor paused any more. */
  settled(runId: number): Promise<RunSummary>
  /** Stops taking photos, aborts requests, waits for them; running runs become interrupted and can be resumed. */
  dispose(): Promise<void>
}
