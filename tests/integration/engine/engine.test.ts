/** Model servers behind the shipped command line: after kill -9, failing to start, without a card. Linux: reads /proc. */
import { readdirSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noteSkip } from '../../helpers/skips.ts'
import { Engine, until } from './engine-home.ts'

const linux = process.platform === 'linux'
if (!linux) noteSkip('the engine', 'it reads the process table of Linux')

describe.skipIf(!linux)('the engine', () => {
  it('takes over its three servers after kill -9, serves from them without a load, and ends them when it quits', async () => {
    const engine = new Engine({
      models: { one: { needMb: 4000 }, two: { needMb: 4000 }, three: { needMb: 4000 } },
      cardsMb: [98_000],
      profile: 'generous_96gb',
    })
    onTestFinished(async () => {
      await engine.end('SIGKILL')
      for (const pid of engine.servers()) process.kill(pid, 'SIGKILL')
    })
    await engine.start()
    for (const model of ['one', 'two', 'three']) expect((await engine.ask(model)).status).toBe(200)
    const before = engine.servers().sort()
    expect(before).toHaveLength(3)
    await engine.end('SIGKILL')
    expect(engine.servers().sort()).toEqual(before)

    await engine.start()
    for (const model of ['one', 'two', 'three']) expect((await engine.ask(model)).status).toBe(200)
    expect(engine.servers().sort()).toEqual(before)
    await engine.end()
    await until('all servers are gone', () => engine.servers().length === 0)
  }, 120_000)

  it('says what is wrong with a server that cannot start, in an error of its own', async () => {
    const engine = new Engine({
      models: { hungry: { needMb: 4000, flags: ['--oom'] }, wrong: { needMb: 4000, flags: ['--wrong-model'] }, huge: { needMb: 60_000 } },
      cardsMb: [24_000],
      profile: 'balanced_24gb',
    })
    onTestFinished(() => engine.end('SIGKILL'))
    await engine.start()
    const refused = async (model: string) => {
      const response = await engine.ask(model)
      const { error } = (await response.json()) as { error: { message: string; studio_code: string; data: Record<string, unknown> } }
      return { status: response.status, ...error }
    }
    expect(await refused('hungry')).toMatchObject({ status: 503, studio_code: 'backend-start-failed', data: { cause: 'out-of-memory' } })
    expect(await refused('wrong')).toMatchObject({ status: 503, studio_code: 'backend-start-failed' })
    const tooLarge = await refused('huge')
    expect(tooLarge).toMatchObject({ status: 503, studio_code: 'model-does-not-fit' })
    expect(tooLarge.message).toMatch(/60000/)
    const { data } = (await (await fetch(`${engine.url}/models`)).json()) as { data: { id: string; extensions: Record<string, unknown> }[] }
    const hungry = data.find(({ id }) => id === 'hungry')
    expect(hungry?.extensions).toMatchObject({ state: 'failed', state_reason: expect.stringContaining('hungry') })
    expect(await (await fetch(`${engine.url}/health`)).json()).toMatchObject({ models: { failed: expect.any(Number) } })
  }, 60_000)

  it('a model that runs out of memory is tried once more with less context, which everybody is told and which cuts conversations', async () => {
    const architecture = { num_layers: 36, num_attention_heads: 32, num_kv_heads: 8, head_dim: 128, hidden_size: 4096, vocab_size: 151_936 }
    const entry = { quantization: 'q4_k_m', metadata: { architecture: { ...architecture, intermediate_size: 12_288, params_billion: 8.2 } } }
    const engine = new Engine({
      models: {
        large: { needMb: 9000, slots: 1, flags: ['--oom-above', '2100'], entry },
        hopeless: { needMb: 9000, slots: 1, flags: ['--oom-above', '1000'], entry },
      },
      cardsMb: [24_000],
      profile: 'balanced_24gb',
    })
    onTestFinished(() => engine.end('SIGKILL'))
    await engine.start()
    const said = Array.from({ length: 20 }, (_, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content: `${i} ${'word '.repeat(150)}` }))
    const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const look = [
      { type: 'text', text: 'And now?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${dot}` } },
    ]
    const first = await engine.ask('large', { messages: [...said, { role: 'user', content: look }], max_tokens: 100 })
    expect([first.status, first.headers.get('x-imageworks-context')]).toEqual([200, '2048'])
    expect(first.headers.get('x-imageworks-trimmed')).not.toBeNull()
    const backends = (await (await fetch(`${engine.url}/backends`)).json()) as { data: { name: string; reduced_context: number | null }[] }
    expect(backends.data.find(({ name }) => name === 'large')).toMatchObject({ state: 'ready', reduced_context: 2048 })
    expect(readFileSync(path.join(engine.data, 'logs', 'studio.jsonl'), 'utf8')).toContain('large serves 2048 tokens of context instead of 4096')

    const never = await engine.ask('hopeless')
    const { error } = (await never.json()) as { error: { message: string; data: Record<string, unknown> } }
    expect(never.status).toBe(503)
    expect(error).toMatchObject({
      message: expect.stringContaining('2048 tokens was tried too'),
      data: { cause: 'out-of-memory', triedContextTokens: 2048 },
    })
    expect(engine.serverLog('hopeless').match(/loading model/g)).toHaveLength(2)
  }, 60_000)

  it('serves on the processor where there is no card, whatever the model would take of one', async () => {
    const engine = new Engine({ models: { plain: { needMb: 9000 } }, profile: 'cpu_only' })
    onTestFinished(() => engine.end('SIGKILL'))
    await engine.start()
    expect((await engine.ask('plain')).status).toBe(200)
    await engine.end()
    expect(engine.servers()).toEqual([])
  }, 60_000)

  it.each(['SIGHUP', 'SIGQUIT'] as const)(
    'a closed terminal (%s) must not leave a model server behind',
    async (signal) => {
      const engine = new Engine({ models: { plain: { needMb: 0 } }, profile: 'cpu_only' })
      onTestFinished(() => endHard(engine))
      await engine.start()
      expect((await engine.ask('plain')).status).toBe(200)
      expect(engine.servers()).toHaveLength(1)
      await engine.end(signal)
      expect(engine.servers()).toEqual([])
      expect(leftOpen(engine)).toEqual([])
    },
    60_000,
  )

  it('a second Ctrl+C ends at once, and takes servers that do not listen and what they started along', async () => {
    const engine = new Engine({ models: { deaf: { needMb: 0, flags: ['--ignore-sigterm', '--spawn-grandchild'] } }, profile: 'cpu_only' })
    onTestFinished(() => endHard(engine))
    await engine.start()
    expect((await engine.ask('deaf')).status).toBe(200)
    expect(engine.servers()).toHaveLength(2)
    engine.child!.kill('SIGINT')
    await until('the stop is under way', () => engine.serverLog('deaf').includes('SIGTERM? Not now.'))
    const startedAt = performance.now()
    await engine.end('SIGINT')
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    await until('nothing is left', () => engine.servers().length === 0, 2_000)
    expect(leftOpen(engine)).toEqual([])
  }, 60_000)

  it('tells a crash as a crash to whoever was being answered, starts afresh for the next, and asks for patience after the third', async () => {
    const engine = new Engine({ models: { fragile: { needMb: 0, flags: ['--crash-after', '2', '--tps', '25'] } }, profile: 'cpu_only' })
    onTestFinished(() => endHard(engine))
    await engine.start()
    const asked = async () => {
      const response = await engine.ask('fragile')
      const { error } = (await response.json()) as { error?: { studio_code: string; data: Record<string, unknown> } }
      return { status: response.status, retryAfter: response.headers.get('retry-after'), code: error?.studio_code, data: error?.data }
    }
    for (let crash = 1; crash <= 3; crash++) {
      expect(await asked()).toMatchObject({ status: 200 })
      expect(await asked()).toMatchObject({
        status: 502,
        code: 'backend-failed',
        data: { cause: 'out-of-memory', remedy: expect.any(String), logTail: expect.arrayContaining([expect.stringContaining('out of memory')]) },
      })
    }
    const refused = await asked()
    expect(refused).toMatchObject({ status: 503, code: 'backend-unreachable', data: { cause: 'out-of-memory', remedy: expect.any(String) } })
    expect(Number(refused.retryAfter)).toBeGreaterThan(0)
  }, 60_000)

  it('a server that ends without a word is told with the file of its log', async () => {
    const engine = new Engine({ models: { mute: { needMb: 0, flags: ['--exit-code', '3'] } }, profile: 'cpu_only' })
    onTestFinished(() => endHard(engine))
    await engine.start()
    const response = await engine.ask('mute')
    const { error } = (await response.json()) as { error: { message: string; data: Record<string, unknown> } }
    expect(error.data).toMatchObject({ cause: 'crashed', exitCode: 3, remedy: expect.stringContaining(engine.serverLogFile('mute')) })
    expect(error.message).toContain(engine.serverLogFile('mute'))
  }, 60_000)
})

/** What a database that was not closed, and a data folder that was not left, show. */
const leftOpen = ({ data }: Engine) => readdirSync(data).filter((name) => /-(wal|shm|journal)$|^instance\.json/.test(name))

/** Also what the studio under test left behind. */
async function endHard(engine: Engine): Promise<void> {
  await engine.end('SIGKILL')
  for (const pid of engine.servers()) process.kill(pid, 'SIGKILL')
}
