import { describe, expect, it } from 'vitest'
import { createWorld, CARD_16, demand, LIMITS, type World } from './scheduler-world.ts'

const A = demand(9000)
const B = demand(8000)
const C = demand(7000)

/** Loads and forgets about it. */
function load(world: World, model: string): void {
  world.request(model)
  world.play()
}

describe('grouping', () => {
  it('serves A B A B ×10, both queued, with one swap', () => {
    const world = createWorld({ A, B })
    const ids = Array.from({ length: 20 }, (_, at) => world.request(at % 2 === 0 ? 'A' : 'B'))
    world.play()
    expect(world.starts).toEqual(['A', 'B'])
    expect(world.stops).toEqual(['A'])
    expect(ids.map((id) => world.ends.get(id))).toEqual(ids.map(() => 'granted'))
  })

  it('serves A B C A B C ×10 under one slot with at most three loads', () => {
    const world = createWorld({ A, B, C })
    for (let at = 0; at < 30; at += 1) world.request('ABC'.charAt(at % 3))
    world.play({ serviceMs: 1000, loadMs: 5000 })
    expect(world.starts).toEqual(['A', 'B', 'C'])
    expect(world.grants).toHaveLength(30)
  })

  it('keeps a model for the next request of a caller that sends one after the other', () => {
    const world = createWorld({ A, B })
    load(world, 'A')
    const first = world.request('A')
    const other = world.request('B')
    for (let at = 0, id = first; at < 10; at += 1) {
      world.pass(200)
      world.send({ kind: 'request-finished', id })
      world.pass(20)
      id = world.request('A')
      expect(world.ends.get(id)).toBe('granted')
    }
    expect(world.starts).toEqual(['A'])
    world.play()
    expect(world.starts).toEqual(['A', 'B'])
    expect(world.ends.get(other)).toBe('granted')
  })

  it('runs no more requests of a model than it has slots', () => {
    const world = createWorld({ A: { ...A, slots: 3 } })
    for (let at = 0; at < 5; at += 1) world.request('A')
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    expect(world.running.size).toBe(3)
    world.send({ kind: 'request-finished', id: 'A1' })
    expect(world.running.size).toBe(3)
    world.play()
    expect(world.grants).toHaveLength(5)
  })

  it('starts two models side by side where both fit', () => {
    const world = createWorld({ A: demand(5000), B: demand(6000) }, { limits: { ...LIMITS, maxModels: 2 } })
    world.request('A')
    world.request('B')
    // One load a card at a time.
    expect(world.starts).toEqual(['A'])
    world.play()
    expect(world.starts).toEqual(['A', 'B'])
    expect(world.stops).toEqual([])
  })
})

