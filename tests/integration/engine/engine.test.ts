/** Model servers behind the shipped command line: after kill -9, failing to start, without a card. Linux: reads /proc. */
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
  }, 60_000)

  it('serves on the processor where there is no card, whatever the model would take of one', async () => {
    const engine = new Engine({ models: { plain: { needMb: 9000 } }, profile: 'cpu_only' })
    onTestFinished(() => engine.end('SIGKILL'))
    await engine.start()
    expect((await engine.ask('plain')).status).toBe(200)
    await engine.end()
    expect(engine.servers()).toEqual([])
  }, 60_000)
})
