/**
 * Starting and stopping models, whoever runs them: our own children, Ollama, a server that was there already, a worker with a life of its
 * own. One start a model at a time; whoever asks meanwhile joins it.
 */
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, type RegistryEntry } from '../registry/entry.ts'
import type { Demand, ModelRunner, Placement, Started } from '../registry/serving.ts'
import { createJoinedStarts } from './joined-starts.ts'
import { isLaunchable } from './launched.ts'
import type { OllamaBackend } from './ollama.ts'
import type { Need, ProcessRunner } from './ports.ts'
import { slotsOf } from './request-slots.ts'
import { type ReducedContext, startSmaller } from './start-smaller.ts'

export interface ModelRunnerOptions {
  processes: ProcessRunner
  ollama: Pick<OllamaBackend, 'load' | 'unload' | 'residence'>
  /** Workers start with their first request; they can only be told to end. */
  workers: { unload(backend: 'embedded' | 'onnx'): Promise<void> }
  /** Whether the right model answers at the entry's own address, whoever started it. Bounded to about a second, never rejects. */
  answersAsConfigured(entry: RegistryEntry): Promise<boolean>
  needOf(entry: RegistryEntry): Promise<Need>
  /** Before a model of ours is loaded: weights that were changed are not. @throws StudioError `model-locked`, `weights-missing`. */
  checkBeforeLoad(entry: RegistryEntry, signal: AbortSignal): Promise<void>
  /** What to try once more with when a child ran out of memory while it started. Default: nothing. */
  smallerContext?(entry: RegistryEntry, placement: Placement): Promise<Omit<ReducedContext, 'name'> | null>
  /** Told when a model serves with less context than it asks for. */
  onReduced?(reduced: ReducedContext): void
  /** Told after each load of a model of ours. */
  onLoaded?(entry: RegistryEntry, placement: Placement, started: Started): void | Promise<void>
  /** To find the entries of models that run already. */
  entries(): Promise<readonly RegistryEntry[]>
  clock: Clock
  /** Milliseconds between looks at what Ollama still holds, while it holds models of ours. */
  watchEveryMs?: number
}

export interface StudioModelRunner extends ModelRunner {
  /** Context that it serves with, where memory did not suffice for what it asks for; else null. */
  reducedContextOf(name: string): number | null
  /** Ends the watch; models are left as they are (their owners end them). */
  dispose(): void
}

const FREE_STANDING: Started = { measuredMb: null, loadMs: 0 }

