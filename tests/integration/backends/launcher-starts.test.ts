/** Starting and ending model servers, with real processes: what is started, how it is known to be ready, what is left when it ends. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { alive, failureOf, makeRunner, makeStage, ON_PROCESSOR, scriptedEntry, startOptions, until } from './launcher-kit.ts'

async function about(url: string | null): Promise<{ pid: number; argv: string[]; environment: Record<string, string>; cwd: string }> {
  return (await (await fetch(new URL('/__about', url!))).json()) as Awaited<ReturnType<typeof about>>
}

/** A server of somebody else that claims to serve the same model. */
async function foreignServer(served: string): Promise<number> {
  const server = http.createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ status: 'ok', data: [{ id: served }] }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('a start', () => {
  it('resolves when the right model answers from our own child', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const started = await runner.start(scriptedEntry(stage, 'model-a_(FP8)', ['--load-ms', '120']), { gpus: [1], claimMb: [3500] }, startOptions())
    expect(started.loadMs).toBeGreaterThanOrEqual(100)
    const url = runner.baseUrlOf('model-a_(FP8)')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
    const reply = await fetch(`${url}/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'model-a_(FP8)', messages: [] }) })
    expect(((await reply.json()) as { choices: { message: { content: string } }[] }).choices[0]!.message.content).toBe('A harbour at dusk, quiet.')
    const [view] = runner.view()
    expect(view).toMatchObject({ name: 'model-a_(FP8)', state: 'ready', adopted: false, problem: null })
    const child = await about(url)
    expect(child.pid).toBe(view!.pid)
    expect(child.environment['CUDA_VISIBLE_DEVICES']).toBe('1')
    expect(child.environment['HF_HUB_OFFLINE']).toBe('1')
  })

  it('hands over nothing of our environment but what is listed, and no loader variable', async () => {
    const stage = makeStage()
    const environment = {
      PATH: `.:photos:${process.env['PATH']}`,
      HOME: stage.dataFolder,
      LD_PRELOAD: '/tmp/evil.so',
      LD_LIBRARY_PATH: '/tmp',
      PYTHONPATH: '/tmp',
      NODE_OPTIONS: '--require /tmp/evil.js',
      OPENAI_API_KEY: 'sk-secret',
      HF_HOME: '/models',
    }
    const runner = makeRunner(stage, { environment })
    await runner.start(scriptedEntry(stage, 'model-a'), ON_PROCESSOR, startOptions())
    const { environment: got, cwd } = await about(runner.baseUrlOf('model-a'))
    for (const name of ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'NODE_OPTIONS', 'OPENAI_API_KEY']) expect(got[name]).toBeUndefined()
    expect(got['HF_HOME']).toBe('/models')
    expect(got['CUDA_VISIBLE_DEVICES']).toBe('-1')
    expect(got['PATH']!.split(path.delimiter).every((folder) => path.isAbsolute(folder))).toBe(true)
    expect(cwd).toBe(path.join(stage.dataFolder, 'backends', 'work'))
  })

  it('is one start for all who want it at the same time', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const entry = scriptedEntry(stage, 'model-a', ['--load-ms', '200'])
    await Promise.all(Array.from({ length: 8 }, () => runner.start(entry, ON_PROCESSOR, startOptions())))
    const log = readFileSync(runner.view()[0]!.logFile, 'utf8')
    expect(log.match(/Uvicorn running/g)).toHaveLength(1)
    const pid = runner.view()[0]!.pid
    await runner.start(entry, ON_PROCESSOR, startOptions())
    expect(runner.view()[0]!.pid).toBe(pid)
  })

  it('goes on for the others when one of those who wait leaves, and ends when nobody is left', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const entry = scriptedEntry(stage, 'model-a', ['--load-ms', '400'])
    const impatient = new AbortController()
    const left = failureOf(runner.start(entry, ON_PROCESSOR, { timeoutMs: 20_000, signal: impatient.signal }))
    const stays = runner.start(entry, ON_PROCESSOR, startOptions())
    await until('child', () => Boolean(runner.view()[0]?.pid))
    impatient.abort()
    expect((await left).code).toBe('cancelled')
    await stays
    expect(runner.view()[0]!.state).toBe('ready')

    const slow = scriptedEntry(stage, 'model-b', ['--load-ms', '60000'])
    const alone = new AbortController()
    const gone = failureOf(runner.start(slow, ON_PROCESSOR, { timeoutMs: 20_000, signal: alone.signal }))
    const viewOf = () => runner.view().find((each) => each.name === 'model-b')
    await until('child', () => Boolean(viewOf()?.pid))
    const pid = viewOf()!.pid!
    alone.abort()
    expect((await gone).code).toBe('cancelled')
    await until('no child for nobody', () => !alive(pid) && viewOf()?.state === 'stopped')
    expect(existsSync(path.join(stage.dataFolder, 'backends', 'model-b.json'))).toBe(false)
  })

  it('of somebody who comes while the one before is being given up is a start of its own', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const slow = scriptedEntry(stage, 'model-a', ['--load-ms', '60000', '--ignore-sigterm'])
    const leaving = new AbortController()
    const left = failureOf(runner.start(slow, ON_PROCESSOR, { timeoutMs: 20_000, signal: leaving.signal }))
    await until('child', () => Boolean(runner.view()[0]?.pid))
    const pid = runner.view()[0]!.pid!
    leaving.abort()
    await left
    expect(runner.view()[0]!.state).toBe('starting')
    await runner.start(scriptedEntry(stage, 'model-a'), ON_PROCESSOR, startOptions())
    expect(alive(pid)).toBe(false)
    expect(runner.view()[0]).toMatchObject({ state: 'ready' })
    expect(runner.view()[0]!.pid).not.toBe(pid)
  })

  it('is not over while a server lists its model but still loads it', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const entry = scriptedEntry(stage, 'model-a', ['--load-ms', '500', '--early-listen'], { backend: 'llamacpp' })
    const { loadMs } = await runner.start(entry, ON_PROCESSOR, startOptions())
    expect(loadMs).toBeGreaterThanOrEqual(450)
  })

  it('never takes a stranger on the port for our model, while our child still loads', async ({ skip }) => {
    skip(process.platform !== 'linux', 'only Linux tells whose port it is')
    const stage = makeStage()
    const port = await foreignServer('model-a')
    const runner = makeRunner(stage, { choosePort: async () => port })
    const error = await failureOf(runner.start(scriptedEntry(stage, 'model-a', ['--load-ms', '30000']), ON_PROCESSOR, startOptions()))
    expect(error).toMatchObject({ code: 'backend-start-failed', data: { name: 'model-a', cause: 'port-in-use' } })
    expect(runner.view()[0]!.state).toBe('failed')
    expect(runner.baseUrlOf('model-a')).toBeNull()
  })

  it('says that the port is taken when our child says so', async () => {
    const stage = makeStage()
    const port = await foreignServer('something-else')
    const runner = makeRunner(stage, { choosePort: async () => port })
    const error = await failureOf(runner.start(scriptedEntry(stage, 'model-a'), ON_PROCESSOR, startOptions()))
    expect(error).toMatchObject({ code: 'backend-start-failed', data: { cause: 'port-in-use', remedy: 'Another program took the port; try again.' } })
  })

  it('takes another port when the first was taken in the meantime', async () => {
    const stage = makeStage()
    const taken = await foreignServer('model-a')
    let asked = 0
    const runner = makeRunner(stage, { choosePort: async () => (asked++ === 0 ? taken : freePort()) })
    await runner.start(scriptedEntry(stage, 'model-a'), ON_PROCESSOR, startOptions())
    expect(asked).toBe(2)
    expect(runner.baseUrlOf('model-a')).not.toContain(`:${taken}/`)
  })

  it('goes on as long as the log does', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const { loadMs } = await runner.start(scriptedEntry(stage, 'busy', ['--load-ms', '4500']), ON_PROCESSOR, startOptions(3000))
    expect(loadMs).toBeGreaterThan(3000)
  })

  it.each([
    ['is silent for the timeout', ['--quiet-load'], 20_000],
    ['went on for five timeouts', [], 100_000],
  ])('ends when the log %s', async (_, flags, boundMs) => {
    const stage = makeStage()
    let leapMs = 0
    const clock = { nowMs: () => Date.now(), ticksMs: () => performance.now() + leapMs }
    const runner = makeRunner(stage, { clock })
    const failing = failureOf(runner.start(scriptedEntry(stage, 'model-a', ['--load-ms', '60000', ...flags]), ON_PROCESSOR, startOptions(20_000)))
    await until('first line', async () => (await runner.logTail('model-a')).length > 0)
    const leaping = setInterval(() => (leapMs += flags.length > 0 ? 21_000 : 101_000), 300)
    onTestFinished(() => clearInterval(leaping))
    const pid = runner.view()[0]!.pid!
    expect(await failing).toMatchObject({ code: 'backend-timeout', data: { cause: 'no-progress', boundMs } })
    expect(alive(pid)).toBe(false)
  })
})

describe('the end', () => {
  it('takes a child and its grandchild that ignore the polite signal, within the grace period and a second', async () => {
    const stage = makeStage(500)
    const runner = makeRunner(stage)
    await runner.start(scriptedEntry(stage, 'stubborn', ['--ignore-sigterm', '--spawn-grandchild']), ON_PROCESSOR, startOptions())
    const { pid, logFile } = runner.view()[0]!
    const grandchild = Number(/"grandchild":(\d+)/.exec(readFileSync(logFile, 'utf8'))![1])
    expect([alive(pid!), alive(grandchild)]).toEqual([true, true])
    const from = performance.now()
    await runner.stop('stubborn')
    expect(performance.now() - from).toBeLessThan(1500)
    expect([alive(pid!), alive(grandchild)]).toEqual([false, false])
    expect(runner.view()[0]!.state).toBe('stopped')
    expect(existsSync(path.join(stage.dataFolder, 'backends', 'stubborn.json'))).toBe(false)
    await runner.stop('stubborn')
  })

  it('is told within a second when a ready model crashes, with its cause, and takes the grandchild too', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const gone: { name: string; code: string; cause: unknown; at: number }[] = []
    runner.onGone((name, error) => gone.push({ name, code: error.code, cause: error.data['cause'], at: performance.now() }))
    await runner.start(scriptedEntry(stage, 'fragile', ['--crash-after', '1', '--spawn-grandchild']), ON_PROCESSOR, startOptions())
    const grandchild = Number(/"grandchild":(\d+)/.exec(readFileSync(runner.view()[0]!.logFile, 'utf8'))![1])
    const from = performance.now()
    await fetch(`${runner.baseUrlOf('fragile')}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'fragile', messages: [] }),
    }).catch(() => undefined)
    await until('crash', () => gone.length > 0, 2000)
    expect(gone[0]).toMatchObject({ name: 'fragile', code: 'backend-failed', cause: 'out-of-memory' })
    expect(gone[0]!.at - from).toBeLessThan(1000)
    expect(alive(grandchild)).toBe(false)
    expect(runner.baseUrlOf('fragile')).toBeNull()
    expect(runner.view()[0]).toMatchObject({ state: 'failed', problem: { code: 'backend-failed' } })
    // The first failure may be tried again at once.
    await runner.start(scriptedEntry(stage, 'fragile'), ON_PROCESSOR, startOptions())
    expect(runner.view()[0]!.state).toBe('ready')
  })

  it('of a start that is under way leaves nothing, and those who wait are told', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const waiting = failureOf(runner.start(scriptedEntry(stage, 'slow', ['--load-ms', '60000']), ON_PROCESSOR, startOptions()))
    await until('child', () => Boolean(runner.view()[0]?.pid))
    const pid = runner.view()[0]!.pid!
    await runner.stop('slow')
    expect((await waiting).code).toBe('cancelled')
    expect(alive(pid)).toBe(false)
    expect(runner.view()[0]!.state).toBe('stopped')
  })

  it('of the studio ends every model, and nothing starts after it', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    await Promise.all(['a', 'b', 'c'].map((name) => runner.start(scriptedEntry(stage, name), ON_PROCESSOR, startOptions())))
    const pids = runner.view().map(({ pid }) => pid!)
    await runner.dispose()
    expect(pids.map(alive)).toEqual([false, false, false])
    expect((await failureOf(runner.start(scriptedEntry(stage, 'a'), ON_PROCESSOR, startOptions()))).code).toBe('cancelled')
  })

  it('waits until the memory is back', async () => {
    const stage = makeStage()
    let looks = 0
    let stopping = false
    const readGpus = async () => {
      if (stopping) looks += 1
      return { gpus: [{ index: 0, name: 'card', totalMb: 16_000, freeMb: looks > 3 ? 15_000 : 5_000 }] }
    }
    const runner = makeRunner(stage, { readGpus })
    await runner.start(scriptedEntry(stage, 'a'), { gpus: [0], claimMb: [9000] }, startOptions())
    stopping = true
    await runner.stop('a')
    expect(looks).toBe(4)
  })
})

