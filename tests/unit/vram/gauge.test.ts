import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { attribute, type Resident } from '../../../src-main/vram/attribution.ts'
import type { CardReadings } from '../../../src-main/vram/cards.ts'
import { createGauge, type GaugeOptions, type Reading } from '../../../src-main/vram/gauge.ts'
import { createFindRoot, parentOf } from '../../../src-main/vram/process-ancestry.ts'
import { sampleCard as card } from './entry-samples.ts'
import { gauge as gaugeSchema } from '../../../src-main/contract/engine.ts'

const resident = (more: Partial<Resident> = {}): Resident => ({ name: 'm', pid: 100, estimatedMb: { 0: 5000 }, ...more })

describe('whose memory it is', () => {
  const ours = [{ uuid: 'GPU-1', pid: 101, usedMb: 3_000, root: 100 }]
  const foreign = { uuid: 'GPU-1', pid: 7, usedMb: 1_000, root: undefined }

  it.each<[string, Partial<Resident>, number, string]>([
    ['the server itself tells', { reportedMb: { 0: 4000 }, measuredMb: { 0: 3500 } }, 4000, 'backend'],
    ['its processes tell', { measuredMb: { 0: 3500 } }, 3000, 'processes'],
    ['it was measured at its start', { pid: 555, measuredMb: { 0: 3500 } }, 3500, 'measured'],
    ['only the claim is known', { pid: 555 }, 5000, 'estimate'],
  ])('%s', (_, more, mb, source) => {
    expect(attribute(card(), [...ours, foreign], [resident(more)], [])).toMatchObject({ usedByUsMb: mb, usedByOthersMb: 6000 - mb, source })
  })
  it('workers of a server count for it, and a second server beside it', () => {
    const workers = [...ours, { uuid: 'GPU-1', pid: 102, usedMb: 500, root: 100 }, { uuid: 'GPU-1', pid: 200, usedMb: 700, root: 200 }]
    expect(attribute(card(), workers, [resident()], [100, 200])).toMatchObject({ usedByUsMb: 4200, usedByOthersMb: 1800 })
  })
  it('without anything of ours all of it is used by others, and that is known', () => {
    expect(attribute(card(), [foreign], [], [])).toMatchObject({ usedByUsMb: 0, usedByOthersMb: 6000, source: 'nothing-running' })
  })
  it('a process of ours that the driver hides must not be counted as 0, nor blamed on others', () => {
    const hidden = [{ uuid: 'GPU-1', pid: 100, usedMb: null, root: 100 }]
    expect(attribute(card(), hidden, [], [100])).toMatchObject({ usedByUsMb: null, usedByOthersMb: null, source: 'unknown' })
    expect(attribute(card(), hidden, [resident({ measuredMb: { 0: 3500 } })], [100])).toMatchObject({ usedByUsMb: 3500, source: 'measured' })
  })
  it('where nobody tells who uses the card, what was claimed counts', () => {
    expect(attribute(card(), null, [resident()], [100])).toMatchObject({ usedByUsMb: 5000, source: 'estimate' })
    expect(attribute(card(), null, [], [100])).toMatchObject({ usedByUsMb: null, source: 'unknown' })
  })
  it('others never use less than nothing', () => {
    expect(attribute(card(), ours, [resident({ reportedMb: { 0: 7000 } })], [])).toMatchObject({ usedByUsMb: 6000, usedByOthersMb: 0 })
  })
})

