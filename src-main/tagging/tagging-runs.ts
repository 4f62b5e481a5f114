/**
 * Drives tagging runs: which photo is next, how many at once, pause, cancel, resume. Works only through ports; starts nothing when created.
 * A photo ends exactly once: the store's item is the truth, and a run that was ended (cancelled, stopped) never touches its items again.
 */
import { type RunSummary, STAGES, type Stage } from '../contract/model.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import { type ActiveRun, activeSummary, createActiveRun, storedSummary } from './active-run.ts'
import { createAnnouncer } from './announcer.ts'
import type { ResolvedModel, StoredRun } from './ports.ts'
import { nextRunState, type RunAction, type RunState } from './run-states.ts'
import type { TaggingRuns, TaggingRunsOptions } from './runs-api.ts'
import { type PhotoPorts, preparePhoto, StageFailed, tagPhoto } from './tag-photo.ts'

const LISTED_RUNS = 50
/** Photos prepared ahead of the requests under way, at most. */
const LOOKAHEAD = 4
const REQUEST_TIMEOUT_MS = 900_000

export function createTaggingRuns(options: TaggingRunsOptions): TaggingRuns {
  const { runs, photos, clock, log, events, queue, settings } = options
  const ports: PhotoPorts = { ...options, requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS }
  const active = new Map<number, ActiveRun>()
  const works = new Set<Promise<void>>()
  /** Photos of a stopped run whose end could not be stored: put back when the run goes on. */
  const stranded = new Map<number, number[]>()
  let disposed = false

  const findSummary = (runId: number): RunSummary | undefined => {
    const run = active.get(runId)
    if (run) return activeSummary(run, clock.ticksMs())
    const stored = runs.get(runId)
    return stored && storedSummary(stored, runs.counts(runId))
  }
  const announcer = createAnnouncer({ events, clock, delay: options.delay, summary: findSummary })

  function getStored(runId: number): StoredRun {
    const stored = runs.get(runId)
    if (!stored) throw new StudioError('run-not-found', `There is no run ${runId}.`, { data: { runId } })
    return stored
  }
  /** @throws StudioError `run-not-active` */
  function allowed(stored: StoredRun, action: RunAction): RunState {
    const next = nextRunState(stored.state, action)
    if (next) return next
    throw new StudioError('run-not-active', `Run ${stored.runId} is ${stored.state}: ${action} is not possible.`, {
      data: { runId: stored.runId, state: stored.state, action },
    })
  }
  const summaryOf = (runId: number): RunSummary => findSummary(runId) ?? storedSummary(getStored(runId), runs.counts(runId))

  async function resolveModels(stages: readonly Stage[], wanted: Partial<Record<Stage, string>>): Promise<Partial<Record<Stage, ResolvedModel>>> {
    const resolved: Partial<Record<Stage, ResolvedModel>> = {}
    for (const stage of stages) resolved[stage] = await options.resolveModel(stage, wanted[stage])
    return resolved
  }
  const namesOf = (models: Partial<Record<Stage, ResolvedModel>>): Partial<Record<Stage, string>> =>
    Object.fromEntries(Object.entries(models).map(([stage, model]) => [stage, model.name]))

  function activate(stored: StoredRun, models: Partial<Record<Stage, ResolvedModel>>): void {
    if (disposed) throw new StudioError('cancelled', 'The studio is closing.')
    for (const photoId of stranded.get(stored.runId) ?? []) runs.finishItem(stored.runId, photoId, 'waiting', null)
    stranded.delete(stored.runId)
    const plan = { runId: stored.runId, stages: stored.stages, models, prompt: options.prompt() }
    active.set(stored.runId, createActiveRun(stored, plan, runs.counts(stored.runId), clock.ticksMs()))
    announcer.run(stored.runId)
    pump()
  }

  function pump(): void {
    for (;;) {
      if (disposed) return
      const slots = settings().taggingConcurrency
      if (works.size >= slots + Math.min(slots, LOOKAHEAD)) return
      const run = [...active.values()].find(({ state, exhausted }) => state === 'running' && !exhausted)
      if (!run) return
      try {
        const photoId = runs.takeNext(run.runId)
        if (photoId === undefined) {
          run.exhausted = true
          finishIfDone(run)
          continue
        }
        run.inWork += 1
        const work = workOn(run, photoId)
        works.add(work)
        void work.finally(() => {
          works.delete(work)
          pump()
        })
      } catch (error) {
        fault(run, error)
      }
    }
  }

  /** Never rejects. */
  async function workOn(run: ActiveRun, photoId: number): Promise<void> {
    const { signal } = run.abort
    let failed: { stage: Stage | null; error: unknown } | null = null
    let putBack = false
    try {
      if (!photos.find(photoId)) throw new StudioError('photo-not-found', 'The photo is no longer in the library.', { data: { photoId } })
      const photo = await preparePhoto(ports, run.plan, photoId, settings(), signal)
      if (photo.left.length > 0) {
        await queue.add(
          async (jobSignal) => {
            putBack = run.state !== 'running'
            if (putBack) return
            await tagPhoto(ports, run.plan, photo, jobSignal, (code) => {
              run.waitingFor = code
              announcer.run(run.runId)
            })
          },
          { signal },
        )
      }
    } catch (error) {
      failed = error instanceof StageFailed ? { stage: error.stage, error: error.cause } : { stage: null, error }
    }
    run.inWork -= 1
    try {
      settle(run, photoId, putBack, failed)
    } catch (error) {
      stranded.set(run.runId, [...(stranded.get(run.runId) ?? []), photoId])
      fault(run, error)
    }
  }

  function settle(run: ActiveRun, photoId: number, putBack: boolean, failed: { stage: Stage | null; error: unknown } | null): void {
    if (run.ended === 'cancelled') return
    if (run.ended === 'stopped' || putBack) {
      runs.finishItem(run.runId, photoId, 'waiting', null)
      run.exhausted = false
      return
    }
    // The photo first: a crash between the two leaves an item to be done again, and doing it again costs nothing.
    photos.setState([photoId], failed ? 'failed' : 'proposed')
    if (failed) {
      const problem = toProblem(failed.error)
      log.warn('tagging.failed', {
        runId: run.runId,
        photoId,
        stage: failed.stage,
        code: problem.code,
        ...(problem.code === 'internal' && { error: String(failed.error) }),
      })
      runs.finishItem(run.runId, photoId, 'failed', { stage: failed.stage, problem })
      run.failed += 1
    } else {
      runs.finishItem(run.runId, photoId, 'done', null)
      run.done += 1
    }
    run.meter.mark(clock.ticksMs())
    announcer.photos([photoId], failed ? 'failed' : 'proposed')
    announcer.run(run.runId)
    finishIfDone(run)
  }

  function finishIfDone(run: ActiveRun): void {
    if (run.ended || run.inWork > 0 || (!run.exhausted && run.done + run.failed < run.total)) return
    if (runs.counts(run.runId).waiting > 0) return
    runs.setState(run.runId, 'done', clock.nowMs())
    end(run, 'done')
  }

  /** The run leaves memory; from here on the store alone speaks for it. */
  function end(run: ActiveRun, how: NonNullable<ActiveRun['ended']>): void {
    run.ended = how
    if (active.get(run.runId) === run) active.delete(run.runId)
    if (how !== 'done') run.abort.abort(new StudioError('cancelled', `Run ${run.runId} was ${how}.`))
    announcer.run(run.runId)
    announcer.flush()
    run.whenEnded.resolve()
  }

  /** The store itself failed (disk full, say): stop this run where it is; a restart or a resume takes it up again. */
  function fault(run: ActiveRun, error: unknown): void {
    log.error('tagging.stopped', { runId: run.runId, error: String(error) })
    if (run.ended) return
    run.ended = 'stopped'
    run.abort.abort(new StudioError('cancelled', `Run ${run.runId} was stopped.`))
    active.delete(run.runId)
    try {
      runs.setState(run.runId, nextRunState(run.state, 'stop') ?? 'interrupted', null)
    } catch (again) {
      log.error('tagging.stop-not-stored', { runId: run.runId, error: String(again) })
    }
    run.whenEnded.resolve()
    events.emit('notice', toProblem(error))
    events.emit('run.progress', { ...activeSummary(run, clock.ticksMs()), state: 'interrupted' })
  }

  const queuePhotos = (photoIds: readonly number[]): void => {
    photos.setState(photoIds, 'queued')
    announcer.photos(photoIds, 'queued')
  }

  return {
    async start({ photoIds, stages, models = {} }) {
      const ordered = STAGES.filter((stage) => stages.includes(stage))
      const resolved = await resolveModels(ordered, models)
      if (disposed) throw new StudioError('cancelled', 'The studio is closing.')
      const ids = [...new Set(photoIds)]
      const stored = runs.create(ordered, namesOf(resolved), ids, clock.nowMs())
      log.info('tagging.started', { runId: stored.runId, photos: ids.length, stages: ordered, models: namesOf(resolved) })
      queuePhotos(ids)
      activate(stored, resolved)
      return summaryOf(stored.runId)
    },
    pause(runId) {
      const next = allowed(getStored(runId), 'pause')
      runs.setState(runId, next, null)
      const run = active.get(runId)
      if (run) run.state = 'paused'
      announcer.run(runId)
      announcer.flush()
      return summaryOf(runId)
    },
    async resume(runId) {
      allowed(getStored(runId), 'resume')
      const resolved = active.has(runId) ? null : await resolveModels(getStored(runId).stages, getStored(runId).models)
      const next = allowed(getStored(runId), 'resume')
      runs.setState(runId, next, null)
      const run = active.get(runId)
      if (run) {
        run.state = 'running'
        run.exhausted = false
        announcer.run(runId)
        pump()
      } else if (resolved) activate(getStored(runId), resolved)
      return summaryOf(runId)
    },
    cancel(runId) {
      const next = allowed(getStored(runId), 'cancel')
      const run = active.get(runId)
      const ids = runs.cancelItems(runId)
      runs.setState(runId, next, getStored(runId).finishedAtMs ?? clock.nowMs())
      photos.unqueue(ids)
      if (ids.length > 0) announcer.photos(ids, null)
      if (run) end(run, 'cancelled')
      announcer.flush()
      pump()
      return summaryOf(runId)
    },
    async retryFailed(runId) {
      const stored = getStored(runId)
      allowed(stored, 'retry')
      const resolved = active.has(runId) ? null : await resolveModels(stored.stages, stored.models)
      const next = allowed(getStored(runId), 'retry')
      const ids = runs.failures(runId).map(({ photoId }) => photoId)
      const again = runs.retryFailed(runId)
      if (again === 0) return summaryOf(runId)
      queuePhotos(ids)
      runs.setState(runId, next, null)
      const run = active.get(runId)
      if (run) {
        run.failed -= again
        run.state = 'running'
        run.exhausted = false
        announcer.run(runId)
        pump()
      } else if (resolved) activate(getStored(runId), resolved)
      return summaryOf(runId)
    },
    list: () => runs.list(LISTED_RUNS).map(({ runId }) => summaryOf(runId)),
    failures(runId) {
      getStored(runId)
      return runs.failures(runId)
    },
    recover() {
      const ids = runs.recoverInterrupted()
      if (ids.length > 0) log.info('tagging.interrupted-runs', { runIds: ids })
      return runs
        .list(LISTED_RUNS)
        .filter(({ state }) => state === 'interrupted')
        .map(({ runId }) => summaryOf(runId))
    },
    async settled(runId) {
      getStored(runId)
      await active.get(runId)?.whenEnded.promise
      return summaryOf(runId)
    },
    async dispose() {
      if (disposed) return
      disposed = true
      for (const run of active.values()) {
        run.ended = 'stopped'
        run.abort.abort(new StudioError('cancelled', 'The studio is closing.'))
      }
      await Promise.all(works)
      for (const run of active.values()) {
        runs.setState(run.runId, nextRunState(run.state, 'stop') ?? 'interrupted', null)
        run.whenEnded.resolve()
      }
      active.clear()
      announcer.flush()
      announcer.dispose()
    },
  }
}