describe('what it took', () => {
  it('is the difference on its cards, and nothing when two loads overlapped', async () => {
    const stage = makeStage()
    let freeMb = 15_000
    const readGpus = async () => ({ gpus: [{ index: 0, name: 'card', totalMb: 16_000, freeMb }] })
    const runner = makeRunner(stage, { readGpus })
    const start = (name: string) => runner.start(scriptedEntry(stage, name, ['--load-ms', '150']), { gpus: [0], claimMb: [4000] }, startOptions())
    const first = start('a')
    await until('child', () => Boolean(runner.view()[0]?.pid))
    freeMb = 11_200
    expect((await first).measuredMb).toEqual({ 0: 3800 })
    const [b, c] = await Promise.all([start('b'), start('c')])
    expect([b.measuredMb, c.measuredMb]).toEqual([null, null])
  })
})

describe('the log', () => {
  it('of each model is its own file, whose end can be shown without secrets', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    await runner.start(scriptedEntry(stage, 'model:7b'), ON_PROCESSOR, startOptions())
    const { logFile } = runner.view()[0]!
    expect(logFile).toBe(path.join(stage.dataFolder, 'logs', 'backends', 'model%3A7b.log'))
    writeFileSync(logFile, 'Authorization: Bearer sk-abcdefghijkl\nall is well\n', { flag: 'a' })
    const lines = await runner.logTail('model:7b')
    expect(lines.at(-1)).toBe('all is well')
    expect(lines.join('\n')).not.toContain('abcdefghijkl')
  })
})

async function freePort(): Promise<number> {
  const server = http.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
