/** Tagging runs: start, pause, resume, cancel, retry. A run only proposes; no file is written. */
import type { RunSummary } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import { withoutWords } from './library-actions.ts'
import { ROLES } from './models-slice.ts'
import { announce, ask, patch, type Studio } from './studio.ts'

/** Starts a run on the selected photos; with nothing selected, on those of the list that have no words yet. */
export async function startRun(studio: Studio): Promise<void> {
  const { selected, filter } = studio.store.getState().library
  const photoIds = selected.size > 0 ? [...selected] : await ask(studio, 'library.photoIds', withoutWords(filter))
  if (!photoIds || photoIds.length === 0) return
  const run = await ask(studio, 'tagging.start', { photoIds, stages: [...ROLES] })
  if (!run) return
  takeRun(studio, run)
  announce(studio, words.run.started(run.total))
}

export async function changeRun(studio: Studio, runId: number, action: 'pause' | 'resume' | 'cancel' | 'retryFailed'): Promise<void> {
  const run = await ask(studio, `tagging.${action}`, { runId })
  if (!run) return
  patch(studio, 'app', { dialog: null })
  takeRun(studio, run)
}

/** At start: the run that goes on, and those that an earlier session left in the middle. */
export async function loadRuns(studio: Studio): Promise<void> {
  const runs = await ask(studio, 'tagging.runs', {})
  if (!runs) return
  const { current } = studio.store.getState().runs
  const active = runs.find((run) => run.state === 'running' || run.state === 'paused')
  patch(studio, 'runs', {
    current: active ?? runs.find((run) => run.runId === current?.runId) ?? null,
    interrupted: runs.filter((run) => run.state === 'interrupted'),
  })
}

export function takeRun(studio: Studio, run: RunSummary): void {
  const { runs } = studio.store.getState()
  const ended = run.state === 'done' && runs.current?.state !== 'done'
  const interrupted = runs.interrupted.filter((each) => each.runId !== run.runId)
  patch(studio, 'runs', { current: run, interrupted, dismissedRunId: run.state === 'running' ? null : runs.dismissedRunId })
  if (ended) announce(studio, words.run.finished(run.done, run.failed))
}

export async function showFailures(studio: Studio, runId: number): Promise<void> {
  patch(studio, 'runs', { failures: null })
  patch(studio, 'app', { dialog: 'failures' })
  const failures = await ask(studio, 'tagging.failures', { runId })
  if (failures) patch(studio, 'runs', { failures })
}

export function dismissRun(studio: Studio, runId: number): void {
  patch(studio, 'runs', { dismissedRunId: runId })
}

export function dismissInterrupted(studio: Studio): void {
  patch(studio, 'runs', { interrupted: [] })
}
