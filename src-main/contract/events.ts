import type { ImportSummary, PhotoState, Problem, RunSummary, WriteOutcome } from './model.ts'

/** What the studio tells its windows. Types only: events come from us. */
export interface StudioEvents {
  'import.progress': ImportSummary
  /** Photos whose row changed (state, thumbnail, problem). At most 500 ids; more is told as `null`: read again. */
  'photos.changed': { photoIds: number[] | null; state: PhotoState | null }
  'run.progress': RunSummary
  'write.progress': { done: number; total: number; last: WriteOutcome | null }
  'models.changed': Record<string, never>
  'settings.changed': Record<string, never>
  notice: Problem
}
export type EventName = keyof StudioEvents
export type StudioEvent = { [N in EventName]: { name: N; data: StudioEvents[N] } }[EventName]
