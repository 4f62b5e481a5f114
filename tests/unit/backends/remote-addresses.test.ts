import { setMaxListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { findBaseUrls } from '../../../src-main/backends/loopback.ts'
import { type AddressState, afterRequest, chooseAddress, FRESH, restMs } from '../../../src-main/backends/remote/address-health.ts'
import { createAddressPool } from '../../../src-main/backends/remote/address-pool.ts'
import { slotsOf } from '../../../src-main/backends/request-slots.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const NEVER = new AbortController().signal
setMaxListeners(0, NEVER)
const resting = (restUntilMs: number, more: Partial<AddressState> = {}): AddressState => ({ ...FRESH, failures: 1, restUntilMs, ...more })

describe('which address is next', () => {
  const choose = (states: Record<string, AddressState>, more: { tried?: string[]; limit?: number; nowMs?: number } = {}) =>
    chooseAddress(new Map(Object.entries(states)), { tried: new Set(more.tried ?? []), limit: more.limit ?? 4, nowMs: more.nowMs ?? 100 })
  const cases: [string, ReturnType<typeof choose>, unknown][] = [
    ['the least busy one', choose({ a: { ...FRESH, inFlight: 2 }, b: { ...FRESH, inFlight: 1 } }), { address: 'b' }],
    ['the first among equals', choose({ a: FRESH, b: FRESH }), { address: 'a' }],
    ['one that failed a moment ago is passed over', choose({ a: resting(200), b: { ...FRESH, inFlight: 3 } }), { address: 'b' }],
    ['after its rest it is tried, though others are free', choose({ a: resting(50), b: FRESH }), { address: 'a' }],
    ['one trial at a time', choose({ a: resting(50, { probing: true, inFlight: 1 }), b: { ...FRESH, inFlight: 3 } }), { address: 'b' }],
    ['what a trial finds out is waited for', choose({ a: resting(50, { probing: true, inFlight: 1 }) }), 'wait'],
    ['a full one is waited for', choose({ a: { ...FRESH, inFlight: 4 } }), 'wait'],
    ['what was tried is not asked again', choose({ a: FRESH, b: { ...FRESH, inFlight: 3 } }, { tried: ['a'] }), { address: 'b' }],
    ['nothing is left', choose({ a: FRESH, b: resting(200) }, { tried: ['a'] }), 'none'],
  ]
  for (const [what, chosen, expected] of cases) it(what, () => expect(chosen).toEqual(expected))

  it('each failure in a row makes the rest longer, up to half a minute; one success ends it', () => {
    let state = FRESH
    const rests = [1, 2, 3, 4, 5, 6, 7].map(() => {
      state = afterRequest(state, 'failed', 1_000)
      return state.restUntilMs - 1_000
    })
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(restMs(10_000)).toBe(30_000)
    expect(afterRequest(state, 'well', 1_000)).toMatchObject({ failures: 0, restUntilMs: 0, probing: false })
    expect(afterRequest({ ...state, probing: true }, 'given-up', 1_000)).toMatchObject({ failures: 7, probing: false })
  })
})

describe('leases', () => {
  const settled = async (promise: Promise<unknown>) => {
    let done = false
    void promise.then(
      () => (done = true),
      () => (done = true),
    )
    await new Promise((resolve) => setImmediate(resolve))
    return done
  }
  const poolAt = () => {
    const clock = { nowMs: () => 0, ticksMs: () => nowMs }
    let nowMs = 1_000
    const pool = createAddressPool(clock)
    const lease = (limit = 1, signal = NEVER, tried: string[] = []) => pool.lease(['a', 'b'], { tried: new Set(tried), limit, signal })
    return { lease, pass: (ms: number) => (nowMs += ms) }
  }

  it('wait in turn, and a place that is given back goes to the first', async () => {
    const { lease } = poolAt()
    const [first] = [await lease(), await lease()]
    const third = lease()
    const fourth = lease()
    expect([await settled(third), await settled(fourth)]).toEqual([false, false])
    first!.release()
    first!.release()
    expect((await third)!.address).toBe('a')
    expect(await settled(fourth)).toBe(false)
  })

  it('a waiting caller that goes away is cancelled and holds nothing', async () => {
    const { lease } = poolAt()
    const first = await lease()
    await lease()
    const caller = new AbortController()
    const waiting = lease(1, caller.signal)
    caller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    await expect(lease(1, caller.signal)).rejects.toMatchObject({ code: 'cancelled' })
    first!.release()
    expect((await lease())!.address).toBe('a')
  })

  it('when all rest, one request tries; the others learn from it', async () => {
    const { lease, pass } = poolAt()
    for (const one of [await lease(), await lease()]) {
      one!.judge('failed')
      one!.release()
      pass(10)
    }
    const trial = await lease(9)
    expect(trial!.address).toBe('a')
    const others = [lease(9), lease(9)]
    expect(await Promise.all(others.map(settled))).toEqual([false, false])
    trial!.judge('well')
    expect((await Promise.all(others)).map((one) => one?.address)).toEqual(['a', 'a'])
  })

  it('a trial that fails ends the waiting of all', async () => {
    const { lease, pass } = poolAt()
    for (const one of [await lease(), await lease()]) {
      one!.judge('failed')
      one!.release()
      pass(10)
    }
    const trial = await lease(9)
    const others = [lease(9), lease(9)]
    trial!.judge('failed')
    trial!.release()
    expect(await Promise.all(others)).toEqual([null, null])
  })

  it('too many waiting is told at once', async () => {
    const { lease } = poolAt()
    await lease()
    await lease()
    const waiting = Array.from({ length: 512 }, () => lease())
    await expect(lease()).rejects.toMatchObject({ code: 'backend-overloaded' })
    expect(waiting).toHaveLength(512)
  })
})

describe('the addresses of an entry', () => {
  const urlsOf = (config: Record<string, unknown>, backend = 'remote') =>
    findBaseUrls(entrySchema.parse({ name: 'x', backend, backend_config: config })).map(({ href }) => href)
  it('are the list and the single one, each once', () => {
    const config = { base_urls: ['http://127.0.0.1:1', 'http://127.0.0.1:2/v1/'], base_url: 'http://127.0.0.1:1/v1' }
    expect(urlsOf(config)).toEqual(['http://127.0.0.1:1/v1', 'http://127.0.0.1:2/v1'])
  })
  it('a list leaves no room for a guessed port', () =>
    expect(urlsOf({ base_urls: ['http://127.0.0.1:1'] }, 'vllm')).toEqual(['http://127.0.0.1:1/v1']))
  it('a bad one is told', () => expect(() => urlsOf({ base_urls: ['ftp://x'] })).toThrow(expect.objectContaining({ code: 'endpoint-invalid' })))
})

describe('requests side by side', () => {
  const cases: [Record<string, unknown>, number][] = [
    [{ backend: 'ollama' }, 1],
    [{ backend: 'vllm', backend_config: { extra_args: ['--max-num-seqs', '2'] } }, 2],
    [{ backend: 'llamacpp', backend_config: { extra_args: ['--parallel=3'] } }, 3],
    [{ backend: 'vllm', backend_config: { extra_args: ['--max-num-seqs', 'many'] } }, 8],
    [{ backend: 'remote', backend_config: { base_urls: ['http://127.0.0.1:1', 'http://127.0.0.1:2'], max_concurrent_requests: 5 } }, 10],
    [{ backend: 'remote', backend_config: { base_url: 'nonsense', max_concurrent_requests: 5 } }, 5],
  ]
  for (const [more, slots] of cases)
    it(`${JSON.stringify(more)}: ${slots}`, () => expect(slotsOf(entrySchema.parse({ name: 'x', ...more }))).toBe(slots))
})
