/** A run that is in memory: counters kept here so that progress costs no query. */
import type { RunSummary } from '../contract/model.ts'
import type { StoredRun } from './ports.ts'
import { createProgressMeter, type ProgressMeter } from './progress-meter.ts'
import type { RunPlan } from './tag-photo.ts'

export interface ActiveRun {
  readonly runId: number
  readonly plan: RunPlan
  readonly stored: StoredRun
  readonly total: number
  readonly abort: AbortController
  readonly meter: ProgressMeter
  readonly whenEnded: { promise: Promise<void>; resolve: () => void }
  state: 'running' | 'paused'
  done: number
  failed: number
  /** Photos taken and not settled. */
  inWork: number
  /** The store has no waiting photo left. */
  exhausted: boolean
  /** Error code of the backend that is being waited for, if any. */
  waitingFor: string | null
  ended: 'done' | 'cancelled' | 'stopped' | null
}

type Counts = { total: number; done: number; failed: number }

export function createActiveRun(stored: StoredRun, plan: RunPlan, counts: Counts, nowTicksMs: number): ActiveRun {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return {
    runId: stored.runId,
    plan,
    stored,
    total: counts.total,
    abort: new AbortController(),
    meter: createProgressMeter(nowTicksMs),
    whenEnded: { promise, resolve },
    state: 'running',
    done: counts.done,
    failed: counts.failed,
    inWork: 0,
    exhausted: false,
    waitingFor: null,
    ended: null,
  }
}

export function activeSummary(run: ActiveRun, nowTicksMs: number): RunSummary {
  const left = Math.max(0, run.total - run.done - run.failed)
  return {
    ...storedSummary({ ...run.stored, state: run.state, finishedAtMs: null }, run),
    photosPerMinute: run.meter.photosPerMinute(nowTicksMs),
    timeLeftMs: run.meter.timeLeftMs(nowTicksMs, left),
    note: run.waitingFor === null ? null : 'waiting for the model server',
  }
}

export function storedSummary(stored: StoredRun, counts: Counts): RunSummary {
  const { runId, state, stages, models, startedAtMs, finishedAtMs } = stored
  const { total, done, failed } = counts
  const tookMs = finishedAtMs === null ? 0 : finishedAtMs - startedAtMs
  const photosPerMinute = tookMs > 0 ? ((done + failed) * 60_000) / tookMs : 0
  return { runId, state, stages, models, total, done, failed, startedAtMs, finishedAtMs, photosPerMinute, timeLeftMs: null, note: null }
}
