/** What of the models runs, and starting and ending them by hand. */
import { z } from 'zod'
import { backendOf } from '../../registry/entry.ts'
import { resolveModelName } from '../../registry/resolve.ts'
import type { ProxyModels, ReducedContextOf, Serving } from '../ports.ts'
import { httpRoute, type HttpRoute, notHere } from './http-route.ts'
import * as schema from './schemas.ts'

export function backendRoutes(models: ProxyModels, serving: Serving | undefined, reducedContextOf: ReducedContextOf): HttpRoute[] {
  const scheduler = (): Serving => {
    if (!serving) throw notHere('starting and ending models')
    return serving
  }
  const stateOf = (name: string): z.infer<typeof schema.loaded> => {
    const shown = scheduler()
      .view()
      .models.find((model) => model.name === name)
    return { name, state: shown?.state ?? 'stopped', reason: shown?.reason ?? null }
  }
  return [
    httpRoute({
      method: 'GET',
      path: '/v1/backends',
      summary: 'Models that run, start, wait or failed.',
      reply: schema.backends,
      async answer() {
        const { models: shown, inFlight, waiting } = scheduler().view()
        const { entries } = await models.registry()
        const backends = new Map(entries.map((entry) => [entry.name, backendOf(entry)]))
        return {
          object: 'list' as const,
          in_flight: inFlight,
          waiting,
          data: shown.map((model) => ({
            name: model.name,
            backend: backends.get(model.name) ?? 'unassigned',
            state: model.state,
            reason: model.reason,
            in_flight: model.inFlight,
            waiting: model.waiting,
            slots: model.slots,
            pinned: model.pinned,
            managed: model.managed,
            claims: [...model.claims],
            need_mb: model.needMb,
            idle_ms: model.idleMs,
            retry_in_ms: model.retryInMs,
            reduced_context: reducedContextOf(model.name),
          })),
        }
      },
    }),
    httpRoute({
      method: 'POST',
      path: '/v1/backends/{name}/load',
      summary: 'Starts a model and answers when it is there.',
      body: z.object({}),
      reply: schema.loaded,
      async answer({ name, signal }) {
        const entry = resolveModelName(await models.registry(), name)
        await scheduler().load(entry, signal)
        return stateOf(entry.name)
      },
    }),
    httpRoute({
      method: 'POST',
      path: '/v1/backends/{name}/unload',
      summary: 'Ends a model that is idle and answers when its memory is back.',
      body: z.object({}),
      reply: schema.loaded,
      async answer({ name }) {
        const entry = resolveModelName(await models.registry(), name)
        await scheduler().unload(entry.name)
        return stateOf(entry.name)
      },
    }),
  ]
}
