import { describe, expect, it } from 'vitest'
import { createCallQueue, type QueuedCall } from '../../../src-main/imaging/call-queue.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { type WorkerClient, WorkerGone, WorkerTimeout } from '../../../src-main/lib/worker-process.ts'

interface Open {
  params: unknown
  answer(value: unknown, rssBytes?: number): void
  fail(error: unknown): void
}

/** A worker that answers when the test says so. */
function handWorker() {
  const open: Open[] = []
  let unloads = 0
  const client: WorkerClient = {
    running: true,
    call: <T>(method: string, params: unknown) =>
      method === 'close'
        ? Promise.resolve(undefined as T)
        : new Promise<T>((resolve, reject) => {
            open.push({ params, fail: reject, answer: (value, rssBytes = 0) => resolve({ value, rssBytes, helperPids: [] } as T) })
          }),
    unload: async () => void (unloads += 1),
    dispose: async () => undefined,
  }
  return { client, open, unloads: () => unloads }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

function setUp(workerCount = 1) {
  const workers: ReturnType<typeof handWorker>[] = []
  const queue = createCallQueue({
    workers: () => {
      const worker = handWorker()
      workers.push(worker)
      return worker.client
    },
    workerCount,
    maxWorkerRssBytes: 1000,
    idleMs: 60_000,
    log: silentLogger,
  })
  const run = (name: string, options: Partial<QueuedCall> & { signal?: AbortSignal } = {}) =>
    queue.run<string>(
      { method: 'look', params: name, photoKey: name, urgent: false, timeoutMs: 1000, ...options },
      options.signal ?? new AbortController().signal,
    )
  return { queue, workers, run }
}

describe('the queue in front of the workers', () => {
  it('lets a visible thumbnail pass all looks that wait, and gives a worker one call at a time', async () => {
    const { run, workers } = setUp()
    const looks = ['a', 'b', 'c'].map((name) => run(name))
    const thumb = run('thumb', { urgent: true })
    expect(workers[0]!.open.map(({ params }) => params)).toEqual(['a'])
    workers[0]!.open[0]!.answer('A')
    await looks[0]
    await turn()
    expect(workers[0]!.open.map(({ params }) => params)).toEqual(['a', 'thumb'])
    workers[0]!.open[1]!.answer('T')
    expect(await thumb).toBe('T')
  })

  it('never starts what was cancelled while it waited, and answers at once to who cancels what runs', async () => {
    const { run, workers } = setUp()
    const abort = new AbortController()
    const running = run('a', { signal: abort.signal })
    const waiting = run('b', { signal: abort.signal })
    const next = run('c')
    abort.abort()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    // The worker still works on a: c must not be counted against its own time limit yet.
    expect(workers[0]!.open).toHaveLength(1)
    workers[0]!.open[0]!.answer('late')
    await turn()
    expect(workers[0]!.open.map(({ params }) => params)).toEqual(['a', 'c'])
    workers[0]!.open[1]!.answer('C')
    expect(await next).toBe('C')
  })

  it('fails only the photo that ended the process, refuses it after the second time, and goes on with the rest', async () => {
    const { run, workers } = setUp()
    const [first, other, again, third] = [run('bad'), run('good'), run('bad'), run('bad')]
    workers[0]!.open[0]!.fail(new WorkerGone(null))
    await expect(first).rejects.toMatchObject({ code: 'decoder-crashed' })
    await turn()
    workers[0]!.open[1]!.answer('fine')
    expect(await other).toBe('fine')
    await turn()
    workers[0]!.open[2]!.fail(new WorkerTimeout(1000))
    await expect(again).rejects.toMatchObject({ code: 'decoder-timeout' })
    await expect(third).rejects.toMatchObject({ code: 'decoder-suspended' })
    expect(workers[0]!.open).toHaveLength(3)
  })

  it('uses the second worker only when the first is busy', async () => {
    const { run, workers } = setUp(2)
    const first = run('a')
    expect(workers).toHaveLength(1)
    workers[0]!.open[0]!.answer('A')
    await first
    await turn()
    const both = [run('b'), run('c')]
    expect(workers).toHaveLength(2)
    workers[0]!.open[1]!.answer('B')
    workers[1]!.open[0]!.answer('C')
    expect(await Promise.all(both)).toEqual(['B', 'C'])
  })

  it('ends a process that holds too much memory, after its answer was given', async () => {
    const { run, workers } = setUp()
    const big = run('big')
    workers[0]!.open[0]!.answer('done', 2000)
    expect(await big).toBe('done')
    await turn()
    expect(workers[0]!.unloads()).toBe(1)
  })

  it('on closing, cancels who waits instead of leaving them waiting for ever', async () => {
    const { queue, run } = setUp()
    const waiting = [run('a'), run('b')]
    const settled = Promise.allSettled(waiting)
    await queue.dispose()
    await expect(waiting[1]).rejects.toMatchObject({ code: 'cancelled' })
    await expect(run('c')).rejects.toMatchObject({ code: 'cancelled' })
    void settled
  })
})
