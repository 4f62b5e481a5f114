/** One other program may have the graphics cards to itself for a while. */
import { type Draft, refusal, refuse } from './draft.ts'
import { holdsMemory, isLoaded, type LeaseState, type Refusal } from './state.ts'

/** What is told while a lease is asked for and its end is not known yet. */
const UNKNOWN_END_SECONDS = 30

export function leasedRefusal(lease: LeaseState, atMs: number): Refusal {
  const retryAfterSeconds = lease.expiresAtMs === null ? UNKNOWN_END_SECONDS : Math.max(1, Math.ceil((lease.expiresAtMs - atMs) / 1000))
  return refusal('gpu-leased', `the graphics cards are lent to ${lease.owner}`, { owner: lease.owner, reason: lease.reason, retryAfterSeconds })
}

export function askLease(draft: Draft, wish: { id: string; owner: string; reason: string; ttlMs: number }): void {
  const { state, atMs } = draft
  expireLease(draft)
  if (state.lease) refuse(draft, wish.id, leasedRefusal(state.lease, atMs))
  else state.lease = { id: wish.id, owner: wish.owner, reason: wish.reason, ttlMs: wish.ttlMs, expiresAtMs: null }
}

export function renewLease(draft: Draft, id: string): void {
  const { lease } = draft.state
  if (lease?.id === id && lease.expiresAtMs !== null) lease.expiresAtMs = draft.atMs + lease.ttlMs
}

/** Given back, taken back, or asked for no longer. What it made go away of the preload list comes back. */
export function endLease(draft: Draft, id: string, cause: string): void {
  const { state } = draft
  if (state.lease?.id !== id) return
  if (state.lease.expiresAtMs === null) refuse(draft, id, refusal('cancelled', 'the lease is no longer asked for', {}, 'never'))
  else draft.effects.push({ kind: 'lease-over', id, cause })
  state.lease = null
  state.preload = state.preloadList.filter((item) => {
    const model = state.models.get(item.model)
    return model === undefined || !isLoaded(model)
  })
}

export function expireLease(draft: Draft): void {
  const { lease } = draft.state
  if (lease && lease.expiresAtMs !== null && lease.expiresAtMs <= draft.atMs) endLease(draft, lease.id, 'its holder was not heard of in time')
}

/** Granted as soon as none of our models holds a card; nothing loaded means at once. */
export function grantLease(draft: Draft): void {
  const { lease, models } = draft.state
  if (!lease || lease.expiresAtMs !== null) return
  if ([...models.values()].some((model) => isLoaded(model) && holdsMemory(model.demand))) return
  lease.expiresAtMs = draft.atMs + lease.ttlMs
  draft.effects.push({ kind: 'granted', id: lease.id, queueMs: 0, loadMs: 0 })
}
