/** Imports: takes what the walking worker finds and puts it into the library, in portions that leave the process free in between. */
import type { ImportNote, ImportSummary } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import type { EventBus } from '../lib/event-bus.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import type { WorkerClient } from '../lib/worker-process.ts'
import type { PhotoStore, WalkBatch, WalkRequest } from './ports.ts'

export interface ImporterParts {
  worker: Pick<WorkerClient, 'call'>
  photos: Pick<PhotoStore, 'putFound' | 'noteImported'>
  events: EventBus
  clock: Clock
}

export interface ImportOptions {
  recursive: boolean
  /** Nobody asked for it: it is not told as an import, and the folder does not count as opened. */
  byItself?: boolean
}

export interface Importer {
  /** @param paths Absolute. @returns the import's id; imports run one after another. */
  start(paths: readonly string[], options: ImportOptions): string
  /** Imports and waits for the end, however it ends: see the summary's state. `onProgress` hears what the events hear. */
  importAll(paths: readonly string[], options: ImportOptions, onProgress?: (summary: ImportSummary) => void): Promise<ImportSummary>
  /** @throws StudioError `import-not-found` */
  status(importId: string): ImportSummary
  /** What was found so far stays. Nothing happens to an import that is over. @throws StudioError `import-not-found` */
  cancel(importId: string): void
  /** Cancels what runs and waits for it. */
  dispose(): Promise<void>
}

/** Rows of one transaction: about ten milliseconds, below what a window would notice. */
const PORTION = 500
const NOTES_KEPT = 200
const TELL_EVERY_MS = 100
/** Imports that are over and still answer `status`. */
const KEPT = 50

interface Run {
  summary: ImportSummary
  notes: ImportNote[]
  roots: Set<string>
  byItself: boolean
  abort: AbortController
  ended: Promise<ImportSummary>
  toldAtMs: number
  onProgress: ((summary: ImportSummary) => void) | undefined
}

export function createImporter({ worker, photos, events, clock }: ImporterParts): Importer {
  const runs = new Map<string, Run>()
  let count = 0

  const get = (importId: string): Run => {
    const run = runs.get(importId)
    if (!run) throw new StudioError('import-not-found', `no import has the id ${importId}`, { data: { importId } })
    return run
  }

  const snapshot = (run: Run): ImportSummary => ({ ...run.summary, notes: [...run.notes] })

  const tell = (run: Run, always: boolean) => {
    const now = clock.ticksMs()
    if (!always && now - run.toldAtMs < TELL_EVERY_MS) return
    run.toldAtMs = now
    const told = snapshot(run)
    if (!run.byItself) events.emit('import.progress', told)
    run.onProgress?.(told)
  }

  const takeBatch = async (run: Run, batch: WalkBatch) => {
    const { summary } = run
    if (batch.photos.length > 0) run.roots.add(batch.from.root)
    summary.ignored += batch.ignored
    summary.noteCount += batch.notes.length
    run.notes.push(...batch.notes.slice(0, NOTES_KEPT - run.notes.length))
    for (let at = 0; at < batch.photos.length && !run.abort.signal.aborted; at += PORTION) {
      const portion = batch.photos.slice(at, at + PORTION)
      const { added, changed, ids } = photos.putFound(portion, batch.from)
      summary.found += portion.length
      summary.added += added
      summary.changed += changed
      if (ids.length > 0) events.emit('photos.changed', { photoIds: ids, state: null })
      tell(run, false)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  const carryOut = async (run: Run, request: WalkRequest): Promise<ImportSummary> => {
    const { summary } = run
    try {
      await worker.call('walk', request, { signal: run.abort.signal, onProgress: (batch: WalkBatch) => takeBatch(run, batch) })
      if (!run.byItself) photos.noteImported([...run.roots])
      // Nobody waits for its end: the windows read the list again.
      else if (summary.added > 0) events.emit('photos.changed', { photoIds: null, state: null })
      summary.state = 'done'
    } catch (error) {
      if (run.abort.signal.aborted) summary.state = 'cancelled'
      else {
        summary.state = 'failed'
        summary.problem = toProblem(error)
      }
    }
    tell(run, true)
    return snapshot(run)
  }

  const begin = (paths: readonly string[], { recursive, byItself = false }: ImportOptions, onProgress?: Run['onProgress']): Run => {
    const importId = `import-${++count}`
    const run: Run = {
      summary: { importId, state: 'running', found: 0, added: 0, changed: 0, ignored: 0, notes: [], noteCount: 0, problem: null },
      notes: [],
      roots: new Set(),
      byItself,
      abort: new AbortController(),
      ended: Promise.resolve(null as never),
      toldAtMs: Number.NEGATIVE_INFINITY,
      onProgress,
    }
    run.ended = carryOut(run, { paths: [...paths], recursive })
    runs.set(importId, run)
    for (const [id, old] of runs) {
      if (runs.size <= KEPT) break
      if (old.summary.state !== 'running') runs.delete(id)
    }
    return run
  }

  return {
    start: (paths, options) => begin(paths, options).summary.importId,
    importAll: (paths, options, onProgress) => begin(paths, options, onProgress).ended,
    status: (importId) => snapshot(get(importId)),
    cancel: (importId) => get(importId).abort.abort(),
    async dispose() {
      for (const run of runs.values()) run.abort.abort()
      await Promise.all([...runs.values()].map((run) => run.ended))
    },
  }
}