export function createModelRunner(options: ModelRunnerOptions): StudioModelRunner {
  const { processes, ollama, workers, needOf, checkBeforeLoad, clock, watchEveryMs = 5_000 } = options
  const starts = createJoinedStarts()
  const seen = new Map<string, RegistryEntry>()
  /** Until it is stopped: the next start tries the whole context again. */
  const reduced = new Map<string, number>()
  const listeners = new Set<(name: string, error: StudioError) => void>()
  let recovered: ReturnType<ProcessRunner['recover']> | undefined

  /** Models that we loaded into Ollama → how often in a row they were not there. */
  const held = new Map<string, number>()
  let watching: NodeJS.Timeout | undefined
  let disposed = false

  const watch = () => {
    if (disposed || watching || held.size === 0) return
    watching = setTimeout(() => void look(), watchEveryMs)
    watching.unref()
  }
  const look = async () => {
    for (const [name, misses] of [...held]) {
      const residence = await ollama.residence(seen.get(name)!)
      if (!held.has(name)) continue
      // Once is not enough: a model that is loaded anew, with another context, is away for a moment.
      if (residence !== 'absent') held.set(name, 0)
      else if (misses === 0) held.set(name, 1)
      else {
        held.delete(name)
        const error = new StudioError('backend-failed', `Ollama does not hold ${name} any more`, { data: { name }, retry: 'now' })
        for (const listener of listeners) listener(name, error)
      }
    }
    watching = undefined
    watch()
  }

  const isManaged = async (entry: RegistryEntry): Promise<boolean> => {
    if (backendOf(entry) === 'ollama') return true
    if (!isChild(entry) || !isLaunchable(entry)) return false
    if (starts.has(entry.name) || processes.baseUrlOf(entry.name) !== null) return true
    return !(await options.answersAsConfigured(entry))
  }

  const loadIntoOllama = async (entry: RegistryEntry, placement: Placement, timeoutMs: number, signal: AbortSignal): Promise<Started> => {
    const startedAtMs = clock.ticksMs()
    const loaded = await ollama.load(entry, { timeoutMs, signal })
    held.set(entry.name, 0)
    watch()
    const [card, second] = placement.gpus
    // The daemon tells the sum alone, so only on one card it is known where the memory went.
    const measured = typeof loaded?.vramMb === 'number' && card !== undefined && second === undefined ? { [card]: loaded.vramMb } : null
    return { measuredMb: measured, loadMs: Math.round(clock.ticksMs() - startedAtMs) }
  }

  const told = async (entry: RegistryEntry, placement: Placement, started: Started): Promise<Started> => {
    await options.onLoaded?.(entry, placement, started)
    return started
  }

  return {
    async demandOf(entry): Promise<Demand> {
      seen.set(entry.name, entry)
      const slots = slotsOf(entry)
      if (!(await isManaged(entry))) return { needMb: 0, source: 'none', slots, managed: false, loadMs: null }
      return { ...(await needOf(entry)), slots, managed: true }
    },
    start(entry, placement, { timeoutMs, signal }) {
      seen.set(entry.name, entry)
      return starts.join(entry.name, signal, async (together) => {
        if (backendOf(entry) === 'unassigned')
          throw new StudioError('backend-unreachable', `no backend is set for ${entry.name}`, { data: { name: entry.name } })
        if (backendOf(entry) === 'ollama') {
          await checkBeforeLoad(entry, together)
          return told(entry, placement, await loadIntoOllama(entry, placement, timeoutMs, together))
        }
        if (!isChild(entry) || !isLaunchable(entry)) return FREE_STANDING
        const ours = processes.baseUrlOf(entry.name) !== null
        if (!ours && (await options.answersAsConfigured(entry))) return FREE_STANDING
        if (!ours) await checkBeforeLoad(entry, together)
        if (ours) return told(entry, placement, await processes.start(entry, placement, { timeoutMs, signal: together }))
        reduced.delete(entry.name)
        const outcome = await startSmaller(entry, placement, {
          start: (as) => processes.start(as, placement, { timeoutMs, signal: together }),
          smallerContext: async (as, on) => (await options.smallerContext?.(as, on)) ?? null,
          signal: together,
        })
        if (outcome.reduced !== null) {
          reduced.set(entry.name, outcome.reduced.toTokens)
          options.onReduced?.(outcome.reduced)
        }
        return told(outcome.entry, placement, outcome.started)
      })
    },
    async stop(name) {
      await starts.abandon(name)
      held.delete(name)
      reduced.delete(name)
      const entry = seen.get(name)
      const backend = entry && backendOf(entry)
      if (backend === 'ollama') await ollama.unload(entry!)
      else if (backend === 'embedded' || backend === 'onnx') await workers.unload(backend)
      else await processes.stop(name)
    },
    onGone(listener) {
      listeners.add(listener)
      const forget = processes.onGone(listener)
      return () => {
        listeners.delete(listener)
        forget()
      }
    },
    async running() {
      recovered ??= processes.recover()
      const [adopted, entries] = await Promise.all([recovered, options.entries()])
      const children = adopted.filter(({ entry }) => processes.baseUrlOf(entry.name) !== null)
      const inOllama = await Promise.all(
        entries
          .filter((entry) => backendOf(entry) === 'ollama')
          .map(async (entry) => {
            const residence = await ollama.residence(entry)
            if (typeof residence === 'string') return []
            held.set(entry.name, 0)
            // Which cards it took the daemon does not say: the first one is the likeliest.
            const placement = residence.vramMb ? { gpus: [0], claimMb: [residence.vramMb] } : { gpus: [], claimMb: [] }
            return [{ entry, placement }]
          }),
      )
      const all = [...children, ...inOllama.flat()]
      for (const { entry } of all) seen.set(entry.name, entry)
      watch()
      return all
    },
    reducedContextOf: (name) => reduced.get(name) ?? null,
    dispose() {
      disposed = true
      clearTimeout(watching)
    },
  }
}

const isChild = (entry: RegistryEntry) => ['vllm', 'llamacpp', 'lmdeploy'].includes(backendOf(entry))
