/** Tagging runs of the library in memory: one photo a tick, pause, cancel, failures that can be tried again. */
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import type { RunFailure, RunSummary } from '../../../src-main/contract/model.ts'
import type { Handlers } from '../../../src-main/contract/routes/index.ts'
import { ClientFailure } from '../studio-client.ts'
import type { MemoryLibrary, Scene } from './memory-library.ts'
import { getPhoto, setProposal } from './memory-review.ts'
import { makeProposal } from './memory-words.ts'

interface RunsContext {
  library: MemoryLibrary
  scene: Scene
  later: (work: () => void, delayMs: number) => void
  tell: (event: StudioEvent) => void
  nowMs: () => number
}
interface LiveRun {
  summary: RunSummary
  waiting: number[]
  failures: RunFailure[]
}
type RunHandlers = Partial<Pick<Handlers, Extract<keyof Handlers, `tagging.${string}`>>>

const TICK_MS = 120

export function memoryRuns({ library, scene, later, tell, nowMs }: RunsContext): RunHandlers {
  const runs: LiveRun[] = []
  if (scene === 'failing') runs.push(brokenRun(library, nowMs()))
  const find = (runId: number) => {
    const run = runs.find((each) => each.summary.runId === runId)
    if (!run) throw new ClientFailure({ code: 'run-not-found', message: `No run ${runId}.` })
    return run
  }
  const publish = (run: LiveRun) => tell({ name: 'run.progress', data: structuredClone(run.summary) })

  function step(run: LiveRun): void {
    if (run.summary.state !== 'running') return
    const photoId = run.waiting.shift()
    if (photoId === undefined) {
      run.summary = { ...run.summary, state: 'done', finishedAtMs: nowMs(), timeLeftMs: null, note: null }
      publish(run)
      return
    }
    const photo = getPhoto(library, photoId)
    if (photo.summary.problem === null) {
      for (const stage of run.summary.stages)
        photo.proposals[stage] = makeProposal(library.nextId(), photoId, stage, run.summary.runId, 'embedded', false)
      photo.summary.state = 'proposed'
      run.summary.done += 1
    } else {
      photo.summary.state = 'failed'
      run.failures.push({ photoId, path: photo.summary.path, stage: null, problem: photo.summary.problem })
      run.summary.failed += 1
    }
    run.summary.photosPerMinute = 60_000 / TICK_MS
    run.summary.timeLeftMs = run.waiting.length * TICK_MS
    tell({ name: 'photos.changed', data: { photoIds: [photoId], state: photo.summary.state } })
    publish(run)
    later(() => step(run), TICK_MS)
  }
  function set(runId: number, state: RunSummary['state']): RunSummary {
    const run = find(runId)
    run.summary = { ...run.summary, state, finishedAtMs: state === 'cancelled' ? nowMs() : null }
    publish(run)
    if (state === 'running') later(() => step(run), TICK_MS)
    return structuredClone(run.summary)
  }

  return {
    'tagging.start': ({ photoIds, stages, models }) => {
      const run: LiveRun = {
        summary: {
          runId: library.nextId(),
          state: 'running',
          stages,
          models: models ?? { caption: 'embedded', keywords: 'embedded', description: 'embedded' },
          total: photoIds.length,
          done: 0,
          failed: 0,
          startedAtMs: nowMs(),
          finishedAtMs: null,
          photosPerMinute: 0,
          timeLeftMs: null,
          note: 'Loading the embedded model',
        },
        waiting: [...photoIds],
        failures: [],
      }
      runs.unshift(run)
      later(() => step(run), TICK_MS)
      return structuredClone(run.summary)
    },
    'tagging.again': ({ photoId, stage, model = 'embedded', prompt = 'default' }) => {
      const photo = getPhoto(library, photoId)
      const answer = makeProposal(library.nextId(), photoId + 1, stage, 0, model, false)
      setProposal(photo, { ...answer, photoId, runId: null, promptName: prompt, contentHash: photo.summary.contentHash ?? '' })
      return structuredClone(photo.proposals[stage]!)
    },
    'tagging.prompts': () => [
      { name: 'default', version: 1 },
      { name: 'concise', version: 1 },
    ],
    'tagging.pause': ({ runId }) => set(runId, 'paused'),
    'tagging.resume': ({ runId }) => set(runId, 'running'),
    'tagging.cancel': ({ runId }) => set(runId, 'cancelled'),
    'tagging.retryFailed': ({ runId }) => {
      const run = find(runId)
      run.waiting.push(...run.failures.map((failure) => failure.photoId))
      run.summary.failed = 0
      run.failures = []
      return set(runId, 'running')
    },
    'tagging.runs': () => structuredClone(runs.map((run) => run.summary)),
    'tagging.failures': ({ runId }) => structuredClone(find(runId).failures),
  }
}

/** A run that an earlier process left behind, with failures to show. */
function brokenRun(library: MemoryLibrary, nowMs: number): LiveRun {
  const photos = [...library.photos.values()]
  const failed = photos.filter((photo) => photo.summary.state === 'failed')
  return {
    summary: {
      runId: library.nextId(),
      state: 'interrupted',
      stages: ['caption', 'keywords', 'description'],
      models: { caption: 'embedded' },
      total: photos.length,
      done: photos.length - 4 - failed.length,
      failed: failed.length,
      startedAtMs: nowMs - 600_000,
      finishedAtMs: null,
      photosPerMinute: 0,
      timeLeftMs: null,
      note: null,
    },
    waiting: photos.slice(-4).map((photo) => photo.summary.id),
    failures: failed.map((photo, index) => ({
      photoId: photo.summary.id,
      path: photo.summary.path,
      stage: index % 2 === 0 ? null : 'description',
      problem: photo.summary.problem ?? { code: 'backend-timeout', message: 'No answer within 120 s.', data: { seconds: 120 } },
    })),
  }
}