describe('fairness', () => {
  it('lets 32 later requests pass, not one more', () => {
    const world = createWorld({ A: { ...A, slots: 2 }, B })
    load(world, 'A')
    world.pass(10_000)
    world.request('A')
    const waiting = world.request('B')
    let passed = 0
    for (let at = 0; at < 100; at += 1) {
      const id = world.request('A')
      if (world.ends.get(id) === 'granted') passed += 1
      const [oldest] = world.running
      if (oldest) world.send({ kind: 'request-finished', id: oldest })
      world.pass(10)
    }
    expect(passed).toBe(32)
    expect(world.running.size).toBe(0)
    expect(world.stops).toEqual(['A'])
    world.send({ kind: 'stop-finished', model: 'A' })
    world.send({ kind: 'load-succeeded', model: 'B', measuredMb: null })
    expect(world.ends.get(waiting)).toBe('granted')
    world.play()
    expect([...world.ends.values()].every((end) => end === 'granted')).toBe(true)
  })

  it('lets nobody wait for more than a minute behind a model that is always busy, and drains it without breaking a request', () => {
    const world = createWorld({ A: { ...A, slots: 2 }, B })
    load(world, 'A')
    world.request('A')
    world.request('A')
    const waiting = world.request('B')
    for (let second = 0; second < 60; second += 10) {
      world.pass(9000)
      const [oldest] = world.running
      world.send({ kind: 'request-finished', id: oldest! })
      expect(world.ends.get(world.request('A'))).toBe('granted')
      world.pass(1000)
    }
    const [oldest] = world.running
    world.send({ kind: 'request-finished', id: oldest! })
    const late = world.request('A')
    expect(world.ends.has(late)).toBe(false)
    expect(world.moves.at(-1)).toMatchObject({ model: 'A', to: 'draining' })
    expect(world.stops).toEqual([])
    world.play()
    expect(world.stops[0]).toBe('A')
    expect(world.ends.get(waiting)).toBe('granted')
    expect(world.ends.get(late)).toBe('granted')
  })

  it('gives three models that are always wanted turns of some length', () => {
    const world = createWorld({ A, B, C })
    const counts = { A: 0, B: 0, C: 0 }
    for (let at = 0; at < 300; at += 1) world.request('ABC'.charAt(at % 3))
    world.play({ serviceMs: 500, loadMs: 5000 })
    for (const id of world.grants) counts[world.modelOf(id) as 'A'] += 1
    expect(counts).toEqual({ A: 100, B: 100, C: 100 })
    expect(world.starts.length).toBeLessThanOrEqual(20)
  })

  it('serves a person before a batch, in the same model and across models', () => {
    const world = createWorld({ A, B })
    const batch = Array.from({ length: 5 }, () => world.request('A', 'batch'))
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    const person = world.request('A', 'interactive')
    const elsewhere = world.request('B', 'interactive')
    world.play()
    const order = world.grants
    expect(order.slice(0, 3)).toEqual([batch[0], person, elsewhere])
    expect(world.starts).toEqual(['A', 'B', 'A'])
    expect(order).toHaveLength(7)
  })

  it('does not let persons starve a batch in the same model', () => {
    const world = createWorld({ A })
    world.request('A', 'interactive')
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    const batch = world.request('A', 'batch')
    let persons = 0
    while (!world.ends.has(batch) && persons < 100) {
      world.request('A', 'interactive')
      persons += 1
      world.send({ kind: 'request-finished', id: [...world.running][0]! })
      world.pass(10)
    }
    expect(persons).toBe(33)
  })
})

