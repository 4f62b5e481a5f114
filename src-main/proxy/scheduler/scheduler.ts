/**
 * Owns the scheduler's state, in the main process. Every change is one event through the reducer; what its effects ask for is done here, and
 * what becomes of it comes back as events. Nothing here decides anything.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { StudioError } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { ModelRunner } from '../../registry/serving.ts'
import type { Admission, Grant, Priority } from '../ports.ts'
import { createAskers, type WaitTimes } from './askers.ts'
import { createCardReadings } from './card-readings.ts'
import type { Effect, SchedulerEvent } from './events.ts'
import { createLeaseDesk, type LeaseDesk } from './lease-desk.ts'
import type { Capacity, FindEntry, LimitsPort, SetTimer } from './ports.ts'
import { createModelWork } from './model-work.ts'
import { findPreloadItems } from './preload-items.ts'
import { reduce } from './reducer.ts'
import { toRefusal } from './refusal-errors.ts'
import { holdsMemory, initialState, type ModelDemand, type State } from './state.ts'
import { createTransitions, type SchedulerView, viewOf } from './view.ts'
import { type WouldStart, wouldStart } from './would-start.ts'

const DISPOSE_BOUND_MS = 15_000

export interface SchedulerOptions {
  runner: ModelRunner
  capacity(): Promise<Capacity>
  limits: LimitsPort
  findEntry: FindEntry
  clock: Clock
  logger: Logger
  setTimer?: SetTimer
}

export interface Scheduler extends Admission {
  /** Reads limits and cards, takes over what runs already, begins the preload list. Done by the first use as well. */
  begin(): Promise<void>
  /** `waitAtMostMs`: refused with `backend-overloaded` when it is not served by then. */
  admit(entry: RegistryEntry, wish: { priority: Priority; signal: AbortSignal; waitAtMostMs?: number }): Promise<Grant>
  /** Resolves when the model is there. @throws as `admit`. */
  load(entry: RegistryEntry, signal: AbortSignal): Promise<void>
  /** Resolves when its memory is back; also when it was not loaded. @throws StudioError `model-busy` while it answers or is being loaded. */
  unload(name: string): Promise<void>
  /** Goes before the registry entry's own word, until the studio ends. */
  pin(name: string, on: boolean): void
  /** Speculative, for a gauge. */
  wouldStart(entry: RegistryEntry): Promise<WouldStart>
  view(): SchedulerView
  lease: LeaseDesk
  /** Told after something in `view` changed, once for several changes in one turn. Returns its own undo. */
  onChanged(listener: () => void): () => void
  /** Refuses who waits, stops every managed model. Idempotent, bounded. @throws Error when models were still there at the bound. */
  dispose(): Promise<void>
}

