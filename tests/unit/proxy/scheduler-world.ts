/** A world for the pure scheduler: it keeps the books of what runs, checks every effect against them, and lets time pass by hand. */
import { expect } from 'vitest'
import type { Effect, SchedulerEvent } from '../../../src-main/proxy/scheduler/events.ts'
import { usableMb } from '../../../src-main/proxy/scheduler/place.ts'
import type { CardReading, Limits } from '../../../src-main/proxy/scheduler/ports.ts'
import type { Priority } from '../../../src-main/proxy/ports.ts'
import { reduce } from '../../../src-main/proxy/scheduler/reducer.ts'
import { initialState, isPinned, type ModelDemand, type Refusal, type State } from '../../../src-main/proxy/scheduler/state.ts'

export const LIMITS: Limits = {
  profile: 'test',
  budgetMb: 14_000,
  maxModels: 1,
  reserveMb: 1024,
  gpuCount: null,
  splitAboveMb: null,
  graceMs: 300_000,
  startTimeoutMs: 120_000,
  preload: [],
  queueLimit: 512,
}
export const CARD_16: CardReading = { index: 0, totalMb: 16_000, freeMb: null }

export function demand(needMb: number, more: Partial<ModelDemand> = {}): ModelDemand {
  return { needMb, source: 'registry', slots: 1, managed: true, loadMs: null, pinned: false, graceMs: null, ...more }
}

type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never

/** Everything that can be compared, maps included. */
const picture = (state: State): string => JSON.stringify(state, (_, value: unknown) => (value instanceof Map ? [...value] : value))

export interface World {
  readonly state: State
  readonly nowMs: number
  /** Ids to `granted` or the code of the refusal. */
  readonly ends: ReadonlyMap<string, string>
  readonly refusals: ReadonlyMap<string, Refusal>
  readonly starts: readonly string[]
  readonly stops: readonly string[]
  /** In order of granting. */
  readonly grants: readonly string[]
  readonly moves: readonly Extract<Effect, { kind: 'moved' }>[]
  readonly leasesOver: readonly string[]
  readonly loading: ReadonlySet<string>
  readonly stopping: ReadonlySet<string>
  /** Granted and not finished. */
  readonly running: ReadonlySet<string>
  modelOf(id: string): string
  send(event: Untimed<SchedulerEvent>): void
  pass(ms: number): void
  request(model: string, priority?: Priority, more?: { deadlineAtMs?: number }): string
  /** Finishes loads, stops and requests, one of them at a time, until nothing is left but waiting for time; goes on over wakes within `withinMs`. */
  play(options?: { serviceMs?: number; loadMs?: number; stopMs?: number; withinMs?: number }): void
}