describe('room', () => {
  it('refuses what can never fit before it starts, with numbers', () => {
    const world = createWorld({ A: demand(10_600) }, { cards: [{ index: 0, totalMb: 8124, freeMb: null }] })
    const id = world.request('A')
    expect(world.starts).toEqual([])
    expect(world.refusals.get(id)).toMatchObject({
      code: 'model-does-not-fit',
      message: 'A needs 10600 MB, card 0 offers 7100',
      data: { name: 'A', needMb: 10_600, offersMb: 7100 },
      retry: 'never',
    })
  })

  it('counts memory that another program holds, and says that it may come back', () => {
    const world = createWorld({ A }, { cards: [{ ...CARD_16, freeMb: 6000 }] })
    const id = world.request('A')
    expect(world.refusals.get(id)).toMatchObject({ message: 'A needs 9000 MB, card 0 offers 6000', retry: 'later' })
    world.send({ kind: 'capacity-changed', cards: [{ ...CARD_16, freeMb: 15_500 }] })
    expect(world.ends.has(world.request('A'))).toBe(false)
    expect(world.starts).toEqual(['A'])
  })

  it('does not take its own memory for that of another program', () => {
    const world = createWorld({ A, B })
    load(world, 'A')
    world.send({ kind: 'capacity-changed', cards: [{ ...CARD_16, freeMb: 6000 }] })
    world.request('B')
    world.play()
    expect(world.starts).toEqual(['A', 'B'])
  })

  it('names the profile when its budget is what is missing', () => {
    const world = createWorld({ A: demand(10_600) }, { limits: { ...LIMITS, profile: 'development', budgetMb: 10_000 } })
    expect(world.refusals.get(world.request('A'))?.message).toBe('A needs 10600 MB, the profile development leaves 10000 MB')
  })

  it('refuses when only pinned models are in the way, and says which; waits when a busy one is', () => {
    const limits = { ...LIMITS, maxModels: 2 }
    const world = createWorld({ A: { ...A, pinned: true }, B, C: demand(3000) }, { limits })
    load(world, 'A')
    const id = world.request('B')
    expect(world.refusals.get(id)).toMatchObject({ code: 'model-does-not-fit', data: { pinned: ['A'], needMb: 8000, offersMb: 5000 } })
    expect(world.refusals.get(id)?.message).toContain('A stays loaded (pinned)')
    world.send({ kind: 'pinned', model: 'A', on: false })
    world.request('A')
    const waiting = world.request('B')
    expect(world.ends.has(waiting)).toBe(false)
    world.play()
    expect(world.ends.get(waiting)).toBe('granted')
  })

  it('evicts the least recently used of the idle, and of equals the cheapest to reload', () => {
    const limits = { ...LIMITS, maxModels: 3 }
    const models = { A: demand(4000, { loadMs: 30_000 }), B: demand(4000, { loadMs: 4000 }), C: demand(4000), D: demand(4000) }
    const world = createWorld(models, { limits })
    for (const model of ['A', 'B', 'C']) load(world, model)
    const ids = ['A', 'B'].map((model) => world.request(model))
    world.pass(50)
    for (const id of ids) world.send({ kind: 'request-finished', id })
    const used = world.request('C')
    world.pass(2000)
    world.request('D')
    expect(world.stops).toEqual(['B'])
    world.send({ kind: 'request-finished', id: used })
  })

  it('takes no model from a card where that would not help', () => {
    const cards = [
      { index: 0, totalMb: 9000, freeMb: null },
      { index: 1, totalMb: 16_000, freeMb: null },
    ]
    const limits = { ...LIMITS, budgetMb: 24_000, maxModels: 3 }
    const world = createWorld({ A: demand(6000), B: demand(12_000), D: demand(13_000) }, { cards, limits })
    load(world, 'A')
    load(world, 'B')
    world.pass(1000)
    world.request('D')
    expect(world.stops).toEqual(['B'])
  })

  it('keeps the room of a starved model from those who come later, and of no other', () => {
    const limits = { ...LIMITS, budgetMb: 22_000, maxModels: 3 }
    const models = { A: demand(9000), T: demand(15_000), U: demand(8000), V: demand(2000) }
    const world = createWorld(models, { limits, cards: [{ index: 0, totalMb: 24_000, freeMb: null }] })
    load(world, 'A')
    const running = world.request('A')
    world.request('T')
    world.request('V')
    expect(world.starts).toEqual(['A', 'V'])
    world.send({ kind: 'load-succeeded', model: 'V', measuredMb: null })
    world.pass(60_000)
    world.request('U')
    expect(world.starts).toEqual(['A', 'V'])
    world.send({ kind: 'request-finished', id: running })
    world.play()
    expect(world.starts).toEqual(['A', 'V', 'T', 'U'])
  })

  it('does not count the memory that a load took beyond its estimate twice', () => {
    const limits = { ...LIMITS, budgetMb: 15_000 }
    const world = createWorld({ A, D: demand(14_500) }, { limits })
    world.request('A')
    world.send({ kind: 'capacity-changed', cards: [{ ...CARD_16, freeMb: 5000 }] })
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: { 0: 11_000 } })
    expect(world.state.cards?.[0]?.othersMb).toBe(0)
    expect(world.ends.has(world.request('D'))).toBe(false)
  })

  it('goes on with measured figures and does not throw out what was measured a little too large', () => {
    const limits = { ...LIMITS, maxModels: 2 }
    const world = createWorld({ A: demand(9000), B: demand(5000) }, { limits })
    world.request('A')
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: { 0: 14_100 } })
    expect(world.state.models.get('A')?.claims).toEqual([{ gpu: 0, mb: 14_100 }])
    world.play()
    expect(world.stops).toEqual([])
    world.request('B')
    world.play()
    expect(world.stops).toEqual(['A'])
  })
})

