/** The engine room for windows and the command line: models in depth, what runs, what the cards hold. */
import type { ModelService } from '../backends/model-service.ts'
import type { ServingView } from '../contract/engine.ts'
import type { Handlers } from '../contract/routes/index.ts'
import type { Scheduler } from '../proxy/scheduler/scheduler.ts'
import { backendOf } from '../registry/entry.ts'
import type { ModelRunner } from '../registry/serving.ts'
import type { Gauge } from '../vram/gauge.ts'

type EngineRoutes = Extract<keyof Handlers, `backends.${string}` | `vram.${string}` | 'proxy.requests'>

export interface EngineParts {
  models: Pick<ModelService, 'registry' | 'resolve'>
  scheduler: Pick<Scheduler, 'view' | 'load' | 'unload' | 'pin' | 'lease' | 'wouldStart'>
  runner: Pick<ModelRunner, 'demandOf'> & { reducedContextOf(name: string): number | null }
  processes: { view(): { name: string; pid: number | null }[]; logTail(name: string): Promise<string[]> }
  gauge: Pick<Gauge, 'read'>
  requests: { newest(limit: number): Record<string, unknown>[] }
}

const LOAD_WITHIN_MS = 15 * 60_000

export function createEngineHandlers(parts: EngineParts): Pick<Handlers, EngineRoutes> {
  const { models, scheduler, runner, processes, gauge, requests } = parts

  const view = async (): Promise<ServingView> => {
    const { entries } = await models.registry()
    const backends = new Map(entries.map((entry) => [entry.name, backendOf(entry)]))
    const pids = new Map(processes.view().map(({ name, pid }) => [name, pid]))
    const { models: shown, transitions, profile, inFlight, waiting } = scheduler.view()
    const lease = scheduler.lease.state()
    return {
      profile,
      models: shown.map((model) => ({
        ...model,
        claims: [...model.claims],
        backend: backends.get(model.name) ?? 'unassigned',
        reducedContext: runner.reducedContextOf(model.name),
        pid: pids.get(model.name) ?? null,
      })),
      inFlight,
      waiting,
      lease: lease && { owner: lease.owner, reason: lease.reason, phase: lease.phase, expiresInMs: lease.expiresInMs },
      transitions: transitions.map(({ time, model, to, cause }) => ({ time, model, to, cause })),
    }
  }

  return {
    'backends.view': () => view(),
    'backends.load': async ({ name }) => {
      await scheduler.load(await models.resolve(name), AbortSignal.timeout(LOAD_WITHIN_MS))
      return view()
    },
    'backends.unload': async ({ name }) => {
      await scheduler.unload((await models.resolve(name)).name)
      return view()
    },
    'backends.pin': async ({ name, pinned }) => {
      scheduler.pin((await models.resolve(name)).name, pinned)
      return view()
    },
    'backends.log': async ({ name }) => ({ lines: await processes.logTail((await models.resolve(name)).name) }),
    'vram.gauge': () => gauge.read(),
    'vram.forecast': async ({ name }) => {
      const entry = await models.resolve(name)
      const [demand, forecast] = await Promise.all([runner.demandOf(entry), scheduler.wouldStart(entry)])
      return { name: entry.name, needMb: demand.needMb, needSource: demand.source, ...forecast }
    },
    'proxy.requests': ({ limit }) => requests.newest(limit),
  }
}
