/** Hands out leases of the graphics cards. The token is known to its holder alone; the reducer knows leases by another id. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { StudioError } from '../../lib/studio-error.ts'
import type { SchedulerEvent } from './events.ts'
import type { LeaseState } from './state.ts'

const TTL_FLOOR_MS = 1000
const TTL_CEILING_MS = 15 * 60_000

export interface LeaseWish {
  /** Shown to everybody who is refused meanwhile. */
  owner: string
  reason: string
  /** Time between two heartbeats, 1 s to 15 min; outside it the nearer end counts. */
  ttlMs: number
  /** Takes the wish back while it waits for models to end. */
  signal: AbortSignal
}

export interface LeaseDesk {
  /** Resolves when no model of ours holds a card. @throws StudioError `gpu-leased` (data {owner, retryAfterSeconds}), `cancelled`, `proxy-unavailable`. */
  acquire(wish: LeaseWish): Promise<{ token: string; ttlMs: number }>
  /** The lease lasts its time from now on. @throws StudioError `lease-unknown`. */
  heartbeat(token: string): { expiresInMs: number }
  /** @throws StudioError `lease-unknown`. */
  release(token: string): void
  /** `wanted` while models drain. Never the token. */
  state(): { phase: 'wanted' | 'held'; owner: string; reason: string; ttlMs: number; expiresInMs: number | null } | null
}

interface Desk {
  begin(): Promise<void>
  ask(id: string, signal: AbortSignal | null, event: SchedulerEvent): Promise<unknown>
  dispatch(event: SchedulerEvent): void
  current(): LeaseState | null
  now(): number
  nextId(): string
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

export function createLeaseDesk(desk: Desk): LeaseDesk & { over(id: string): void } {
  let held: { id: string; digest: Buffer } | null = null

  /** Digests are of one length, so the comparison takes the same time whatever was sent. */
  function idOf(token: string): string {
    const given = digestOf(token)
    if (held && timingSafeEqual(given, held.digest)) {
      // Its time may be up without a tick having come yet.
      desk.dispatch({ kind: 'tick', atMs: desk.now() })
      if (held) return held.id
    }
    throw new StudioError('lease-unknown', 'no lease has this token')
  }

  return {
    async acquire({ owner, reason, ttlMs, signal }) {
      if (signal.aborted) throw new StudioError('cancelled', 'the lease is no longer asked for')
      await desk.begin()
      if (signal.aborted) throw new StudioError('cancelled', 'the lease is no longer asked for')
      const id = desk.nextId()
      const bounded = Math.min(TTL_CEILING_MS, Math.max(TTL_FLOOR_MS, ttlMs))
      await desk.ask(id, signal, { kind: 'lease-asked', id, owner, reason, ttlMs: bounded, atMs: desk.now() })
      const token = randomBytes(32).toString('base64url')
      if (desk.current()?.id === id && signal.aborted) desk.dispatch({ kind: 'lease-ended', id, cause: 'its asker went away', atMs: desk.now() })
      if (desk.current()?.id !== id) throw new StudioError('cancelled', 'the lease ended as it began')
      held = { id, digest: digestOf(token) }
      return { token, ttlMs: bounded }
    },
    heartbeat(token) {
      const id = idOf(token)
      desk.dispatch({ kind: 'lease-renewed', id, atMs: desk.now() })
      return { expiresInMs: expiresIn(desk.current(), desk.now()) ?? 0 }
    },
    release(token) {
      desk.dispatch({ kind: 'lease-ended', id: idOf(token), cause: 'given back', atMs: desk.now() })
    },
    state() {
      const lease = desk.current()
      if (!lease) return null
      const { owner, reason, ttlMs } = lease
      return { phase: lease.expiresAtMs === null ? 'wanted' : 'held', owner, reason, ttlMs, expiresInMs: expiresIn(lease, desk.now()) }
    },
    over(id) {
      if (held?.id === id) held = null
    },
  }
}

function expiresIn(lease: LeaseState | null, nowMs: number): number | null {
  return lease === null || lease.expiresAtMs === null ? null : Math.max(0, lease.expiresAtMs - nowMs)
}
