/**
 * The one door of all transports: looks a route up, checks the input, calls the handler, converts errors once. Deliberately does not
 * know who asks: whether a caller may ask is the host's decision, made before.
 */
import { z } from 'zod'
import type { Envelope } from '../contract/envelope.ts'
import { type Handlers, type RouteName, routes } from '../contract/routes/index.ts'
import type { Logger } from '../lib/logger.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'

export type Dispatch = (name: string, input: unknown) => Promise<Envelope<unknown>>

export function createDispatch(handlers: Handlers, log: Logger): Dispatch {
  return async (name, input) => {
    try {
      if (!Object.hasOwn(routes, name)) throw new StudioError('unknown-route', `there is no request called ${name.slice(0, 80)}`)
      const known = name as RouteName
      const parsed = routes[known].input.safeParse(input)
      if (!parsed.success) throw new StudioError('invalid-request', `${known}: ${z.prettifyError(parsed.error)}`)
      const handler = handlers[known] as (given: unknown) => unknown
      return { ok: true, value: await handler(parsed.data) }
    } catch (error) {
      if (!(error instanceof StudioError)) log.error('request-failed', { route: name, error: error instanceof Error ? error.stack : String(error) })
      return { ok: false, error: { ...toProblem(error), retry: error instanceof StudioError ? error.retry : 'never' } }
    }
  }
}
