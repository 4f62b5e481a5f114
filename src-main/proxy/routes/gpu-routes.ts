/** The graphics cards: what they hold, and their exclusive use by another program, which ends by itself when its heartbeat stops. */
import type { IncomingHttpHeaders } from 'node:http'
import { StudioError } from '../../lib/studio-error.ts'
import type { Leases, ReadCards, Serving } from '../ports.ts'
import { httpRoute, type HttpRoute, notHere } from './http-route.ts'
import * as schema from './schemas.ts'

export interface GpuPorts {
  serving: Serving | undefined
  readCards: ReadCards | undefined
}

const seconds = (ms: number) => Math.round(ms) / 1000

function shownLease(state: ReturnType<Leases['state']>) {
  if (!state) return null
  const { phase, owner, reason, ttlMs, expiresInMs } = state
  return { phase, owner, reason, ttl_seconds: seconds(ttlMs), expires_in_seconds: expiresInMs === null ? null : seconds(expiresInMs) }
}

function tokenIn(headers: IncomingHttpHeaders, body: { token?: string | undefined }): string | undefined {
  const header = headers['x-imageworks-lease']
  return body.token ?? (typeof header === 'string' && header !== '' ? header : undefined)
}

export function gpuRoutes({ serving, readCards }: GpuPorts): HttpRoute[] {
  const leases = (): Leases => {
    if (!serving) throw notHere('leasing the graphics cards')
    return serving.lease
  }
  return [
    httpRoute({
      method: 'GET',
      path: '/v1/gpu/status',
      summary: 'What the graphics cards hold, and who has them for itself.',
      reply: schema.gpuStatus,
      async answer() {
        if (!serving && !readCards) throw notHere('looking at the graphics cards')
        const { cards, note } = (await readCards?.()) ?? { cards: [], note: null }
        const lease = shownLease(serving?.lease.state() ?? null)
        return {
          leased: lease?.phase === 'held',
          lease,
          cards: cards.map((card) => ({
            index: card.index,
            name: card.name,
            total_mb: card.totalMb,
            used_by_us_mb: card.usedByUsMb,
            used_by_others_mb: card.usedByOthersMb,
            free_mb: card.freeMb,
          })),
          note,
        }
      },
    }),
    httpRoute({
      method: 'POST',
      path: '/v1/gpu/lease',
      summary: 'Asks for the cards and waits until our models have left them; with a token, a heartbeat that keeps them.',
      body: schema.leaseWish,
      reply: schema.lease,
      async answer({ body, headers, signal }) {
        const token = tokenIn(headers, body)
        if (token !== undefined) return { expires_in_seconds: seconds(leases().heartbeat(token).expiresInMs) }
        const { owner, reason, ttl_seconds: ttlSeconds } = body
        if (owner === undefined) throw new StudioError('request-invalid', 'owner must say who asks', { data: { param: 'owner' } })
        const { token: given, ttlMs } = await leases().acquire({ owner, reason, ttlMs: ttlSeconds * 1000, signal })
        return { token: given, ttl_seconds: seconds(ttlMs), expires_in_seconds: seconds(ttlMs) }
      },
    }),
    httpRoute({
      method: 'DELETE',
      path: '/v1/gpu/lease',
      summary: 'Gives the cards back.',
      body: schema.leaseEnd,
      reply: schema.gpuStatus.pick({ leased: true }),
      answer({ body, headers }) {
        const token = tokenIn(headers, body)
        if (token === undefined) throw new StudioError('request-invalid', 'the token of the lease is missing', { data: { param: 'token' } })
        leases().release(token)
        return { leased: false }
      },
    }),
  ]
}
