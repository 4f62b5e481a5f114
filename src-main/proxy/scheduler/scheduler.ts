/**
 * Owns the scheduler's state, in the main process. Every change is one event through the reducer; what its effects ask for is done here, and
 * what becomes of it comes back as events. Nothing here decides anything.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { StudioError } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { ModelRunner, Placement } from '../../registry/serving.ts'
import type { Admission, Grant, Priority } from '../ports.ts'
import type { Effect, SchedulerEvent } from './events.ts'
import { createLeaseDesk, type LeaseDesk } from './lease-desk.ts'
import type { Capacity, CardReading, FindEntry, LimitsPort, SetTimer } from './ports.ts'
import { reduce } from './reducer.ts'
import { initialState, type ModelDemand, type PreloadItem, type Refusal, type State } from './state.ts'
import { createTransitions, type SchedulerView, viewOf } from './view.ts'
import { type WouldStart, wouldStart } from './would-start.ts'

/** A reading of the cards older than this is not trusted with a new load. */
const CAPACITY_FRESH_MS = 1000
const CAPACITY_BOUND_MS = 3000
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

interface Asker {
  resolve(times: { queueMs: number; loadMs: number }): void
  reject(error: StudioError): void
}

const nodeTimer: SetTimer = (ms, then) => {
  const timer = setTimeout(then, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

function toError({ code, message, data, retry }: Refusal): StudioError {
  return new StudioError(code, message, { data, retry })
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof StudioError) return { code: error.code, message: error.message, data: error.data, retry: error.retry }
  return { code: 'backend-start-failed', message: error instanceof Error ? error.message : String(error), data: {}, retry: 'later' }
}

const cancelled = (): StudioError => new StudioError('cancelled', 'the request was cancelled while it waited')

export function createScheduler(options: SchedulerOptions): Scheduler {
  const { runner, clock, logger, setTimer = nodeTimer } = options
  const transitions = createTransitions(clock)
  const entries = new Map<string, RegistryEntry>()
  const askers = new Map<string, Asker>()
  const starts = new Map<string, AbortController>()
  const listeners = new Set<() => void>()
  const undo: (() => void)[] = []
  const inbox: SchedulerEvent[] = []
  let state: State | null = null
  let beginning: Promise<void> | null = null
  let disposing: Promise<void> | null = null
  let cancelWake: (() => void) | null = null
  let readAtMs = Number.NEGATIVE_INFINITY
  let lastId = 0
  let isReducing = false
  let isTelling = false

  const now = (): number => clock.ticksMs()
  const nextId = (): string => `s${(lastId += 1)}`

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
      for (const listener of listeners) listener()
    })
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'granted':
        return takeAsker(effect.id)?.resolve(effect)
      case 'refused':
        return takeAsker(effect.id)?.reject(toError(effect.refusal))
      case 'start':
        return void start(effect.model, effect.placement)
      case 'stop':
        return void stop(effect.model)
      case 'moved':
        transitions.add(effect)
        logger.info('model-moved', { model: effect.model, to: effect.to, cause: effect.cause })
        return
      case 'lease-over':
        logger.info('gpu-lease-over', { cause: effect.cause })
        return lease.over(effect.id)
      case 'wake':
        cancelWake?.()
        cancelWake =
          effect.atMs === null ? null : setTimer(Math.max(0, Math.ceil(effect.atMs - now())), () => dispatch({ kind: 'tick', atMs: now() }))
    }
  }

  function takeAsker(id: string): Asker | undefined {
    const asker = askers.get(id)
    askers.delete(id)
    return asker
  }

  async function start(name: string, placement: Placement): Promise<void> {
    const abort = new AbortController()
    starts.set(name, abort)
    try {
      const entry = entries.get(name)
      if (!entry || !state) throw new StudioError('model-unknown', `no entry of ${name} was seen`, { data: { name } })
      const started = await runner.start(entry, placement, { timeoutMs: state.limits.startTimeoutMs, signal: abort.signal })
      dispatch({ kind: 'load-succeeded', model: name, measuredMb: started.measuredMb, atMs: now() })
    } catch (error) {
      const refusal = toRefusal(error)
      logger.warn('model-start-failed', { model: name, code: refusal.code, reason: refusal.message })
      dispatch({ kind: 'load-failed', model: name, refusal, atMs: now() })
    } finally {
      if (starts.get(name) === abort) starts.delete(name)
    }
    await refreshCapacity()
  }

  async function stop(name: string): Promise<void> {
    starts.get(name)?.abort(new StudioError('cancelled', `the start of ${name} was called off`))
    try {
      await runner.stop(name)
    } catch (error) {
      logger.error('model-stop-failed', { model: name, reason: toRefusal(error).message })
    }
    const cards = await readCards()
    dispatch({ kind: 'stop-finished', model: name, ...(cards && { cards }), atMs: now() })
  }

  /** Undefined when the cards cannot be read now: the last reading goes on. */
  async function readCards(): Promise<readonly CardReading[] | undefined> {
    let giveUp = (): void => undefined
    const bound = new Promise<never>((_, reject) => {
      giveUp = setTimer(CAPACITY_BOUND_MS, () => reject(new Error(`no answer within ${CAPACITY_BOUND_MS} ms`)))
    })
    try {
      const { cards } = await Promise.race([options.capacity(), bound])
      readAtMs = now()
      return cards
    } catch (error) {
      logger.warn('capacity-unreadable', { reason: toRefusal(error).message })
      return undefined
    } finally {
      giveUp()
    }
  }

  async function refreshCapacity(): Promise<void> {
    const cards = await readCards()
    if (cards) dispatch({ kind: 'capacity-changed', cards, atMs: now() })
    else if (state?.cards === null) dispatch({ kind: 'capacity-changed', cards: [], atMs: now() })
  }

  async function demandOf(entry: RegistryEntry): Promise<ModelDemand> {
    const demand = await runner.demandOf(entry)
    return { ...demand, slots: Math.max(1, demand.slots), pinned: entry.pinned, graceMs: null }
  }

  async function preload(names: readonly string[]): Promise<void> {
    const items: PreloadItem[] = []
    for (const name of names) {
      try {
        const entry = await options.findEntry(name)
        if (entry) {
          entries.set(entry.name, entry)
          items.push({ model: entry.name, demand: await demandOf(entry) })
        } else logger.warn('preload-unknown', { name })
      } catch (error) {
        logger.warn('preload-skipped', { name, reason: toRefusal(error).message })
      }
    }
    dispatch({ kind: 'preload-wanted', items, atMs: now() })
  }

  async function limitsChanged(): Promise<void> {
    try {
      const limits = await options.limits.current()
      const cards = await readCards()
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
    for (const { entry, placement } of await runner.running()) {
      entries.set(entry.name, entry)
      dispatch({ kind: 'adopted', model: entry.name, demand: await demandOf(entry), placement, atMs: now() })
    }
    // After the models found running, so that their memory is not taken for that of others.
    await refreshCapacity()
    void preload(limits.preload)
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
    const stale = now() - readAtMs >= CAPACITY_FRESH_MS
    const [demand] = await Promise.all([demandOf(entry), stale ? refreshCapacity() : undefined])
    return demand
  }

  /** Sends `event` and waits for the one answer to its id. An abort takes it back while it waits. */
  function ask(id: string, signal: AbortSignal | null, event: SchedulerEvent, takeBack: 'request-cancelled' | 'lease-ended') {
    return new Promise<{ queueMs: number; loadMs: number }>((resolve, reject) => {
      const onAbort = (): void => {
        dispatch(takeBack === 'lease-ended' ? { kind: takeBack, id, cause: 'its asker went away', atMs: now() } : { kind: takeBack, id, atMs: now() })
      }
      const settled = (): void => signal?.removeEventListener('abort', onAbort)
      askers.set(id, {
        resolve(times) {
          settled()
          resolve(times)
        },
        reject(error) {
          settled()
          reject(error)
        },
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      dispatch(event)
    })
  }

  const lease = createLeaseDesk({
    begin,
    ask: (id, signal, event) => ask(id, signal, event, 'lease-ended'),
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
      const times = await ask(
        id,
        signal,
        { kind: 'request-arrived', id, model: entry.name, demand, priority, atMs, ...deadline },
        'request-cancelled',
      )
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
      await ask(id, signal, { kind: 'load-asked', id, model: entry.name, demand, atMs: now() }, 'request-cancelled')
    },
    async unload(name) {
      refuseClosed()
      await begin()
      const id = nextId()
      await ask(id, null, { kind: 'unload-asked', id, model: name, atMs: now() }, 'request-cancelled')
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
