import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delay } from '../../../src-main/jobs/delay.ts'
import { createQueue } from '../../../src-main/jobs/queue.ts'

interface Gate {
  job: (signal: AbortSignal) => Promise<string>
  open: () => void
  begun: boolean
  signal?: AbortSignal
}
function gate(result = 'ok'): Gate {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const made: Gate = {
    begun: false,
    open: () => open(),
    async job(signal) {
      made.begun = true
      made.signal = signal
      await opened
      return result
    },
  }
  return made
}
/** Lets everything that can happen without time passing happen. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

describe('createQueue', () => {
  it('never runs more than its bound, and takes a changed bound at once', async () => {
    let bound = 1
    const queue = createQueue({ concurrency: () => bound })
    const gates = [gate(), gate(), gate(), gate()]
    const results = gates.map(({ job }) => queue.add(job))
    await settle()
    expect(gates.map(({ begun }) => begun)).toEqual([true, false, false, false])
    bound = 2
    gates[0]!.open()
    await results[0]
    await settle()
    expect(queue.running).toBe(2)
    bound = 1
    gates[1]!.open()
    await results[1]
    await settle()
    expect([queue.running, queue.waiting]).toEqual([1, 1])
    gates[2]!.open()
    gates[3]!.open()
    expect(await Promise.all(results)).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  it('takes the more urgent first, and equals in order', async () => {
    const queue = createQueue({ concurrency: () => 1 })
    const order: string[] = []
    const add = (name: string, priority: number): Promise<void> => queue.add(async () => void order.push(name), { priority })
    queue.pause()
    const all = [add('a', 0), add('b', 5), add('c', 0), add('d', 5)]
    queue.resume()
    await Promise.all(all)
    expect(order).toEqual(['b', 'd', 'a', 'c'])
  })

  it('begins nothing while paused, and lets running jobs end', async () => {
    const queue = createQueue({ concurrency: () => 1 })
    const [first, second] = [gate(), gate()]
    const one = queue.add(first.job)
    const two = queue.add(second.job)
    queue.pause()
    first.open()
    expect(await one).toBe('ok')
    await settle()
    expect(second.begun).toBe(false)
    queue.resume()
    second.open()
    expect(await two).toBe('ok')
  })

  it('cancel settles every add, aborts running jobs, and leaves a queue that works', async () => {
    const queue = createQueue({ concurrency: () => 1 })
    const running = gate()
    const waiting = gate()
    const one = queue.add(running.job)
    const two = queue.add(waiting.job)
    await settle()
    queue.cancel()
    await expect(two).rejects.toMatchObject({ code: 'cancelled' })
    expect(running.signal?.aborted).toBe(true)
    expect(waiting.begun).toBe(false)
    // The slot is not given away while the job still runs.
    const third = gate('third')
    const three = queue.add(third.job)
    await settle()
    expect(third.begun).toBe(false)
    running.open()
    expect(await one).toBe('ok')
    third.open()
    expect(await three).toBe('third')
    await queue.onIdle()
    expect([queue.running, queue.waiting]).toEqual([0, 0])
  })

  it('drops one waiting job by its own signal and tells a running one of it', async () => {
    const queue = createQueue({ concurrency: () => 1 })
    const running = gate()
    const own = new AbortController()
    const one = queue.add(running.job, { signal: own.signal })
    const two = queue.add(gate().job, { signal: own.signal })
    const other = gate('other')
    const three = queue.add(other.job)
    await settle()
    own.abort()
    await expect(two).rejects.toMatchObject({ code: 'cancelled' })
    await expect(queue.add(gate().job, { signal: own.signal })).rejects.toMatchObject({ code: 'cancelled' })
    expect(running.signal?.aborted).toBe(true)
    running.open()
    other.open()
    expect(await Promise.all([one, three])).toEqual(['ok', 'other'])
  })

  it('passes on the error of a job and goes on', async () => {
    const queue = createQueue({ concurrency: () => 1 })
    const error = new Error('mine')
    await expect(queue.add(() => Promise.reject(error))).rejects.toBe(error)
    expect(await queue.add(async () => 'next')).toBe('next')
  })

  it('holds for any mix of bounds, failures and cancels', async () => {
    const step = fc.record({ bound: fc.integer({ min: 1, max: 5 }), fails: fc.boolean(), cancel: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        let bound = 5
        let running = 0
        let most = 0
        const queue = createQueue({ concurrency: () => bound })
        const adds = steps.map((made) => {
          bound = made.bound
          const add = queue.add(async () => {
            running += 1
            most = Math.max(most, running)
            await settle()
            running -= 1
            if (made.fails) throw new Error('failed')
          })
          if (made.cancel) queue.cancel()
          return add
        })
        await Promise.allSettled(adds)
        expect(running).toBe(0)
        expect(most).toBeLessThanOrEqual(5)
      }),
      { numRuns: 50 },
    )
  })
})

describe('delay', () => {
  it('ends with the reason of its signal', async () => {
    const stop = new AbortController()
    const reason = new Error('stop')
    const waiting = delay(60_000, stop.signal)
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(delay(60_000, stop.signal)).rejects.toBe(reason)
  })
  it('passes when its time is over', async () => {
    await expect(delay(1, new AbortController().signal)).resolves.toBeUndefined()
  })
})