describe('several cards', () => {
  const cards = [0, 1].map((index) => ({ index, totalMb: 16_000, freeMb: null }))
  const limits = { ...LIMITS, budgetMb: 28_000, maxModels: 3, gpuCount: 2, splitAboveMb: 12_000 }
  const claimsIn = (world: World, model: string): unknown => world.state.models.get(model)?.claims

  it('spreads a model above the threshold evenly, and puts a smaller one on the card that it fits best', () => {
    const world = createWorld({ A: demand(13_000), B: demand(6000), C: demand(3000) }, { cards, limits })
    load(world, 'A')
    expect(claimsIn(world, 'A')).toEqual([
      { gpu: 0, mb: 6500 },
      { gpu: 1, mb: 6500 },
    ])
    load(world, 'B')
    expect(claimsIn(world, 'B')).toEqual([{ gpu: 0, mb: 6000 }])
    load(world, 'C')
    expect(claimsIn(world, 'C')).toEqual([{ gpu: 1, mb: 3000 }])
  })

  it('spreads what no single card holds, also without a threshold', () => {
    const world = createWorld({ A: demand(20_000) }, { cards, limits: { ...limits, gpuCount: null, splitAboveMb: null } })
    load(world, 'A')
    expect(claimsIn(world, 'A')).toEqual([
      { gpu: 0, mb: 10_000 },
      { gpu: 1, mb: 10_000 },
    ])
  })

  it('loads on both cards at the same time, but one model a card', () => {
    const world = createWorld({ A: demand(10_000), B: demand(10_000), C: demand(3000) }, { cards, limits })
    world.request('A')
    world.request('B')
    world.request('C')
    expect(world.starts).toEqual(['A', 'B'])
    world.send({ kind: 'load-succeeded', model: 'B', measuredMb: null })
    expect(world.starts).toEqual(['A', 'B', 'C'])
    expect(claimsIn(world, 'C')).toEqual([{ gpu: 1, mb: 3000 }])
  })
})

describe('models that hold no graphics memory', () => {
  it('start at once beside everything, and never make room', () => {
    const world = createWorld({ A, cpu: demand(0), far: demand(0, { managed: false, slots: 2 }) })
    load(world, 'A')
    world.request('A')
    const cpu = world.request('cpu')
    const far = ['far', 'far', 'far'].map((model) => world.request(model))
    expect(world.starts).toEqual(['A', 'cpu'])
    expect(far.map((id) => world.ends.get(id))).toEqual(['granted', 'granted', undefined])
    world.play()
    expect(world.ends.get(cpu)).toBe('granted')
    expect(world.stops).toEqual([])
    expect(world.state.models.has('far')).toBe(false)
  })

  it('are not started for nobody, but unloaded when idle', () => {
    const world = createWorld({ cpu: demand(0) })
    load(world, 'cpu')
    world.pass(LIMITS.graceMs)
    expect(world.stops).toEqual(['cpu'])
  })
})

describe('queue', () => {
  it('refuses when it is full, with numbers; a person takes the place of a batch', () => {
    const world = createWorld({ A }, { limits: { ...LIMITS, queueLimit: 2 } })
    world.request('A')
    const last = world.request('A')
    const over = world.request('A')
    expect(world.refusals.get(over)).toMatchObject({ code: 'backend-overloaded', data: { waiting: 2, retryAfterSeconds: 5 }, retry: 'later' })
    const person = world.request('A', 'interactive')
    expect(world.ends.get(last)).toBe('backend-overloaded')
    expect(world.ends.has(person)).toBe(false)
    world.play()
    expect(world.ends.get(person)).toBe('granted')
  })

  it('starts nothing when everybody who waited for it is gone', () => {
    const world = createWorld({ A, B })
    load(world, 'A')
    const running = world.request('A')
    const waiting = world.request('B')
    world.send({ kind: 'request-cancelled', id: waiting })
    expect(world.ends.get(waiting)).toBe('cancelled')
    world.send({ kind: 'request-finished', id: running })
    world.pass(5000)
    expect(world.starts).toEqual(['A'])
    expect(world.stops).toEqual([])
  })

  it('forgets a cancel that comes too late, and a finish that comes twice', () => {
    const world = createWorld({ A: { ...A, slots: 2 } })
    const [one, two] = [world.request('A'), world.request('A')]
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    world.send({ kind: 'request-cancelled', id: one })
    world.send({ kind: 'request-finished', id: one })
    world.send({ kind: 'request-finished', id: one })
    expect(world.state.models.get('A')?.inFlight).toBe(1)
    expect(world.ends.get(two)).toBe('granted')
  })

  it('refuses at the deadline of a request', () => {
    const world = createWorld({ A, B })
    load(world, 'A')
    world.request('A')
    const id = world.request('B', 'batch', { deadlineAtMs: world.nowMs + 3000 })
    world.pass(2999)
    expect(world.ends.has(id)).toBe(false)
    world.pass(1)
    expect(world.ends.get(id)).toBe('backend-overloaded')
  })
})

