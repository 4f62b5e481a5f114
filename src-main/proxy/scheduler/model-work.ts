/** Carries out the reducer's starts and stops and reports how they ended. One start and one stop of a model at a time: the reducer sees to that. */
import type { Logger } from '../../lib/logger.ts'
import { StudioError } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { ModelRunner, Placement } from '../../registry/serving.ts'
import type { SchedulerEvent } from './events.ts'
import type { CardReading } from './ports.ts'
import { toRefusal } from './refusal-errors.ts'

interface ModelWork {
  start(entry: RegistryEntry | undefined, name: string, placement: Placement, timeoutMs: number): Promise<void>
  /** Calls off a start that is under way. */
  stop(name: string): Promise<void>
}

export function createModelWork(from: {
  runner: ModelRunner
  readCards(): Promise<readonly CardReading[] | undefined>
  dispatch(event: SchedulerEvent): void
  now(): number
  logger: Logger
}): ModelWork {
  const { runner, readCards, dispatch, now, logger } = from
  const starts = new Map<string, AbortController>()
  return {
    async start(entry, name, placement, timeoutMs) {
      const abort = new AbortController()
      starts.set(name, abort)
      try {
        if (!entry) throw new StudioError('model-unknown', `no entry of ${name} was seen`, { data: { name } })
        const started = await runner.start(entry, placement, { timeoutMs, signal: abort.signal })
        dispatch({ kind: 'load-succeeded', model: name, measuredMb: started.measuredMb, atMs: now() })
      } catch (error) {
        const refusal = toRefusal(error)
        logger.warn('model-start-failed', { model: name, code: refusal.code, reason: refusal.message })
        dispatch({ kind: 'load-failed', model: name, refusal, atMs: now() })
      } finally {
        if (starts.get(name) === abort) starts.delete(name)
      }
      const cards = await readCards()
      if (cards) dispatch({ kind: 'capacity-changed', cards, atMs: now() })
    },
    async stop(name) {
      starts.get(name)?.abort(new StudioError('cancelled', `the start of ${name} was called off`))
      try {
        await runner.stop(name)
      } catch (error) {
        logger.error('model-stop-failed', { model: name, reason: toRefusal(error).message })
      }
      const cards = await readCards()
      dispatch({ kind: 'stop-finished', model: name, ...(cards && { cards }), atMs: now() })
    },
  }
}
