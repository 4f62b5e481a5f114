/** Random events against the pure scheduler; the world (scheduler-world.ts) checks every effect, these check what holds over a whole run. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CardReading, Limits } from '../../../src-main/proxy/scheduler/ports.ts'
import type { ModelDemand, Refusal } from '../../../src-main/proxy/scheduler/state.ts'
import { createWorld, demand, LIMITS, type World } from './scheduler-world.ts'

const MODELS: Record<string, ModelDemand> = {
  small: demand(3000, { slots: 4 }),
  middle: demand(6500, { slots: 2, graceMs: 20_000 }),
  large: demand(9500, { loadMs: 20_000 }),
  huge: demand(18_000),
  kept: demand(4000, { pinned: true, slots: 2 }),
  cpu: demand(0, { slots: 2 }),
  far: demand(0, { managed: false, slots: 3 }),
}
const NAMES = Object.keys(MODELS)
const WHY: Refusal = { code: 'backend-start-failed', message: 'it broke', data: {}, retry: 'later' }

const card = (index: number, totalMb: number): CardReading => ({ index, totalMb, freeMb: null })
const hosts: { limits: Limits; cards: CardReading[] }[] = [
  { limits: LIMITS, cards: [card(0, 16_000)] },
  { limits: { ...LIMITS, budgetMb: 22_000, maxModels: 2, graceMs: 10_000 }, cards: [card(0, 24_000)] },
  {
    limits: { ...LIMITS, budgetMb: 28_000, maxModels: 3, gpuCount: 2, splitAboveMb: 12_000, queueLimit: 6 },
    cards: [card(0, 16_000), card(1, 16_000)],
  },
  { limits: { ...LIMITS, budgetMb: 60_000, maxModels: 5, graceMs: 0 }, cards: [card(0, 24_000), card(1, 12_000), card(2, 8000)] },
  { limits: { ...LIMITS, budgetMb: 0 }, cards: [] },
]

type Command =
  | { kind: 'request'; model: string; priority: 'interactive' | 'batch' | 'prefetch' }
  | { kind: 'finish' | 'cancel' | 'fail' | 'stopped' | 'gone' | 'unload' | 'load' | 'pin' | 'unpin'; which: number }
  | { kind: 'loaded'; which: number; factor: number | null }
  | { kind: 'pass'; ms: number }
  | { kind: 'host'; which: number; othersMb: number }
  | { kind: 'preload' | 'ask-lease' | 'renew-lease' | 'end-lease' }

const which = fc.nat(20)
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      model: fc.constantFrom(...NAMES),
      priority: fc.constantFrom('interactive' as const, 'batch' as const, 'prefetch' as const),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('finish' as const), which }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('loaded' as const), which, factor: fc.constantFrom(null, 0.8, 1, 1.1) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('stopped' as const), which }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 100, 600, 5000, 30_000, 70_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'cancel' as const,
        'fail' as const,
        'gone' as const,
        'unload' as const,
        'load' as const,
        'pin' as const,
        'unpin' as const,
      ),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('host' as const), which, othersMb: fc.constantFrom(0, 500, 6000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('preload' as const, 'ask-lease' as const, 'renew-lease' as const, 'end-lease' as const) }),
  },
)

const pick = <T>(from: Iterable<T>, at: number): T | undefined => {
  const all = [...from]
  return all[at % Math.max(1, all.length)]
}

/** Does it and returns the ids that now have to end once. */
function perform(world: World, one: Command, asked: string[]): void {
  switch (one.kind) {
    case 'request':
      asked.push(world.request(one.model, one.priority))
      return
    case 'finish': {
      const id = pick(world.running, one.which)
      if (id !== undefined) world.send({ kind: 'request-finished', id })
      return
    }
    case 'cancel': {
      const id = pick(asked, one.which)
      if (id !== undefined) world.send({ kind: 'request-cancelled', id })
      return
    }
    case 'loaded': {
      const model = pick(world.loading, one.which)
      if (model === undefined) return
      const claims = world.state.models.get(model)?.claims ?? []
      const { factor } = one
      const measuredMb = factor === null ? null : Object.fromEntries(claims.map(({ gpu, mb }) => [gpu, Math.round(mb * factor)]))
      world.send({ kind: 'load-succeeded', model, measuredMb })
      return
    }
    case 'fail': {
      const model = pick(world.loading, one.which)
      if (model !== undefined) world.send({ kind: 'load-failed', model, refusal: WHY })
      return
    }
    case 'stopped': {
      const model = pick(world.stopping, one.which)
      if (model !== undefined) world.send({ kind: 'stop-finished', model })
      return
    }
    case 'gone': {
      const model = pick(
        [...world.state.models.values()].filter((known) => known.phase === 'ready' && known.demand.managed),
        one.which,
      )
      if (model) world.send({ kind: 'model-gone', model: model.name, refusal: WHY })
      return
    }
    case 'pass':
      return world.pass(one.ms)
    case 'pin':
    case 'unpin':
      return world.send({ kind: 'pinned', model: pick(NAMES, one.which)!, on: one.kind === 'pin' })
    case 'unload':
    case 'load': {
      const id = `${one.kind}${asked.length}`
      const model = pick(NAMES, one.which)!
      asked.push(id)
      if (one.kind === 'unload') return world.send({ kind: 'unload-asked', id, model })
      return world.send({ kind: 'load-asked', id, model, demand: MODELS[model]! })
    }
    case 'host': {
      const host = pick(hosts, one.which)!
      const cards = host.cards.map((reading) => ({ ...reading, freeMb: one.othersMb === 0 ? null : Math.max(0, reading.totalMb - one.othersMb) }))
      return world.send({ kind: 'capacity-changed', cards, limits: host.limits })
    }
    case 'preload':
      return world.send({ kind: 'preload-wanted', items: ['small', 'cpu'].map((model) => ({ model, demand: MODELS[model]! })) })
    case 'ask-lease': {
      const id = `lease${asked.length}`
      asked.push(id)
      return world.send({ kind: 'lease-asked', id, owner: 'another', reason: 'its own work', ttlMs: 20_000 })
    }
    case 'renew-lease':
    case 'end-lease': {
      const id = world.state.lease?.id
      if (id === undefined) return
      if (one.kind === 'renew-lease') return world.send({ kind: 'lease-renewed', id })
      return world.send({ kind: 'lease-ended', id, cause: 'given back' })
    }
  }
}

