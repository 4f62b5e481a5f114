/** Whether the door is open and what stands behind it. */
import type { z } from 'zod'
import type { Problem } from '../../contract/model.ts'
import { StudioError } from '../../lib/studio-error.ts'
import type { ProxyModels, Serving } from '../ports.ts'
import { httpRoute, type HttpRoute } from './http-route.ts'
import * as schema from './schemas.ts'

type Health = z.infer<typeof schema.health>

function describe(problems: readonly Problem[]): string | null {
  const [first, ...more] = problems
  if (!first) return null
  return more.length === 0 ? first.message : `${first.message} (and ${more.length} more)`
}

async function countStates(models: ProxyModels): Promise<Pick<Health, 'models' | 'problem'>> {
  try {
    const { entries, problems } = await models.registry()
    const current = entries.filter((entry) => !entry.deprecated)
    const states: Record<string, number> = { ready: 0, loading: 0, available: 0, failed: 0, 'not-installed': 0, unreachable: 0 }
    for (const { state } of (await models.availabilityOf(current)).values()) states[state] = (states[state] ?? 0) + 1
    return { models: states, problem: describe(problems) }
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    return { models: {}, problem: error.message }
  }
}

export function healthRoute(models: ProxyModels, serving: Serving | undefined, uptimeMs: () => number): HttpRoute {
  return httpRoute({
    method: 'GET',
    path: '/v1/health',
    summary: 'Whether the proxy works, and how many models stand where.',
    reply: schema.health,
    async answer() {
      const counted = await countStates(models)
      const { inFlight, waiting } = serving?.view() ?? { inFlight: 0, waiting: 0 }
      return {
        status: counted.problem === null ? ('ok' as const) : ('degraded' as const),
        uptime_seconds: Math.round(uptimeMs() / 1000),
        ...counted,
        in_flight: inFlight,
        waiting,
      }
    },
  })
}
