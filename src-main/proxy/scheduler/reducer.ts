/**
 * The scheduler as a pure function: (state, event) → {state, effects}. It reads no clock, sets no timer and starts nothing; time comes with
 * the events, and the driver (scheduler.ts) does what the effects say and reports back with further events. The state given is never changed.
 *
 * A request for a model:
 *
 *   model is      | and                                            | then
 *   --------------|------------------------------------------------|----------------------------------------------------------------
 *   anything      | lease wanted or held, model needs graphics mem.| refused `gpu-leased`
 *   anything      | breaker open (3 failures, for 60 s)            | refused with the last error
 *   anything      | queue full                                     | refused `backend-overloaded`, or the newest of worse priority is
 *   ready         | slot free, nobody has a better right           | granted
 *   ready         | no slot, or another model has its turn         | waits
 *   starting      |                                                | joins that start
 *   stopping      |                                                | waits for the end of the stop, then as stopped
 *   failed        | within its back-off                            | waits for the next try
 *   stopped       | never fits, or only pinned models are in the way| refused `model-does-not-fit` with numbers
 *   stopped       | room and no load on those cards                | started
 *   stopped       | room once idle models are gone                 | those are stopped, then started
 *   stopped       | a model in the way is busy or loading          | waits; loaded models are served first, so A B A B costs one swap
 *   stopped       | …and starved: 60 s, or passed by 32            | the model in the way takes nothing new, drains, is stopped
 *   stopped       | …and of better priority than what waits there  | the same, at once
 *
 * Never stopped for room: pinned, busy and loading models. Models that hold none of our graphics memory (processor, other machines, servers
 * that somebody else runs) are outside all of that; they have their slots only.
 * Per card: claims + reserve (or what others hold, if more) ≤ total; all claims together ≤ the profile's budget; one load at a time.
 * A profile that leaves less room marks what is over it as leaving: least useful first; it drains and is stopped.
 * A lease: no new loads, busy models drain, all that hold memory are stopped, then it is granted; without a heartbeat it ends by itself.
 */
import { arrive, closedRefusal, ensureModel, finish } from './arrivals.ts'
import { type Draft, refusal, refuse, tellMove } from './draft.ts'
import type { Effect, SchedulerEvent } from './events.ts'
import { RANKS } from './fairness.ts'
import { crashed, loadFailed } from './health.ts'
import { askLease, endLease, renewLease } from './lease.ts'
import { adopt, close, loaded, stopped, unload } from './lifecycle.ts'
import { markLeaving, readCards } from './limits-change.ts'
import { settle } from './settle.ts'
import { copyOf, type State } from './state.ts'

export function reduce(before: State, event: SchedulerEvent): { state: State; effects: Effect[] } {
  const draft: Draft = { state: copyOf(before), effects: [], atMs: event.atMs }
  apply(draft, event)
  settle(draft)
  if (event.kind === 'request-arrived' || event.kind === 'load-asked') tellQueued(draft, event.id)
  forgetUnused(draft.state)
  return { state: draft.state, effects: draft.effects }
}

function apply(draft: Draft, event: SchedulerEvent): void {
  const { state, atMs } = draft
  switch (event.kind) {
    case 'request-arrived':
      return arrive(draft, event.demand, {
        ...{ id: event.id, kind: 'request', seq: 0, model: event.model, rank: RANKS[event.priority], arrivedAtMs: atMs },
        deadlineAtMs: event.deadlineAtMs ?? null,
      })
    case 'load-asked':
      return arrive(draft, event.demand, {
        ...{ id: event.id, kind: 'load', seq: 0, model: event.model, rank: RANKS.interactive, arrivedAtMs: atMs },
        deadlineAtMs: null,
      })
    case 'request-cancelled':
      if (state.waiters.some((waiter) => waiter.id === event.id)) {
        refuse(draft, event.id, refusal('cancelled', 'the request was cancelled while it waited', {}, 'never'))
      } else if (state.lease?.expiresAtMs === null) endLease(draft, event.id, 'its asker went away')
      return
    case 'request-finished':
      return finish(draft, event.id)
    case 'unload-asked':
      return unload(draft, event.id, event.model)
    case 'pinned':
      state.pins = new Map([...state.pins, [event.model, event.on]])
      return
    case 'load-succeeded':
      return loaded(draft, event.model, event.measuredMb)
    case 'load-failed': {
      const model = state.models.get(event.model)
      if (model?.phase === 'starting') loadFailed(draft, model, event.refusal)
      return
    }
    case 'stop-finished':
      return stopped(draft, event)
    case 'model-gone': {
      const model = state.models.get(event.model)
      if (model?.phase === 'ready' && model.demand.managed) crashed(draft, model, event.refusal)
      return
    }
    case 'adopted':
      return adopt(draft, event)
    case 'capacity-changed':
      if (event.cards) state.cards = readCards(state, event.cards)
      if (event.limits) {
        state.limits = event.limits
        markLeaving(draft)
      }
      return
    case 'preload-wanted':
      state.preloadList = event.items
      state.preload = event.items
      for (const item of event.items) ensureModel(draft, item.model, item.demand)
      return
    case 'lease-asked':
      if (state.closed) refuse(draft, event.id, closedRefusal())
      else askLease(draft, event)
      return
    case 'lease-renewed':
      return renewLease(draft, event.id)
    case 'lease-ended':
      return endLease(draft, event.id, event.cause)
    case 'closed':
      return close(draft)
    case 'tick':
      return
  }
}

function tellQueued(draft: Draft, id: string): void {
  const waiter = draft.state.waiters.find((one) => one.id === id)
  if (!waiter || draft.state.models.get(waiter.model)?.phase !== 'stopped') return
  const isFirst = !draft.state.waiters.some((one) => one.model === waiter.model && one.seq < waiter.seq)
  if (isFirst) tellMove(draft, waiter.model, 'queued', 'waits for room', id)
}

/** Records that say nothing any more. */
function forgetUnused(state: State): void {
  for (const model of state.models.values()) {
    const isResting = model.demand.managed ? model.phase === 'stopped' : true
    if (!isResting || model.inFlight > 0 || model.loadFailures > 0 || model.crashes > 0) continue
    const isNamed = state.waiters.some((one) => one.model === model.name) || state.preload.some((item) => item.model === model.name)
    if (!isNamed) state.models.delete(model.name)
  }
}