describe('failures', () => {
  const why = { code: 'backend-start-failed', message: 'out of memory', data: { cause: 'out of memory' }, retry: 'later' } as const

  it('tells everybody who waited, backs off, and stops trying after three in a row for a minute', () => {
    const world = createWorld({ A })
    const first = [world.request('A'), world.request('A')]
    world.send({ kind: 'load-failed', model: 'A', refusal: why })
    expect(first.map((id) => world.refusals.get(id)?.message)).toEqual(['out of memory', 'out of memory'])
    const second = world.request('A')
    expect(world.starts).toHaveLength(1)
    world.pass(1000)
    expect(world.starts).toHaveLength(2)
    world.send({ kind: 'load-failed', model: 'A', refusal: why })
    expect(world.ends.get(second)).toBe('backend-start-failed')
    world.request('A')
    world.pass(1999)
    expect(world.starts).toHaveLength(2)
    world.pass(1)
    expect(world.starts).toHaveLength(3)
    world.send({ kind: 'load-failed', model: 'A', refusal: why })
    world.pass(20_000)
    const atOnce = world.request('A')
    expect(world.refusals.get(atOnce)).toMatchObject({ code: 'backend-start-failed', data: { cause: 'out of memory', retryAfterSeconds: 40 } })
    world.pass(40_000)
    const again = world.request('A')
    expect(world.starts).toHaveLength(4)
    world.play()
    expect(world.ends.get(again)).toBe('granted')
    expect(world.state.models.get('A')?.loadFailures).toBe(0)
  })

  it('starts a crashed model again for those who wait, after a pause, and does not count the dead requests', () => {
    const world = createWorld({ A })
    const dead = world.request('A')
    const waiting = world.request('A')
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    world.send({ kind: 'model-gone', model: 'A', refusal: { ...why, message: 'ended' } })
    expect(world.ends.has(waiting)).toBe(false)
    expect(world.starts).toHaveLength(1)
    world.pass(1000)
    expect(world.starts).toHaveLength(2)
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    expect(world.ends.get(waiting)).toBe('granted')
    world.send({ kind: 'request-finished', id: dead })
    expect(world.state.models.get('A')?.inFlight).toBe(1)
    world.play()
  })

  it('stops trying a model that crashes after every load', () => {
    const world = createWorld({ A })
    const ids = ['A', 'A', 'A', 'A'].map((model) => world.request(model))
    for (let at = 0; at < 3; at += 1) {
      world.pass(5000)
      world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
      world.send({ kind: 'model-gone', model: 'A', refusal: why })
    }
    expect(ids.map((id) => world.ends.get(id))).toEqual(['granted', 'granted', 'granted', 'backend-start-failed'])
    expect(world.starts).toHaveLength(3)
    expect(world.ends.get(world.request('A'))).toBe('backend-start-failed')
    expect(world.starts).toHaveLength(3)
  })

  it('gives way to others while a model is in its pause', () => {
    const world = createWorld({ A, B })
    world.request('A')
    world.send({ kind: 'load-failed', model: 'A', refusal: why })
    world.request('A')
    const other = world.request('B')
    expect(world.starts).toEqual(['A', 'B'])
    world.play()
    expect(world.ends.get(other)).toBe('granted')
  })
})

describe('grace, pins, unloading by hand', () => {
  it('unloads after the grace period, not before, and never a pinned one', () => {
    const world = createWorld({ A, cpu: demand(0, { pinned: true }) })
    load(world, 'cpu')
    load(world, 'A')
    world.pass(LIMITS.graceMs - 1)
    expect(world.stops).toEqual([])
    world.pass(1)
    expect(world.stops).toEqual(['A'])
    world.pass(10 * LIMITS.graceMs)
    expect(world.stops).toEqual(['A'])
  })

  it('counts the grace period from the last request', () => {
    const world = createWorld({ A })
    load(world, 'A')
    world.pass(LIMITS.graceMs - 10)
    world.request('A')
    world.pass(500)
    world.send({ kind: 'request-finished', id: 'A2' })
    world.pass(LIMITS.graceMs - 1)
    expect(world.stops).toEqual([])
  })

  it('unloads by hand when idle, says busy when it is', () => {
    const world = createWorld({ A })
    world.request('A')
    world.send({ kind: 'unload-asked', id: 'u1', model: 'A' })
    expect(world.ends.get('u1')).toBe('model-busy')
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    world.send({ kind: 'unload-asked', id: 'u2', model: 'A' })
    expect(world.ends.get('u2')).toBe('model-busy')
    world.send({ kind: 'request-finished', id: 'A1' })
    world.send({ kind: 'unload-asked', id: 'u3', model: 'A' })
    world.send({ kind: 'unload-asked', id: 'u4', model: 'A' })
    expect(world.ends.has('u3')).toBe(false)
    world.send({ kind: 'stop-finished', model: 'A' })
    expect([world.ends.get('u3'), world.ends.get('u4')]).toEqual(['granted', 'granted'])
    world.send({ kind: 'unload-asked', id: 'u5', model: 'A' })
    expect(world.ends.get('u5')).toBe('granted')
    expect(world.stops).toEqual(['A'])
  })

  it('loads by hand without taking a slot', () => {
    const world = createWorld({ A })
    world.send({ kind: 'load-asked', id: 'l1', model: 'A', demand: A })
    const id = world.request('A')
    world.send({ kind: 'load-succeeded', model: 'A', measuredMb: null })
    expect([world.ends.get('l1'), world.ends.get(id)]).toEqual(['granted', 'granted'])
    expect(world.running.size).toBe(1)
  })
})

