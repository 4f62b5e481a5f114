/** Lost answers, doubled answers, requests that never end, and what leaks when thousands come with aborts, crashes and swaps. Linux: reads /proc. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noteSkip } from '../../helpers/skips.ts'
import { Engine, until } from './engine-home.ts'

const linux = process.platform === 'linux'
if (!linux) noteSkip('the engine under load', 'it reads the process table of Linux')

/** The same sequence each time. */
function* lottery(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

const rssMb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
const handles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length

/** The whole 10,000 are for a bench; every run of the tests takes fewer. */
const TOTAL = Number(process.env['IMAGEWORKS_SOAK_REQUESTS'] ?? 2000)

type Ending = 'answered' | 'aborted' | `refused ${number} ${string}` | 'broken'

/** What became of one request: exactly one ending, and an answer that is its own. */
async function follow(engine: Engine, id: string, model: string, stream: boolean, abortAfterMs: number | null): Promise<Ending> {
  const abort = new AbortController()
  const timer = abortAfterMs === null ? undefined : setTimeout(() => abort.abort(), abortAfterMs)
  try {
    const response = await engine.ask(model, { user: id, stream }, abort.signal)
    const text = await response.text()
    if (response.status !== 200) {
      const { error } = JSON.parse(text) as { error: { message: string; code: string } }
      expect(error.message).not.toBe('')
      return `refused ${response.status} ${error.code}`
    }
    if (!stream) {
      expect(JSON.parse(text)).toMatchObject({ id: `chatcmpl-${id}`, model })
      return 'answered'
    }
    const events = text.split('\n\n').filter(Boolean)
    expect(events.at(-1), id).toBe('data: [DONE]')
    const ids = new Set(events.flatMap((event) => /"id":"([^"]+)"/.exec(event)?.[1] ?? []))
    expect([...ids]).toEqual([`chatcmpl-${id}`])
    if (events.some((event) => event.startsWith('data: {"error"'))) return 'broken'
    expect(events.filter((event) => event.includes('"finish_reason":"stop"'))).toHaveLength(1)
    return 'answered'
  } catch (error) {
    if (abort.signal.aborted) return 'aborted'
    throw error
  } finally {
    clearTimeout(timer)
  }
}

describe.skipIf(!linux)('the engine under load', () => {
  it(
    'thousands of mixed requests over two models that crash and take turns: each ends once, nothing is left over',
    async () => {
      const engine = new Engine({
        models: { north: { needMb: 9000, flags: ['--crash-after', '600', '--load-ms', '20'] }, south: { needMb: 9000, flags: ['--load-ms', '20'] } },
        cardsMb: [16_000],
        profile: 'constrained_16gb',
      })
      onTestFinished(() => engine.end('SIGKILL'))
      await engine.start()
      const pid = engine.child!.pid!
      const draw = lottery(7)
      const chance = () => draw.next().value
      const endings = new Map<Ending, number>()
      let sent = 0
      let base = { rssMb: 0, handles: 0 }
      const worker = async (total: number) => {
        while (sent < total) {
          sent += 1
          const id = `r${sent}`
          // Long stretches of one model with a stray request for the other: swaps, but not one for each request.
          const model = (Math.floor(sent / 800) % 2 === 0) === chance() < 0.9995 ? 'north' : 'south'
          const ending = await follow(engine, id, model, chance() < 0.4, chance() < 0.05 ? chance() * 15 : null)
          endings.set(ending, (endings.get(ending) ?? 0) + 1)
        }
      }
      const run = async (total: number) => {
        await Promise.all(Array.from({ length: 12 }, () => worker(total)))
      }
      await run(TOTAL / 4)
      base = { rssMb: rssMb(pid), handles: handles(pid) }
      await run(TOTAL)
      await until('idle', async () => {
        const { data } = (await (await fetch(`${engine.url}/backends`)).json()) as { data: { in_flight: number; waiting: number }[] }
        return data.every((model) => model.in_flight === 0 && model.waiting === 0)
      })
      const counted = [...endings.values()].reduce((sum, count) => sum + count, 0)
      expect(counted).toBe(TOTAL)
      console.log(
        Object.fromEntries(endings),
        `memory ${base.rssMb.toFixed(0)} → ${rssMb(pid).toFixed(0)} MB, handles ${base.handles} → ${handles(pid)}`,
      )
      expect(endings.get('answered') ?? 0).toBeGreaterThan(TOTAL * 0.9)
      expect(endings.get('aborted') ?? 0).toBeGreaterThan(TOTAL / 100)
      expect(
        (endings.get('broken') ?? 0) + [...endings].filter(([ending]) => ending.startsWith('refused')).reduce((sum, [, n]) => sum + n, 0),
      ).toBeGreaterThan(0)
      expect(rssMb(pid) - base.rssMb).toBeLessThan(60)
      expect(handles(pid)).toBeLessThan(base.handles + 40)
      const lines = engine.logged()
      expect(new Set(lines.map((line) => line['id'])).size).toBe(lines.length)
      await engine.end()
      expect(engine.servers()).toEqual([])
    },
    TOTAL * 100 + 60_000,
  )
})
