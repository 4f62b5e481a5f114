import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src-main/lib/clock.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { limitsFrom } from '../../../src-main/proxy/scheduler/limits.ts'
import type { Capacity, Limits } from '../../../src-main/proxy/scheduler/ports.ts'
import { createScheduler } from '../../../src-main/proxy/scheduler/scheduler.ts'
import { entrySchema, type RegistryEntry } from '../../../src-main/registry/entry.ts'
import { getProfile, parseProfiles } from '../../../src-main/registry/profiles.ts'
import type { Demand, ModelRunner, Placement, Started } from '../../../src-main/registry/serving.ts'
import { LIMITS } from './scheduler-world.ts'

const entry = (name: string, more: Record<string, unknown> = {}): RegistryEntry => entrySchema.parse({ name, backend: 'ollama', ...more })
const never = new AbortController().signal

/** Lets everything that can happen without time passing happen. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

/** Time that stands still until it is moved. */
function manualTime() {
  let nowMs = 1000
  let lastId = 0
  const timers = new Map<number, { atMs: number; run: () => void }>()
  const clock: Clock = { nowMs: () => 1_700_000_000_000 + nowMs, ticksMs: () => nowMs }
  return {
    clock,
    timers,
    setTimer(ms: number, run: () => void): () => void {
      lastId += 1
      const id = lastId
      timers.set(id, { atMs: nowMs + ms, run })
      return () => void timers.delete(id)
    },
    async pass(ms: number): Promise<void> {
      await settle()
      const untilMs = nowMs + ms
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.atMs <= untilMs).sort(([, a], [, b]) => a.atMs - b.atMs)[0]
        if (!due) break
        timers.delete(due[0])
        nowMs = Math.max(nowMs, due[1].atMs)
        due[1].run()
        await settle()
      }
      nowMs = untilMs
      await settle()
    },
  }
}

interface Load {
  name: string
  placement: Placement
  timeoutMs: number
  signal: AbortSignal
  done(started?: Partial<Started>): Promise<void>
  fail(error: Error): Promise<void>
}

/** Records what it is told; loads and stops end when the test says so. */
function fakeRunner(demands: Record<string, Partial<Demand>>) {
  const loads: Load[] = []
  const stops: { name: string; done(): Promise<void> }[] = []
  const gone = new Set<(name: string, error: StudioError) => void>()
  const running: { entry: RegistryEntry; placement: Placement }[] = []
  const asked: string[] = []
  const runner: ModelRunner = {
    demandOf({ name }) {
      asked.push(name)
      const found = demands[name]
      if (!found) return Promise.reject(new Error(`no demand of ${name}`))
      return Promise.resolve({ needMb: 9000, source: 'registry', slots: 1, managed: true, loadMs: null, ...found })
    },
    start({ name }, placement, { timeoutMs, signal }) {
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        loads.push({
          ...{ name, placement, timeoutMs, signal },
          async done(started = {}) {
            resolve({ measuredMb: null, loadMs: 1, ...started })
            await settle()
          },
          async fail(error) {
            reject(error)
            await settle()
          },
        })
      })
    },
    stop(name) {
      return new Promise((resolve) => {
        stops.push({
          name,
          async done() {
            resolve()
            await settle()
          },
        })
      })
    },
    onGone(listener) {
      gone.add(listener)
      return () => void gone.delete(listener)
    },
    running: () => Promise.resolve(running),
  }
  return { runner, loads, stops, gone, running, asked }
}

function setUp(demands: Record<string, Partial<Demand>>, options: { limits?: Limits; capacity?: () => Promise<Capacity> } = {}) {
  const time = manualTime()
  const fake = fakeRunner(demands)
  const world = { limits: options.limits ?? LIMITS, cards: [{ index: 0, totalMb: 16_000, freeMb: null as number | null }], reads: 0 }
  const changed = new Set<() => void>()
  const scheduler = createScheduler({
    runner: fake.runner,
    capacity:
      options.capacity ??
      (() => {
        world.reads += 1
        return Promise.resolve({ cards: world.cards })
      }),
    limits: {
      current: () => Promise.resolve(world.limits),
      onChanged(listener) {
        changed.add(listener)
        return () => void changed.delete(listener)
      },
    },
    findEntry: (name) => Promise.resolve(demands[name] ? entry(name) : undefined),
    clock: time.clock,
    logger: silentLogger,
    setTimer: time.setTimer,
  })
  const admit = (name: string, signal = never) => scheduler.admit(entry(name), { priority: 'batch', signal })
  return {
    ...{ ...fake, scheduler, time, world, admit, changed },
    async switchTo(limits: Limits) {
      world.limits = limits
      for (const listener of changed) listener()
      await settle()
    },
  }
}

