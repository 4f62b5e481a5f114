/** The memory gauge: what it makes of a reading, and when it reads again. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StudioClient } from '../../../src-renderer/client/studio-client.ts'
import { followGauge, watchGauge } from '../../../src-renderer/state/gauge-actions.ts'
import { addSample, type Card, HISTORY_MS, outlookOf, partsOf, pollAfterMs } from '../../../src-renderer/state/gauge-view.ts'
import { createStudio } from '../../../src-renderer/state/studio.ts'

const card: Card = {
  ...{ index: 0, name: 'Card', totalMb: 1000, usedByUsMb: 300, usedByOthersMb: 100, reservedMb: 50, freeMb: 550 },
  ...{ unified: false, source: 'processes' },
}

describe('parts of a card', () => {
  it('leaves nothing to nobody where both shares are told', () => {
    expect(partsOf(card)).toEqual({ usedMb: 400, ourMb: 300, otherMb: 100, unnamedMb: 0, reservedMb: 50, freeMb: 550 })
  })
  it('gives what nobody is named for to nobody, not to the studio', () => {
    expect(partsOf({ ...card, usedByUsMb: null, usedByOthersMb: null })).toMatchObject({ usedMb: 400, ourMb: null, otherMb: null, unnamedMb: 400 })
  })
  it('does not call a card empty that tells nothing', () => {
    expect(partsOf({ ...card, usedByUsMb: null, usedByOthersMb: null, freeMb: null })).toMatchObject({ usedMb: null, freeMb: null, unnamedMb: 0 })
  })
})

describe('history', () => {
  const at = (takenAtMs: number) => ({ cards: [card], note: null, takenAtMs })
  it('keeps the last minutes and takes one reading once', () => {
    const first = addSample([], at(1000))
    expect(first).toEqual([{ atMs: 1000, shares: { 0: 0.45 } }])
    expect(addSample(first, at(1000))).toBe(first)
    expect(addSample(first, at(1001 + HISTORY_MS)).map(({ atMs }) => atMs)).toEqual([1001 + HISTORY_MS])
  })
})

describe('outlook', () => {
  const forecast = { name: 'm', needMb: 1, needSource: 'measured' as const, fits: true, evicts: [] as string[], reason: '' }
  it('does not call a start free of cost that unloads another model', () => {
    expect(outlookOf(forecast)).toBe('fits')
    expect(outlookOf({ ...forecast, evicts: ['other'] })).toBe('evicts')
    expect(outlookOf({ ...forecast, fits: false })).toBe('does-not-fit')
  })
})

describe('reading again', () => {
  it('is quick only while somebody looks or a model loads, and rests without a card', () => {
    expect(pollAfterMs({ watched: true, loading: false, cardCount: 2 })).toBe(1_000)
    expect(pollAfterMs({ watched: false, loading: true, cardCount: 2 })).toBe(1_000)
    expect(pollAfterMs({ watched: false, loading: false, cardCount: 2 })).toBe(8_000)
    expect(pollAfterMs({ watched: false, loading: false, cardCount: null })).toBe(8_000)
    expect(pollAfterMs({ watched: false, loading: true, cardCount: 0 })).toBeNull()
  })

  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('stops while the page is hidden, starts when it is seen, and ends with its undo', async () => {
    let reads = 0
    const document = Object.assign(new EventTarget(), { hidden: false })
    const page = { document, setTimeout, clearTimeout } as unknown as Window
    const client = {
      request: () => Promise.resolve({ cards: [card], note: null, takenAtMs: ++reads }),
    } as unknown as StudioClient
    const studio = createStudio(client)
    const stop = followGauge(studio, page)
    await vi.advanceTimersByTimeAsync(8_100)
    expect(reads).toBe(2)
    watchGauge(studio, true)
    await vi.advanceTimersByTimeAsync(3_050)
    expect(reads).toBe(6)
    document.hidden = true
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reads).toBe(6)
    document.hidden = false
    document.dispatchEvent(new Event('visibilitychange'))
    await vi.advanceTimersByTimeAsync(10)
    expect(reads).toBe(7)
    stop()
    watchGauge(studio, false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reads).toBe(7)
    expect(studio.store.getState().gauge.history.length).toBe(7)
  })
})