function claimsIn(world: World): number {
  return [...world.state.models.values()].flatMap((model) => model.claims).reduce((sum, claim) => sum + claim.mb, 0)
}

describe('whatever happens', () => {
  it('no card and no budget is overdrawn, nothing in use is stopped, and every request ends exactly once', () => {
    fc.assert(
      fc.property(fc.nat(hosts.length - 1), fc.array(command, { minLength: 20, maxLength: 150 }), (at, commands) => {
        const world = createWorld(MODELS, { ...hosts[at]!, checkPurity: false })
        const asked: string[] = []
        for (const one of commands) perform(world, one, asked)

        const lease = world.state.lease?.id
        if (lease !== undefined) world.send({ kind: 'lease-ended', id: lease, cause: 'given back' })
        world.play({ withinMs: 3_600_000 })
        const open = asked.filter((id) => !world.ends.has(id))
        expect(open, 'requests that never end').toEqual([])
        expect(world.state.waiters).toEqual([])
        expect(world.state.granted.size, 'requests under way').toBe(
          // Those of a process that crashed end by their own broken streams; nobody has told about that here.
          [...world.state.granted.keys()].filter((id) => !world.running.has(id)).length,
        )

        for (const model of NAMES) world.send({ kind: 'pinned', model, on: false })
        // More than once: room that comes free may let the preload list go on.
        for (let round = 0; round < 3; round += 1) {
          world.pass(400_000)
          world.play()
        }
        expect(claimsIn(world), 'claims at the end').toBe(0)
        expect([...world.loading, ...world.stopping]).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('the state given to the reducer stays as it was', () => {
    fc.assert(
      fc.property(fc.nat(hosts.length - 1), fc.array(command, { maxLength: 80 }), (at, commands) => {
        const world = createWorld(MODELS, { ...hosts[at]!, checkPurity: true })
        const asked: string[] = []
        for (const one of commands) perform(world, one, asked)
      }),
      { numRuns: 40 },
    )
  })

  it('closing leaves nothing behind, at any moment', () => {
    fc.assert(
      fc.property(fc.nat(hosts.length - 1), fc.array(command, { maxLength: 60 }), (at, commands) => {
        const world = createWorld(MODELS, { ...hosts[at]!, checkPurity: false })
        const asked: string[] = []
        for (const one of commands) perform(world, one, asked)
        world.send({ kind: 'closed' })
        for (const model of [...world.stopping]) world.send({ kind: 'stop-finished', model })
        expect(claimsIn(world)).toBe(0)
        expect([...world.state.models.values()].filter((model) => model.demand.managed && model.phase !== 'stopped')).toEqual([])
        expect(asked.filter((id) => !world.ends.has(id))).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  it('nobody is passed by more than 32 later requests and a short turn of each other model', () => {
    const models = { A: demand(9000, { slots: 3 }), B: demand(8000), C: demand(9500, { slots: 2 }) }
    const names = Object.keys(models)
    const step = fc.record({
      model: fc.constantFrom('A', 'A', 'A', 'B', 'C'),
      finishes: fc.nat(3),
      ms: fc.constantFrom(0, 50, 400, 3000),
      turns: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 250 }), (steps) => {
        const world = createWorld(models, { checkPurity: false })
        const order: string[] = []
        for (const { model, finishes, ms, turns } of steps) {
          order.push(world.request(model))
          for (let at = 0; at < finishes; at += 1) {
            const [id] = world.running
            if (id !== undefined) world.send({ kind: 'request-finished', id })
          }
          world.pass(ms)
          if (!turns) continue
          for (const name of [...world.stopping]) world.send({ kind: 'stop-finished', model: name })
          for (const name of [...world.loading]) world.send({ kind: 'load-succeeded', model: name, measuredMb: null })
        }
        world.play()
        const arrivedAs = new Map(order.map((id, at) => [id, at]))
        const grantedAs = new Map(world.grants.map((id, at) => [id, at]))
        expect(world.grants).toHaveLength(order.length)
        for (const name of names) {
          // The head of each model's line is what the cap speaks of: those behind it wait for slots of their own model.
          let served = -1
          for (const id of order.filter((one) => world.modelOf(one) === name)) {
            const mine = grantedAs.get(id)!
            const passers = world.grants.slice(served + 1, mine).filter((other) => arrivedAs.get(other)! > arrivedAs.get(id)!)
            expect(passers.length, `${id} passed`).toBeLessThanOrEqual(32 + 8 * (names.length - 2))
            served = mine
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})