export function createWorld(
  models: Record<string, ModelDemand>,
  { limits = LIMITS, cards = [CARD_16], checkPurity = true }: { limits?: Limits; cards?: readonly CardReading[]; checkPurity?: boolean } = {},
): World {
  let state = initialState(limits)
  let nowMs = 1000
  let wakeAtMs: number | null = null
  let lastId = 0
  const ends = new Map<string, string>()
  const refusals = new Map<string, Refusal>()
  const modelOf = new Map<string, string>()
  const grants: string[] = []
  const starts: string[] = []
  const stops: string[] = []
  const moves: Extract<Effect, { kind: 'moved' }>[] = []
  const leasesOver: string[] = []
  const loading = new Set<string>()
  const stopping = new Set<string>()
  const running = new Set<string>()

  function end(id: string, how: string): void {
    expect(ends.has(id), `${id} ends a second time`).toBe(false)
    ends.set(id, how)
  }

  function checkStart(model: string, after: State): void {
    expect(loading.has(model) || stopping.has(model), `${model} started while it starts or stops`).toBe(false)
    expect(after.closed).toBe(false)
    const holders = [...after.models.values()].filter((one) => one.phase !== 'stopped' && one.claims.length > 0)
    const mine = after.models.get(model)?.claims ?? []
    if (mine.length === 0) return
    expect(holders.length, 'models at a time').toBeLessThanOrEqual(after.limits.maxModels)
    const all = holders.flatMap((one) => one.claims)
    expect(
      all.reduce((sum, claim) => sum + claim.mb, 0),
      'the budget',
    ).toBeLessThanOrEqual(after.limits.budgetMb)
    for (const { gpu } of mine) {
      const card = after.cards!.find((one) => one.index === gpu)!
      expect(
        all.reduce((sum, claim) => sum + (claim.gpu === gpu ? claim.mb : 0), 0),
        `card ${gpu}`,
      ).toBeLessThanOrEqual(usableMb(card, after.limits))
      const others = holders.filter((one) => one.name !== model && loading.has(one.name) && one.claims.some((claim) => claim.gpu === gpu))
      expect(
        others.map((one) => one.name),
        'loads on one card',
      ).toEqual([])
    }
    expect(after.lease === null, 'no load under a lease').toBe(true)
  }

  function checkStop(model: string, cause: string, before: State, after: State): void {
    if (after.closed) return
    expect(loading.has(model), `${model} stopped while loading`).toBe(false)
    expect(
      [...running].filter((id) => modelOf.get(id) === model),
      `${model} stopped while busy`,
    ).toEqual([])
    const record = before.models.get(model)
    if (record && cause.startsWith('room')) expect(isPinned(after, record), `${model} is pinned`).toBe(false)
  }

  function send(event: Untimed<SchedulerEvent>): void {
    const before = state
    const seen = checkPurity ? picture(before) : ''
    if (event.kind === 'load-succeeded' || event.kind === 'load-failed') loading.delete(event.model)
    if (event.kind === 'stop-finished') stopping.delete(event.model)
    if (event.kind === 'request-finished') running.delete(event.id)
    if (event.kind === 'model-gone') for (const id of [...running]) if (modelOf.get(id) === event.model) running.delete(id)
    const result = reduce(before, { ...event, atMs: nowMs } as SchedulerEvent)
    if (checkPurity) expect(picture(before)).toBe(seen)
    state = result.state
    const causes = new Map(result.effects.flatMap((effect) => (effect.kind === 'moved' ? [[`${effect.model} ${effect.to}`, effect.cause]] : [])))
    for (const effect of result.effects) {
      switch (effect.kind) {
        case 'granted':
          end(effect.id, 'granted')
          grants.push(effect.id)
          if (state.granted.has(effect.id)) running.add(effect.id)
          break
        case 'refused':
          end(effect.id, effect.refusal.code)
          refusals.set(effect.id, effect.refusal)
          break
        case 'start':
          checkStart(effect.model, state)
          starts.push(effect.model)
          loading.add(effect.model)
          break
        case 'stop':
          checkStop(effect.model, causes.get(`${effect.model} stopping`) ?? '', before, state)
          stops.push(effect.model)
          loading.delete(effect.model)
          stopping.add(effect.model)
          break
        case 'moved':
          moves.push(effect)
          break
        case 'lease-over':
          leasesOver.push(effect.id)
          break
        case 'wake':
          wakeAtMs = effect.atMs
      }
    }
  }

  const world: World = {
    get state() {
      return state
    },
    get nowMs() {
      return nowMs
    },
    ...{ ends, refusals, starts, stops, grants, moves, leasesOver, loading, stopping, running },
    modelOf: (id) => modelOf.get(id) ?? '',
    send,
    pass(ms) {
      const untilMs = nowMs + ms
      while (wakeAtMs !== null && wakeAtMs <= untilMs) {
        nowMs = Math.max(nowMs, wakeAtMs)
        wakeAtMs = null
        send({ kind: 'tick' })
      }
      nowMs = untilMs
    },
    request(model, priority = 'batch', more = {}) {
      lastId += 1
      const id = `${model}${lastId}`
      modelOf.set(id, model)
      const wanted = models[model]
      if (!wanted) throw new Error(`the world knows no ${model}`)
      send({ kind: 'request-arrived', id, model, demand: wanted, priority, ...more })
      return id
    },
    play({ serviceMs = 100, loadMs = 2000, stopMs = 100, withinMs = 600_000 } = {}) {
      const untilMs = nowMs + withinMs
      for (let steps = 0; ; steps += 1) {
        expect(steps, 'steps without coming to rest').toBeLessThan(10_000)
        const [load] = loading
        const [stop] = stopping
        const [request] = running
        if (request !== undefined) {
          world.pass(serviceMs)
          if (running.has(request)) send({ kind: 'request-finished', id: request })
        } else if (load !== undefined) {
          world.pass(loadMs)
          if (loading.has(load)) send({ kind: 'load-succeeded', model: load, measuredMb: null })
        } else if (stop !== undefined) {
          world.pass(stopMs)
          send({ kind: 'stop-finished', model: stop })
        } else if (wakeAtMs !== null && wakeAtMs <= untilMs && state.waiters.length > 0) {
          world.pass(wakeAtMs - nowMs)
        } else return
      }
    },
  }
  send({ kind: 'capacity-changed', cards })
  return world
}