/** The error that a promise rejects with, or undefined while it is open. */
function failureOf(promise: Promise<unknown>): { error?: StudioError } {
  const seen: { error?: StudioError } = {}
  promise.catch((error: StudioError) => {
    seen.error = error
  })
  return seen
}

describe('admit', () => {
  it('starts the model, says what waiting was load and what was queue, and frees the place on release', async () => {
    const { admit, loads, time, scheduler } = setUp({ A: {} })
    const first = admit('A')
    const second = admit('A')
    await settle()
    expect(loads).toMatchObject([{ name: 'A', placement: { gpus: [0], claimMb: [9000] }, timeoutMs: 120_000 }])
    await time.pass(3000)
    await loads[0]!.done()
    const grant = await first
    expect(grant).toMatchObject({ queueMs: 0, loadMs: 3000 })
    await time.pass(500)
    expect(scheduler.view()).toMatchObject({ inFlight: 1, waiting: 1, models: [{ name: 'A', state: 'busy', inFlight: 1, waiting: 1 }] })
    grant.release()
    grant.release()
    expect(await second).toMatchObject({ queueMs: 500, loadMs: 3000 })
    expect(scheduler.view().inFlight).toBe(1)
  })

  it('asks neither for figures nor for cards while the model is loaded', async () => {
    const { admit, loads, asked, world, time } = setUp({ A: {} })
    const first = admit('A')
    await settle()
    await loads[0]!.done()
    ;(await first).release()
    await time.pass(60_000)
    const before = [asked.length, world.reads]
    ;(await admit('A')).release()
    expect([asked.length, world.reads]).toEqual(before)
  })

  it('sets no new timer for each request; the idle time counts from the last one all the same', async () => {
    const { admit, loads, time, scheduler, world } = setUp({ A: {} })
    const first = admit('A')
    await settle()
    await loads[0]!.done()
    ;(await first).release()
    const [timer] = time.timers.keys()
    await time.pass(world.limits.graceMs - 1000)
    ;(await admit('A')).release()
    expect([...time.timers.keys()]).toEqual([timer])
    await time.pass(world.limits.graceMs - 1)
    expect(scheduler.view().models).toMatchObject([{ name: 'A', state: 'ready' }])
    await time.pass(1)
    expect(scheduler.view().models[0]?.state).not.toBe('ready')
  })

  it('reads the cards anew before a load when the last reading is old', async () => {
    const { admit, world, time, scheduler } = setUp({ A: {} })
    await scheduler.begin()
    await time.pass(5000)
    world.cards = [{ index: 0, totalMb: 16_000, freeMb: 3000 }]
    await expect(admit('A')).rejects.toMatchObject({ code: 'model-does-not-fit', data: { needMb: 9000, offersMb: 3000, name: 'A' } })
  })

  it('hands on what the start raised, with cause and remedy', async () => {
    const { admit, loads } = setUp({ A: {} })
    const failure = failureOf(admit('A'))
    await settle()
    await loads[0]!.fail(new StudioError('backend-start-failed', 'bad flag', { data: { cause: 'bad flag', remedy: 'take it out' } }))
    expect(failure.error).toMatchObject({ code: 'backend-start-failed', message: 'bad flag', data: { remedy: 'take it out' } })
  })

  it('cancels while waiting, before anything else is started for it; an abort afterwards changes nothing', async () => {
    const { admit, loads, stops, scheduler } = setUp({ A: {}, B: {} })
    const running = admit('A')
    await settle()
    await loads[0]!.done()
    const grant = await running
    const abort = new AbortController()
    const failure = failureOf(admit('B', abort.signal))
    await settle()
    expect(scheduler.view().waiting).toBe(1)
    abort.abort()
    await settle()
    expect(failure.error?.code).toBe('cancelled')
    grant.release()
    await settle()
    expect([loads.length, stops.length, scheduler.view().waiting]).toEqual([1, 0, 0])
    const late = new AbortController()
    const used = await admit('A', late.signal)
    late.abort()
    expect(scheduler.view().inFlight).toBe(1)
    used.release()
    expect(scheduler.view().inFlight).toBe(0)
    await expect(admit('A', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('refuses in time when told how long it may wait', async () => {
    const { admit, loads, scheduler, time } = setUp({ A: {} })
    void admit('A')
    await settle()
    await loads[0]!.done()
    const failure = failureOf(scheduler.admit(entry('A'), { priority: 'interactive', signal: never, waitAtMostMs: 2000 }))
    await time.pass(1999)
    expect(failure.error).toBeUndefined()
    await time.pass(1)
    expect(failure.error?.code).toBe('backend-overloaded')
  })

  it('swaps: stops the idle one, reads the cards when its memory is back, then starts the other', async () => {
    const { admit, loads, stops, time, world, scheduler } = setUp({ A: {}, B: {} })
    const first = admit('A')
    await settle()
    await loads[0]!.done()
    ;(await first).release()
    await time.pass(10_000)
    const second = admit('B')
    await settle()
    expect(stops.map(({ name }) => name)).toEqual(['A'])
    expect(loads).toHaveLength(1)
    const { reads } = world
    await stops[0]!.done()
    expect(world.reads).toBe(reads + 1)
    expect(loads[1]).toMatchObject({ name: 'B' })
    await loads[1]!.done({ measuredMb: { 0: 9300 } })
    await second
    const view = scheduler.view()
    expect(view.cards).toEqual([{ index: 0, totalMb: 16_000, othersMb: 0, claimedMb: 9300, offersMb: 14_976 - 9300 }])
    expect(view.transitions.map(({ model, to }) => `${model} ${to}`)).toEqual([
      'A starting',
      'A ready',
      'A stopping',
      'B queued',
      'A stopped',
      'B starting',
      'B ready',
    ])
    expect(view.transitions[2]).toMatchObject({ cause: 'room for B', time: new Date(1_700_000_011_000).toISOString() })
  })

  it('goes on for models without graphics memory when the cards cannot be read, and says so for the others', async () => {
    const { admit, loads } = setUp({ A: {}, cpu: { needMb: 0 } }, { capacity: () => Promise.reject(new Error('no driver')) })
    const cpu = admit('cpu')
    await settle()
    await loads[0]!.done()
    await cpu
    await expect(admit('A')).rejects.toMatchObject({ code: 'model-does-not-fit', message: 'A needs 9000 MB, there is no graphics card' })
  })

  it('starts a crashed model again for who waits', async () => {
    const { admit, loads, gone, time } = setUp({ A: {} })
    const first = admit('A')
    const second = admit('A')
    await settle()
    await loads[0]!.done()
    const dead = await first
    for (const tell of gone) tell('A', new StudioError('backend-failed', 'ended'))
    dead.release()
    await time.pass(1000)
    expect(loads).toHaveLength(2)
    await loads[1]!.done()
    await second
  })
})

describe('by hand', () => {
  it('loads, unloads, and is told busy', async () => {
    const { scheduler, loads, stops, admit } = setUp({ A: {} })
    const loading = scheduler.load(entry('A'), never)
    await settle()
    await loads[0]!.done()
    await loading
    const grant = await admit('A')
    await expect(scheduler.unload('A')).rejects.toMatchObject({ code: 'model-busy', data: { name: 'A' } })
    grant.release()
    const unloading = scheduler.unload('A')
    await settle()
    await stops[0]!.done()
    await unloading
    await scheduler.unload('A')
    await scheduler.unload('never seen')
    expect(stops).toHaveLength(1)
    expect(scheduler.view().models).toEqual([])
  })

  it('keeps what is pinned, and what its entry pins', async () => {
    const { scheduler, loads, stops, time } = setUp({ A: {}, B: { needMb: 1000 } }, { limits: { ...LIMITS, maxModels: 2 } })
    void scheduler.load(entry('A'), never)
    await settle()
    await loads[0]!.done()
    void scheduler.load(entry('B', { pinned: true }), never)
    await settle()
    await loads[1]!.done()
    scheduler.pin('A', true)
    await time.pass(3 * LIMITS.graceMs)
    expect(stops).toEqual([])
    scheduler.pin('A', false)
    await settle()
    expect(stops.map(({ name }) => name)).toEqual(['A'])
  })

  it('answers what a start would lead to without doing it', async () => {
    const { scheduler, loads, stops, admit } = setUp({ A: {}, B: {}, huge: { needMb: 15_000 }, cpu: { needMb: 0 }, far: { managed: false } })
    expect(await scheduler.wouldStart(entry('A'))).toEqual({ fits: true, evicts: [], reason: 'fits beside what is loaded' })
    const running = admit('A')
    await settle()
    await loads[0]!.done()
    await running
    expect(await scheduler.wouldStart(entry('B'))).toEqual({
      fits: true,
      evicts: ['A'],
      reason: 'takes the place of A and waits until A is idle',
    })
    expect(await scheduler.wouldStart(entry('huge'))).toMatchObject({ fits: false, reason: 'huge needs 15000 MB, the profile test leaves 14000 MB' })
    expect(await scheduler.wouldStart(entry('A'))).toMatchObject({ fits: true, reason: 'is loaded' })
    expect((await scheduler.wouldStart(entry('cpu'))).fits).toBe(true)
    expect((await scheduler.wouldStart(entry('far'))).fits).toBe(true)
    expect([loads.length, stops.length]).toEqual([1, 0])
  })
})

describe('profile', () => {
  const profiles = parseProfiles(readFileSync(path.resolve(import.meta.dirname, '../../../configs/deployment_profiles.json'), 'utf8'), 'profiles')

  it('gives limits from each of its fields', () => {
    expect(limitsFrom(getProfile(profiles, 'multi_gpu_2x16gb'))).toEqual({
      ...{ profile: 'multi_gpu_2x16gb', budgetMb: 28_000, maxModels: 3, reserveMb: 1024, gpuCount: 2, splitAboveMb: 12_000 },
      ...{ graceMs: 600_000, startTimeoutMs: 150_000, preload: [], queueLimit: 512 },
    })
    expect(limitsFrom(getProfile(profiles, 'development'))).toMatchObject({ maxModels: 1, gpuCount: null, graceMs: 120_000 })
    expect(limitsFrom({ ...getProfile(profiles, 'generous_96gb'), strategy: 'load_unload' }).maxModels).toBe(1)
    expect(limitsFrom({ ...getProfile(profiles, 'multi_gpu_2x16gb'), strategy: 'concurrent_full' }).splitAboveMb).toBeNull()
  })

  it('loads its preload list, skips names that lead nowhere, and takes over a list that changes', async () => {
    const { scheduler, loads, switchTo } = setUp({ A: {}, cpu: { needMb: 0 } }, { limits: { ...LIMITS, preload: ['nobody', 'A'] } })
    await scheduler.begin()
    await settle()
    expect(loads.map(({ name }) => name)).toEqual(['A'])
    await loads[0]!.done()
    await switchTo({ ...LIMITS, preload: ['A', 'cpu'] })
    expect(loads.map(({ name }) => name)).toEqual(['A', 'cpu'])
  })

  it('switches while a model answers: no cut, no new request, then it is stopped', async () => {
    const { admit, loads, stops, switchTo, scheduler } = setUp({ A: {} })
    const running = admit('A')
    await settle()
    await loads[0]!.done()
    const grant = await running
    await switchTo({ ...LIMITS, profile: 'small', budgetMb: 5000 })
    expect(scheduler.view()).toMatchObject({ profile: 'small', models: [{ name: 'A', state: 'draining', reason: 'not within the profile small' }] })
    await expect(admit('A')).rejects.toMatchObject({ code: 'model-does-not-fit', message: 'A needs 9000 MB, the profile small leaves 5000 MB' })
    expect(stops).toEqual([])
    grant.release()
    expect(stops.map(({ name }) => name)).toEqual(['A'])
  })

  it('takes over what ran already, before it reads the cards', async () => {
    const { running, scheduler, admit, loads, world } = setUp({ A: {} })
    running.push({ entry: entry('A'), placement: { gpus: [0], claimMb: [9000] } })
    world.cards = [{ index: 0, totalMb: 16_000, freeMb: 6000 }]
    await admit('A')
    expect(loads).toEqual([])
    expect(scheduler.view().cards).toMatchObject([{ claimedMb: 9000, othersMb: 1000 }])
  })
})

describe('lease', () => {
  const wish = (owner = 'judge') => ({ owner, reason: 'scoring', ttlMs: 20_000, signal: never })

  it('waits for the models to go, keeps its token to itself, and lets others go on afterwards', async () => {
    const { scheduler, admit, loads, stops } = setUp({ A: {}, cpu: { needMb: 0 } })
    const running = admit('A')
    await settle()
    await loads[0]!.done()
    const grant = await running
    const acquiring = scheduler.lease.acquire(wish())
    await settle()
    expect(scheduler.lease.state()).toEqual({ phase: 'wanted', owner: 'judge', reason: 'scoring', ttlMs: 20_000, expiresInMs: null })
    grant.release()
    await settle()
    await stops[0]!.done()
    const { token } = await acquiring
    expect(JSON.stringify([scheduler.lease.state(), scheduler.view()])).not.toContain(token)
    await expect(admit('A')).rejects.toMatchObject({ code: 'gpu-leased', data: { owner: 'judge', retryAfterSeconds: 20 } })
    await expect(scheduler.load(entry('A'), never)).rejects.toMatchObject({ code: 'gpu-leased' })
    void admit('cpu')
    await settle()
    expect(loads.at(-1)?.name).toBe('cpu')
    expect(() => scheduler.lease.release('guessed')).toThrow(expect.objectContaining({ code: 'lease-unknown' }))
    expect(() => scheduler.lease.heartbeat('')).toThrow(expect.objectContaining({ code: 'lease-unknown' }))
    scheduler.lease.release(token)
    expect(scheduler.lease.state()).toBeNull()
    expect(() => scheduler.lease.release(token)).toThrow(expect.objectContaining({ code: 'lease-unknown' }))
    void admit('A')
    await settle()
    expect(loads.at(-1)?.name).toBe('A')
  })

  it('lives by its heartbeat and ends by itself without, for whoever asks', async () => {
    const { scheduler, time } = setUp({})
    const { token } = await scheduler.lease.acquire(wish())
    await time.pass(15_000)
    expect(scheduler.lease.heartbeat(token)).toEqual({ expiresInMs: 20_000 })
    await time.pass(15_000)
    await expect(scheduler.lease.acquire(wish('other'))).rejects.toMatchObject({ code: 'gpu-leased', data: { owner: 'judge', retryAfterSeconds: 5 } })
    await time.pass(5000)
    expect(scheduler.lease.state()).toBeNull()
    expect(() => scheduler.lease.heartbeat(token)).toThrow(expect.objectContaining({ code: 'lease-unknown' }))
    const next = await scheduler.lease.acquire(wish('other'))
    expect(next.token).not.toBe(token)
  })

  it('is given up when its asker goes away while it waits', async () => {
    const { scheduler, admit, loads } = setUp({ A: {} })
    const running = admit('A')
    await settle()
    await loads[0]!.done()
    await running
    const abort = new AbortController()
    const failure = failureOf(scheduler.lease.acquire({ ...wish(), signal: abort.signal }))
    await settle()
    abort.abort()
    await settle()
    expect(failure.error?.code).toBe('cancelled')
    expect(scheduler.lease.state()).toBeNull()
  })
})

describe('listening and ending', () => {
  it('tells listeners once for changes of one turn, and goes on when one of them throws', async () => {
    const { scheduler, admit, loads } = setUp({ A: { slots: 4 } })
    let told = 0
    scheduler.onChanged(() => {
      throw new Error('mine')
    })
    const undo = scheduler.onChanged(() => {
      told += 1
    })
    const both = [admit('A'), admit('A')]
    await settle()
    await loads[0]!.done()
    const grants = await Promise.all(both)
    await settle()
    const before = told
    for (const grant of grants) grant.release()
    await settle()
    expect(told).toBe(before + 1)
    undo()
    ;(await admit('A')).release()
    await settle()
    expect(told).toBe(before + 1)
  })

  it('disposes: refuses who waits, calls off loads, stops what runs, leaves no timer', async () => {
    const { scheduler, admit, loads, stops, time, gone, changed } = setUp({ A: {}, B: { needMb: 4000 } }, { limits: { ...LIMITS, maxModels: 2 } })
    void admit('A')
    await settle()
    await loads[0]!.done()
    const waiting = [failureOf(admit('A')), failureOf(admit('B'))]
    await settle()
    let isDone = false
    const disposing = scheduler.dispose().then(() => {
      isDone = true
    })
    await settle()
    expect(waiting.map(({ error }) => error?.code)).toEqual(['proxy-unavailable', 'proxy-unavailable'])
    expect(loads[1]!.signal.aborted).toBe(true)
    expect(stops.map(({ name }) => name)).toEqual(['A', 'B'])
    await stops[0]!.done()
    expect(isDone).toBe(false)
    await stops[1]!.done()
    await disposing
    await scheduler.dispose()
    expect([time.timers.size, gone.size, changed.size]).toEqual([0, 0, 0])
    await expect(admit('A')).rejects.toMatchObject({ code: 'proxy-unavailable' })
  })

  it('gives up on a model that does not end', async () => {
    const { scheduler, admit, loads, time } = setUp({ A: {} })
    void admit('A')
    await settle()
    await loads[0]!.done()
    const failure = failureOf(scheduler.dispose())
    await time.pass(14_999)
    expect(failure.error).toBeUndefined()
    await time.pass(1)
    expect(failure.error?.message).toContain('still there')
  })

  it('disposes at once when it was never used', async () => {
    await setUp({}).scheduler.dispose()
  })
})