describe('the gauge', () => {
  const make = (more: Partial<GaugeOptions> = {}) => {
    let ticksMs = 0
    const reads: number[] = []
    const gauge = createGauge({
      readCards: () => {
        reads.push(ticksMs)
        return Promise.resolve({ cards: [card()], processes: [{ uuid: 'GPU-1', pid: 101, usedMb: 3000 }], skipped: [] })
      },
      ownPids: () => [100],
      findRoot: (pid) => Promise.resolve(pid === 101 ? 100 : undefined),
      clock: { nowMs: () => 1_000_000 + ticksMs, ticksMs: () => ticksMs },
      tickMs: 1,
      ...more,
    })
    return { gauge, reads, pass: (ms: number) => (ticksMs += ms) }
  }

  it('tells what the contract promises', async () => {
    const { gauge } = make()
    const reading = await gauge.read()
    expect(gaugeSchema.parse(reading).cards[0]).toEqual({
      ...{ index: 0, name: 'RTX', totalMb: 16_376, usedByUsMb: 3000, usedByOthersMb: 3000, reservedMb: 476, freeMb: 9900, unified: false },
      source: 'processes',
    })
    expect(reading.cards[0]?.processes).toEqual([{ pid: 101, usedMb: 3000, ours: true }])
  })
  it('many who ask at once, or within a second, cost one reading', async () => {
    const { gauge, reads, pass } = make()
    await Promise.all([gauge.read(), gauge.read(), gauge.read()])
    pass(900)
    await gauge.read()
    expect(reads).toHaveLength(1)
    pass(200)
    await gauge.read()
    expect(reads).toHaveLength(2)
  })
  it('no card is an answer with a reason', async () => {
    const { gauge } = make({ readCards: () => Promise.resolve({ cards: [], processes: null, skipped: [] }) })
    expect(await gauge.read()).toMatchObject({ cards: [], note: 'There is no graphics card here that can serve models.' })
  })
  it('a driver that fails for a moment must not make the cards vanish, and the age stays told', async () => {
    let answer: () => Promise<CardReadings> = () => Promise.resolve({ cards: [card()], processes: null, skipped: [] })
    const { gauge, pass } = make({ readCards: () => answer() })
    const first = await gauge.read()
    answer = () => Promise.reject(new Error('gone'))
    pass(5000)
    expect(await gauge.read()).toMatchObject({ cards: [{ index: 0 }], note: 'the cards could not be read', takenAtMs: first.takenAtMs })
  })
  it('a program on another card must not count on this one', async () => {
    const { gauge } = make({
      readCards: () =>
        Promise.resolve({ cards: [card(), card({ index: 1, uuid: 'GPU-2' })], processes: [{ uuid: 'GPU-2', pid: 101, usedMb: 3000 }], skipped: [] }),
    })
    expect((await gauge.read()).cards.map(({ usedByUsMb }) => usedByUsMb)).toEqual([0, 3000])
  })

  it('tells while somebody listens, and stops when nobody does', async () => {
    const { gauge, reads } = make()
    const told: Reading[] = []
    await new Promise<void>((resolve) => {
      const stop = gauge.subscribe((reading) => {
        told.push(reading)
        if (told.length < 3) return
        stop()
        resolve()
      })
    })
    const afterStop = reads.length
    // A second listener is told again: the timer that was stopped has come to nothing.
    await new Promise<void>((resolve) => {
      const stop = gauge.subscribe(() => {
        stop()
        resolve()
      })
    })
    expect(reads).toHaveLength(afterStop + 1)
  })
  it('while nothing happens it reads at every fifth tick only', async () => {
    let asked = 0
    const { gauge } = make({ isActive: () => (asked++, false) })
    const askedAt: number[] = []
    await new Promise<void>((resolve) => {
      const stop = gauge.subscribe(() => {
        askedAt.push(asked)
        if (askedAt.length < 3) return
        stop()
        resolve()
      })
    })
    expect(askedAt).toEqual([1, 6, 11])
  })
})

describe.skipIf(process.platform !== 'linux')('descent', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  it('a grandchild is ours, a stranger is not', async () => {
    const grandchild = `process.stdout.write(process.pid + '\\n'); setInterval(() => {}, 1000); process.stdin.on('end', () => process.exit()).resume()`
    const child = spawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: ['pipe', 'inherit', 'ignore'] })`,
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    )
    children.push(child)
    const [line] = (await once(child.stdout!, 'data')) as [Buffer]
    const findRoot = createFindRoot()
    expect(await findRoot(Number(line.toString()), new Set([child.pid!]))).toBe(child.pid)
    expect(await findRoot(child.pid!, new Set([child.pid!]))).toBe(child.pid)
    expect(await findRoot(process.pid, new Set([child.pid!]))).toBeUndefined()
    expect(await findRoot(4_000_000_000, new Set([child.pid!]))).toBeUndefined()
  })
  it('a name with brackets and spaces does not shift the parent', () => {
    expect(parentOf('42 (a) b (c) S 17 42 42 0')).toBe(17)
    expect(parentOf('')).toBeUndefined()
  })
  it('elsewhere only the very process is ours', async () => {
    const findRoot = createFindRoot({ platform: 'win32' })
    expect(await findRoot(5, new Set([5]))).toBe(5)
    expect(await findRoot(6, new Set([5]))).toBeUndefined()
  })
})
