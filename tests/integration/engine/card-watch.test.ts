/** NVIDIA's tool as a stream, against a program that prints, refuses, dies and hangs as told. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { createCardWatch } from '../../../src-main/vram/card-watch.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { until } from './engine-home.ts'

const posix = process.platform !== 'win32'
if (!posix) noteSkip('the stream of NVIDIA’s tool', 'its stand-in is a script with a #! line')

const card = (index: number, usedMb: number | string) =>
  `${index}, Test Card, 24000, 20000, 8.9, GPU-${index}, ${usedMb}, [N/A], 550.1, Disabled, a column, of tomorrow`

function machine(first: Record<string, unknown>) {
  const folder = tempFolder()
  const set = (state: Record<string, unknown>) => writeFileSync(path.join(folder, 'nvidia-smi.json'), JSON.stringify(state))
  set(first)
  writeFileSync(path.join(folder, 'nvidia-smi.log'), '')
  const tool = path.join(folder, 'nvidia-smi')
  writeFileSync(tool, `#!${process.execPath}\nimport(${JSON.stringify(path.resolve('tests/fakes/nvidia-smi.mjs'))})\n`)
  chmodSync(tool, 0o755)
  const log = () => readFileSync(path.join(folder, 'nvidia-smi.log'), 'utf8').split('\n')
  const watch = createCardWatch({ environment: { PATH: folder }, clock: systemClock, everyMs: 300, lingerMs: 4_000, firstPauseMs: 50 })
  onTestFinished(() => watch.dispose())
  const loops = () => log().filter((line) => line.startsWith('start') && line.includes('loop'))
  const living = () =>
    loops().filter((line) => {
      try {
        process.kill(Number(line.split(' ').at(-1)), 0)
        return true
      } catch {
        return false
      }
    })
  return { set, log, watch, loops, living }
}
const usedOf = async (watch: { read(): Promise<{ cards: { usedMb: number | null }[] }> }) => (await watch.read()).cards.map(({ usedMb }) => usedMb)

describe.skipIf(!posix)('who looks at the cards', () => {
  it('once starts no stream; again gets one pair of children that follows the cards, and ends when nobody looks', async () => {
    const { set, log, watch, loops, living } = machine({ cards: [card(0, 100), card(1, '[N/A]')], programs: ['GPU-0, 42, a, b, 90'] })
    expect(await usedOf(watch)).toEqual([100, null])
    expect(loops()).toEqual([])
    await until('the stream answers', async () => {
      await watch.read()
      return loops().length === 2
    })
    set({ cards: [card(0, 5000), card(1, 7)], programs: ['GPU-0, 42, a, b, 4900', 'GPU-1, 43, c, 6'] })
    await until('new figures come', async () => (await usedOf(watch)).join() === '5000,7')
    await until('both programs come', async () => ((await watch.read()).processes ?? []).length === 2)
    const once = log().filter((line) => line.includes('once')).length
    for (let i = 0; i < 50; i++) await watch.read()
    expect(log().filter((line) => line.includes('once'))).toHaveLength(once)
    set({ cards: [card(0, 0)], programs: [] })
    await until('programs that are gone are gone', async () => {
      const { cards, processes } = await watch.read()
      return cards.length === 1 && processes?.length === 0
    })
    expect(loops()).toHaveLength(2)
    await until('nobody looks: no child is left', () => living().length === 0)
  }, 30_000)

  it('is answered all the same while the stream dies again and again, and it comes back', async () => {
    const { set, watch, loops, living } = machine({ cards: [card(0, 1)], rounds: 2 })
    await until('it was started anew', async () => {
      expect(await usedOf(watch)).toEqual([1])
      return loops().length >= 4
    })
    set({ cards: [card(0, 2)] })
    await until('it stays', async () => (await usedOf(watch))[0] === 2 && living().length === 2)
    watch.dispose()
    await until('the end of the studio is theirs', () => living().length === 0)
    expect(await usedOf(watch)).toEqual([2])
    expect(living()).toEqual([])
  }, 30_000)

  it('an older driver that does not know a column is asked for fewer', async () => {
    const { watch, log } = machine({ cards: ['0, Test Card, 24000, 20000, 8.9, GPU-0'], unknown: ['memory.reserved'] })
    await until('the shorter query streams', async () => {
      await watch.read()
      return log().filter((line) => line.startsWith('start cards loop')).length === 2
    })
    expect((await watch.read()).cards).toMatchObject([{ totalMb: 24_000, usedMb: null }])
  }, 30_000)
})