describe('preload', () => {
  it('fills idle room and evicts nobody', () => {
    const limits = { ...LIMITS, maxModels: 2 }
    const world = createWorld({ A, B: demand(4000), C }, { limits })
    load(world, 'A')
    const items = ['C', 'B'].map((model) => ({ model, demand: model === 'C' ? C : demand(4000) }))
    world.send({ kind: 'preload-wanted', items })
    world.play()
    expect(world.starts).toEqual(['A', 'B'])
    expect(world.stops).toEqual([])
    world.send({ kind: 'unload-asked', id: 'u1', model: 'A' })
    world.play()
    expect(world.starts).toEqual(['A', 'B', 'C'])
  })

  it('lets a request go first', () => {
    const world = createWorld({ A, B })
    world.request('A')
    world.request('B')
    world.send({ kind: 'preload-wanted', items: [{ model: 'C', demand: C }] })
    world.play()
    expect(world.starts).toEqual(['A', 'B'])
  })

  it('does not load again what a person unloaded', () => {
    const world = createWorld({})
    world.send({ kind: 'preload-wanted', items: [{ model: 'C', demand: C }] })
    world.play()
    world.send({ kind: 'unload-asked', id: 'u1', model: 'C' })
    world.play()
    world.pass(100_000)
    expect(world.starts).toEqual(['C'])
  })
})

describe('switching the profile', () => {
  const wide = { ...LIMITS, budgetMb: 22_000, maxModels: 2 }
  const cards = [{ index: 0, totalMb: 24_000, freeMb: null }]

  it('drains and stops what is over the new budget, the least used first, and plans the queue anew', () => {
    const world = createWorld({ A, B, D: demand(12_000) }, { limits: wide, cards })
    load(world, 'A')
    load(world, 'B')
    const running = world.request('A')
    const waiting = world.request('D')
    world.send({ kind: 'capacity-changed', limits: { ...LIMITS, budgetMb: 10_000 } })
    expect(world.stops).toEqual(['B'])
    expect(world.ends.get(waiting)).toBe('model-does-not-fit')
    expect(world.running.has(running)).toBe(true)
    world.send({ kind: 'capacity-changed', limits: { ...LIMITS, budgetMb: 0 } })
    expect(world.stops).toEqual(['B'])
    expect(world.moves.at(-1)).toMatchObject({ model: 'A', to: 'draining' })
    expect(world.ends.get(world.request('A'))).toBe('model-does-not-fit')
    world.send({ kind: 'request-finished', id: running })
    expect(world.stops).toEqual(['B', 'A'])
  })

  it('gives nothing new to a model that leaves, even one that would fit alone', () => {
    const world = createWorld({ A: { ...A, slots: 4 }, B: { ...B, slots: 4 } }, { limits: wide, cards })
    load(world, 'A')
    load(world, 'B')
    const [first, second] = [world.request('A'), world.request('B')]
    world.send({ kind: 'capacity-changed', limits: { ...wide, maxModels: 1 } })
    const late = world.request('A')
    expect(world.ends.has(late)).toBe(false)
    expect(world.ends.get(world.request('B'))).toBe('granted')
    world.send({ kind: 'request-finished', id: first! })
    expect(world.stops).toEqual(['A'])
    world.send({ kind: 'request-finished', id: second! })
    world.play()
    expect(world.ends.get(late)).toBe('granted')
  })

  it('keeps everything when the new one is wider, also what was about to leave', () => {
    const world = createWorld({ A, B }, { limits: wide, cards })
    load(world, 'A')
    world.request('A')
    world.send({ kind: 'capacity-changed', limits: { ...LIMITS, budgetMb: 5000 } })
    world.send({ kind: 'capacity-changed', limits: wide })
    world.play()
    expect(world.stops).toEqual([])
    expect(world.ends.get(world.request('A'))).toBe('granted')
  })
})

