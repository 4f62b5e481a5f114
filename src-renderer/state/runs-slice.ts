import type { RunFailure, RunSummary } from '../../src-main/contract/model.ts'

export interface RunsSlice {
  /** The run that the strip shows: the newest one that is not put away. */
  current: RunSummary | null
  /** Runs of an earlier session that ended in the middle. */
  interrupted: readonly RunSummary[]
  failures: readonly RunFailure[] | null
  /** Run that the user has put away after it ended. */
  dismissedRunId: number | null
}

export const startRuns = (): RunsSlice => ({ current: null, interrupted: [], failures: null, dismissedRunId: null })