const nodeTimer: SetTimer = (ms, then) => {
  const timer = setTimeout(then, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

const cancelled = (): StudioError => new StudioError('cancelled', 'the request was cancelled while it waited')

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { runner, clock, logger, setTimer = nodeTimer } = options
  const transitions = createTransitions(clock)
  const entries = new Map<string, RegistryEntry>()
  const askers = createAskers()
  const listeners = new Set<() => void>()
  const undo: (() => void)[] = []
  const inbox: SchedulerEvent[] = []
  let state: State | null = null
  let beginning: Promise<void> | null = null
  let disposing: Promise<void> | null = null
  let cancelWake: (() => void) | null = null
  /** When the timer goes off, and when the reducer wants to be asked. */
  let armedAtMs = 0
  let wantedAtMs: number | null = null
  let lastId = 0
  let isReducing = false
  let isTelling = false

  const now = (): number => clock.ticksMs()
  const startTimeoutMs = (): number => state?.limits.startTimeoutMs ?? 0
  const nextId = (): string => `s${(lastId += 1)}`

  const readings = createCardReadings({ capacity: () => options.capacity(), setTimer, now, logger })
  const work = createModelWork({ runner, readCards: () => readings.read(), dispatch, now, logger })

  function dispatch(event: SchedulerEvent): void {
    inbox.push(event)
    if (isReducing || !state) return
    isReducing = true
    try {
      for (let next = inbox.shift(); next; next = inbox.shift()) {
        const { state: after, effects } = reduce(state, next)
        state = after
        for (const effect of effects) perform(effect)
      }
    } finally {
      isReducing = false
    }
    tellListeners()
  }

  function tellListeners(): void {
    if (isTelling || listeners.size === 0) return
    isTelling = true
    queueMicrotask(() => {
      isTelling = false
      for (const listener of listeners) {
        try {
          listener()
        } catch (error) {
          logger.error('scheduler-listener-failed', { reason: toRefusal(error).message })
        }
      }
    })
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'granted':
      case 'refused':
        return askers.answer(effect)
      case 'start':
        return void work.start(entries.get(effect.model), effect.model, effect.placement, startTimeoutMs())
      case 'stop':
        return void work.stop(effect.model)
      case 'moved':
        transitions.add(effect)
        logger.info('model-moved', { model: effect.model, to: effect.to, cause: effect.cause })
        return
      case 'lease-over':
        logger.info('gpu-lease-over', { cause: effect.cause })
        return lease.over(effect.id)
      case 'wake':
        return wakeAt(effect.atMs)
    }
  }

  /** A timer that goes off too early is left: requests put off the next moment all the time, and only the last one counts. */
  function wakeAt(atMs: number | null): void {
    wantedAtMs = atMs
    if (atMs === null || (cancelWake && armedAtMs <= atMs)) return
    cancelWake?.()
    armedAtMs = atMs
    cancelWake = setTimer(Math.max(0, Math.ceil(atMs - now())), () => {
      cancelWake = null
      if (wantedAtMs === null) return
      if (wantedAtMs <= now()) dispatch({ kind: 'tick', atMs: now() })
      else wakeAt(wantedAtMs)
    })
  }

  async function refreshCapacity(): Promise<void> {
    const cards = await readings.read()
    if (cards) dispatch({ kind: 'capacity-changed', cards, atMs: now() })
    else if (state?.cards === null) dispatch({ kind: 'capacity-changed', cards: [], atMs: now() })
  }

  async function demandOf(entry: RegistryEntry): Promise<ModelDemand> {
    const demand = await runner.demandOf(entry)
    return { ...demand, slots: Math.max(1, demand.slots), pinned: entry.pinned, graceMs: null }
  }

  async function preload(names: readonly string[]): Promise<void> {
    const found = await findPreloadItems(names, { findEntry: options.findEntry, demandOf, logger })
    for (const entry of found.entries) entries.set(entry.name, entry)
    dispatch({ kind: 'preload-wanted', items: found.items, atMs: now() })
  }

  async function limitsChanged(): Promise<void> {
    try {
      const limits = await options.limits.current()
      const cards = await readings.read()
      dispatch({ kind: 'capacity-changed', limits, ...(cards && { cards }), atMs: now() })
      await preload(limits.preload)
    } catch (error) {
      logger.warn('limits-unreadable', { reason: toRefusal(error).message })
    }
  }

  async function open(): Promise<void> {
    const limits = await options.limits.current()
    state = initialState(limits)
    undo.push(options.limits.onChanged(() => void limitsChanged()))
    undo.push(runner.onGone((model, error) => dispatch({ kind: 'model-gone', model, refusal: toRefusal(error), atMs: now() })))
    await adoptRunning()
    // After the models found running, so that their memory is not taken for that of others.
    await refreshCapacity()
    void preload(limits.preload)
  }

  async function adoptRunning(): Promise<void> {
    try {
      for (const { entry, placement } of await runner.running()) {
        entries.set(entry.name, entry)
        dispatch({ kind: 'adopted', model: entry.name, demand: await demandOf(entry), placement, atMs: now() })
      }
    } catch (error) {
      logger.warn('running-models-unknown', { reason: toRefusal(error).message })
    }
  }

  function begin(): Promise<void> {
    beginning ??= open().catch((error: unknown) => {
      beginning = null
      throw error
    })
    return beginning
  }

  /** The demand that counts, with figures of the cards fresh enough to place it; costs nothing for a model that is loaded. */
  async function prepare(entry: RegistryEntry): Promise<ModelDemand> {
    await begin()
    const known = state?.models.get(entry.name)
    if (known && known.phase !== 'stopped' && known.demand.managed) return { ...known.demand, pinned: entry.pinned }
    const demand = await demandOf(entry)
    if (holdsMemory(demand) && readings.isStale()) await refreshCapacity()
    return demand
  }

  function ask(id: string, signal: AbortSignal | null, event: SchedulerEvent): Promise<WaitTimes> {
    const takeBack = (): void => dispatch({ kind: 'request-cancelled', id, atMs: now() })
    return askers.wait(id, signal, () => dispatch(event), takeBack)
  }

  const lease = createLeaseDesk({
    begin,
    ask,
    dispatch,
    current: () => state?.lease ?? null,
    now,
    nextId,
  })

  function refuseClosed(): void {
    if (disposing) throw new StudioError('proxy-unavailable', 'the studio is closing')
  }

  async function whenPrepared(entry: RegistryEntry, signal: AbortSignal): Promise<ModelDemand> {
    refuseClosed()
    if (signal.aborted) throw cancelled()
    entries.set(entry.name, entry)
    const demand = await prepare(entry)
    if (signal.aborted) throw cancelled()
    return demand
  }

  async function close(): Promise<void> {
    for (const take of undo.splice(0)) take()
    await beginning?.catch(() => undefined)
    if (!state) return
    let gone = (): void => undefined
    const ended = new Promise<void>((resolve) => {
      gone = resolve
    })
    const isEmpty = (): boolean => ![...(state?.models.values() ?? [])].some((model) => model.demand.managed && model.phase !== 'stopped')
    const check = (): void => {
      if (isEmpty()) gone()
    }
    listeners.add(check)
    const cancelBound = setTimer(DISPOSE_BOUND_MS, gone)
    dispatch({ kind: 'closed', atMs: now() })
    check()
    await ended
    cancelBound()
    cancelWake?.()
    listeners.clear()
    if (!isEmpty()) throw new Error(`models were still there ${DISPOSE_BOUND_MS} ms after they were told to stop`)
  }

  return {
    begin,
    async admit(entry, { priority, signal, waitAtMostMs }) {
      const demand = await whenPrepared(entry, signal)
      const id = nextId()
      const atMs = now()
      const deadline = waitAtMostMs === undefined ? {} : { deadlineAtMs: atMs + waitAtMostMs }
      const times = await ask(id, signal, { kind: 'request-arrived', id, model: entry.name, demand, priority, atMs, ...deadline })
      let isReleased = false
      return {
        queueMs: times.queueMs,
        loadMs: times.loadMs,
        release() {
          if (isReleased) return
          isReleased = true
          dispatch({ kind: 'request-finished', id, atMs: now() })
        },
      }
    },
    async load(entry, signal) {
      const demand = await whenPrepared(entry, signal)
      const id = nextId()
      await ask(id, signal, { kind: 'load-asked', id, model: entry.name, demand, atMs: now() })
    },
    async unload(name) {
      refuseClosed()
      await begin()
      const id = nextId()
      await ask(id, null, { kind: 'unload-asked', id, model: name, atMs: now() })
    },
    pin(model, on) {
      void begin().then(
        () => dispatch({ kind: 'pinned', model, on, atMs: now() }),
        (error: unknown) => logger.warn('pin-failed', { model, reason: toRefusal(error).message }),
      )
    },
    async wouldStart(entry) {
      const demand = await prepare(entry)
      if (!state) return { fits: false, evicts: [], reason: 'the scheduler has not begun' }
      return wouldStart(state, entry.name, demand)
    },
    view: () => viewOf(state, transitions.list(), now()),
    lease,
    onChanged(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispose() {
      disposing ??= close()
      return disposing
    },
  }
}