describe('lease', () => {
  const ask = (world: World, id: string, owner = 'judge'): void => world.send({ kind: 'lease-asked', id, owner, reason: 'scoring', ttlMs: 30_000 })

  it('is granted at once when nothing is loaded', () => {
    const world = createWorld({ A })
    ask(world, 'L1')
    expect(world.ends.get('L1')).toBe('granted')
  })

  it('drains the busy, stops all that hold memory, refuses new requests meanwhile, and lets the others be', () => {
    const world = createWorld({ A, cpu: demand(0) })
    load(world, 'cpu')
    load(world, 'A')
    const running = world.request('A')
    const queued = world.request('A')
    ask(world, 'L1')
    expect(world.ends.has('L1')).toBe(false)
    expect(world.refusals.get(world.request('A'))).toMatchObject({ code: 'gpu-leased', data: { owner: 'judge', retryAfterSeconds: 30 } })
    expect(world.ends.get(world.request('cpu'))).toBe('granted')
    expect(world.stops).toEqual([])
    world.send({ kind: 'request-finished', id: running })
    expect(world.stops).toEqual(['A'])
    expect(world.ends.has('L1')).toBe(false)
    world.send({ kind: 'stop-finished', model: 'A' })
    expect(world.ends.get('L1')).toBe('granted')
    world.pass(10_000)
    ask(world, 'L2', 'other')
    expect(world.refusals.get('L2')).toMatchObject({ code: 'gpu-leased', data: { owner: 'judge', retryAfterSeconds: 20 } })
    expect(world.ends.has(queued)).toBe(false)
    world.send({ kind: 'lease-ended', id: 'L1', cause: 'given back' })
    world.play()
    expect(world.ends.get(queued)).toBe('granted')
  })

  it.each(['judge', 'another'])('that is stale ends by itself, whoever asks next: %s', (owner) => {
    const world = createWorld({ A })
    ask(world, 'L1')
    world.pass(20_000)
    world.send({ kind: 'lease-renewed', id: 'L1' })
    world.pass(29_999)
    ask(world, 'L2', owner)
    expect(world.ends.get('L2')).toBe('gpu-leased')
    world.pass(1)
    expect(world.leasesOver).toEqual(['L1'])
    ask(world, 'L3', owner)
    expect(world.ends.get('L3')).toBe('granted')
  })

  it('waits for a load to end, and can be taken back while it waits', () => {
    const world = createWorld({ A })
    const id = world.request('A')
    ask(world, 'L1')
    expect(world.stops).toEqual([])
    world.send({ kind: 'lease-ended', id: 'L1', cause: 'its asker went away' })
    expect(world.ends.get('L1')).toBe('cancelled')
    world.play()
    expect(world.ends.get(id)).toBe('granted')
  })

  it('brings the preload list back', () => {
    const world = createWorld({})
    world.send({ kind: 'preload-wanted', items: [{ model: 'C', demand: C }] })
    world.play()
    ask(world, 'L1')
    world.play()
    expect(world.ends.get('L1')).toBe('granted')
    world.send({ kind: 'lease-ended', id: 'L1', cause: 'given back' })
    world.play()
    expect(world.starts).toEqual(['C', 'C'])
  })
})

it('closing refuses who waits and stops everything, loading or not', () => {
  const world = createWorld({ A, B }, { limits: { ...LIMITS, budgetMb: 20_000, maxModels: 2 } })
  load(world, 'A')
  const waiting = world.request('B')
  world.send({ kind: 'closed' })
  expect(world.ends.get(waiting)).toBe('proxy-unavailable')
  world.send({ kind: 'stop-finished', model: 'A' })
  expect(world.ends.get(world.request('A'))).toBe('proxy-unavailable')
})
