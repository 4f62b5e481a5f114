/** Leases on the addresses of one model: at most `limit` requests each, waiting in turn, failing ones passed over. */
import type { Clock } from '../../lib/clock.ts'
import { StudioError } from '../../lib/studio-error.ts'
import { type AddressState, afterRequest, chooseAddress, FRESH, type Outcome } from './address-health.ts'

const MOST_WAITING = 512

export interface AddressLease {
  address: string
  /** What the address turned out to be, once it is known; the place stays taken. */
  judge(outcome: Outcome): void
  /** Idempotent; gives the place to the next in turn. */
  release(): void
}

export interface AddressPool {
  /**
   * @param tried Addresses that are not wanted any more. Null when none is left.
   * @throws StudioError `cancelled`, `backend-overloaded` when too many wait already.
   */
  lease(addresses: readonly string[], options: { tried: ReadonlySet<string>; limit: number; signal: AbortSignal }): Promise<AddressLease | null>
}

interface Waiter {
  /** True when it is served or needs no more waiting. */
  attempt(): boolean
}

export function createAddressPool(clock: Clock): AddressPool {
  const states = new Map<string, AddressState>()
  const waiting: Waiter[] = []
  const stateOf = (address: string) => states.get(address) ?? FRESH

  const serveWaiting = () => {
    // In the order of arrival; one that waits for another address does not hold up the rest.
    for (const waiter of [...waiting]) if (waiter.attempt()) remove(waiter)
  }
  const remove = (waiter: Waiter) => {
    const at = waiting.indexOf(waiter)
    if (at >= 0) waiting.splice(at, 1)
  }

  const take = (address: string): AddressLease => {
    const before = stateOf(address)
    states.set(address, { ...before, inFlight: before.inFlight + 1, probing: before.failures > 0 })
    let open = true
    let judged = false
    const judge = (outcome: Outcome) => {
      if (judged) return
      judged = true
      states.set(address, afterRequest(stateOf(address), outcome, clock.ticksMs()))
      serveWaiting()
    }
    return {
      address,
      judge,
      release() {
        if (!open) return
        open = false
        judge('given-up')
        const now = stateOf(address)
        states.set(address, { ...now, inFlight: now.inFlight - 1 })
        serveWaiting()
      },
    }
  }

  return {
    lease(addresses, { tried, limit, signal }) {
      const choose = () => chooseAddress(new Map(addresses.map((address) => [address, stateOf(address)])), { tried, limit, nowMs: clock.ticksMs() })
      if (signal.aborted) return Promise.reject(new StudioError('cancelled', 'the caller went away'))
      const first = choose()
      if (first === 'none') return Promise.resolve(lastResort(addresses, tried, limit))
      if (first !== 'wait') return Promise.resolve(take(first.address))
      if (waiting.length >= MOST_WAITING) {
        return Promise.reject(new StudioError('backend-overloaded', `${waiting.length} requests wait for this model already`, { retry: 'later' }))
      }
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          remove(waiter)
          reject(new StudioError('cancelled', 'the caller went away'))
        }
        const waiter: Waiter = {
          attempt() {
            const choice = choose()
            if (choice === 'wait') return false
            signal.removeEventListener('abort', onAbort)
            resolve(choice === 'none' ? null : take(choice.address))
            return true
          },
        }
        signal.addEventListener('abort', onAbort, { once: true })
        waiting.push(waiter)
      })
    },
  }

  /** When every address rests, the one that is due first is tried all the same: better than a refusal unasked. Whoever comes meanwhile waits. */
  function lastResort(addresses: readonly string[], tried: ReadonlySet<string>, limit: number): AddressLease | null {
    if (tried.size > 0) return null
    const [next] = addresses.filter((address) => stateOf(address).inFlight < limit).sort((a, b) => stateOf(a).restUntilMs - stateOf(b).restUntilMs)
    return next === undefined ? null : take(next)
  }
}
