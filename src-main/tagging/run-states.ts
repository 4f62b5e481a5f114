/** The life of a run, and what a photo goes back to when a run lets go of it. Pure. */
import type { Decision, PhotoState, RunSummary } from '../contract/model.ts'

export type RunState = RunSummary['state']
export type RunAction = 'pause' | 'resume' | 'cancel' | 'retry' | 'finish' | 'stop'

/**
 * | from        | pause  | resume  | cancel    | retry   | finish | stop        |
 * | running     | paused | running | cancelled | running | done   | interrupted |
 * | paused      | paused | running | cancelled | running | done   | paused      |
 * | interrupted |        | running | cancelled | running |        | interrupted |
 * | done        |        |         |           | running |        |             |
 * | cancelled   |        |         | cancelled | running |        |             |
 */
const TABLE: Record<RunState, Partial<Record<RunAction, RunState>>> = {
  running: { pause: 'paused', resume: 'running', cancel: 'cancelled', retry: 'running', finish: 'done', stop: 'interrupted' },
  paused: { pause: 'paused', resume: 'running', cancel: 'cancelled', retry: 'running', finish: 'done', stop: 'paused' },
  interrupted: { resume: 'running', cancel: 'cancelled', retry: 'running', stop: 'interrupted' },
  done: { retry: 'running' },
  cancelled: { cancel: 'cancelled', retry: 'running' },
}

/** The state after the action, or undefined when the run cannot do that. */
export function nextRunState(state: RunState, action: RunAction): RunState | undefined {
  return TABLE[state][action]
}

/** Where a photo stands that is in no run: by its decision, else by whether it has proposals. */
export function restingState(status: Decision['status'], hasProposals: boolean): PhotoState {
  if (status !== 'open') return status
  return hasProposals ? 'proposed' : 'untagged'
}
