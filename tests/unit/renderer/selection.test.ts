import { array, assert as holds, constantFrom, integer, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_FILTER } from '../../../src-renderer/state/library-filter.ts'
import { foldersInOrder } from '../../../src-renderer/state/folder-order.ts'
import { findAction, KEYMAP, type KeyGroup, nameOfKey } from '../../../src-renderer/state/keymap.ts'
import { memoryToText, parseHash, parseMemory, placeToHash } from '../../../src-renderer/state/place.ts'
import { keepListed, pickAt, type Step, stepFrom } from '../../../src-renderer/state/selection.ts'
import { GRID_PADDING_PX, layoutGrid, scrollToShow, visibleRows } from '../../../src-renderer/parts/photo-grid/grid-math.ts'
import { wordDiff } from '../../../src-renderer/parts/word-diff.tsx'

const ids = [11, 12, 13, 14, 15]
const start = { selected: new Set<number>(), anchor: 0, focus: 0 }

describe('selecting', () => {
  it('keeps the anchor while a range grows and shrinks', () => {
    const one = pickAt(ids, start, 3, 'one')
    const back = pickAt(ids, one, 1, 'range')
    expect([...back.selected]).toEqual([12, 13, 14])
    expect([...pickAt(ids, back, 4, 'range').selected]).toEqual([14, 15])
  })

  it('toggles one photo and leaves the others', () => {
    const two = pickAt(ids, pickAt(ids, start, 0, 'one'), 2, 'toggle')
    expect([...two.selected]).toEqual([11, 13])
    expect([...pickAt(ids, two, 0, 'toggle').selected]).toEqual([13])
  })

  it('changes nothing for a position that is not there', () => {
    expect(pickAt(ids, start, 99, 'one')).toBe(start)
  })

  it('forgets photos that left the list, so that no hidden photo is written', () => {
    expect([...keepListed(new Set([11, 99]), ids)]).toEqual([11])
  })
})

describe('moving by keys', () => {
  const steps: Step[] = ['left', 'right', 'up', 'down', 'home', 'end', 'page-up', 'page-down']

  it('never leaves the list', () => {
    holds(
      property(
        integer({ min: 1, max: 500 }),
        integer({ min: 1, max: 12 }),
        integer({ min: 1, max: 6 }),
        array(constantFrom(...steps), { maxLength: 40 }),
        (total, columns, rows, path) => {
          let at = 0
          for (const step of path) {
            at = stepFrom(at, step, total, columns, rows)
            expect(at).toBeGreaterThanOrEqual(0)
            expect(at).toBeLessThan(total)
          }
        },
      ),
    )
  })

  it('goes down into a shorter last row, and stays in it', () => {
    expect(stepFrom(4, 'down', 8, 5, 3)).toBe(7)
    expect(stepFrom(6, 'down', 8, 5, 3)).toBe(6)
    expect(stepFrom(3, 'up', 8, 5, 3)).toBe(3)
  })

  it('names keys the same way on every keyboard', () => {
    const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) =>
      nameOfKey({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held })
    expect(press('Z', { metaKey: true, shiftKey: true })).toBe('Ctrl+Shift+z')
    expect(press('A')).toBe('a')
    expect(press('?', { shiftKey: true })).toBe('?')
    expect(press('ArrowLeft', { shiftKey: true })).toBe('Shift+ArrowLeft')
  })

  it('gives no key two meanings on one screen', () => {
    for (const group of ['library', 'review', 'journal'] as const) {
      const keys = [...Object.values(KEYMAP.everywhere), ...Object.values<readonly string[]>(KEYMAP[group])].flat()
      expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
    }
  })

  it('finds an action only in its own group', () => {
    const press = { key: 't', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }
    expect((['library', 'review'] as KeyGroup[]).map((group) => findAction(KEYMAP, group, press))).toEqual(['tag-selection', undefined])
  })
})

describe('grid', () => {
  it('uses the same number of row nodes wherever it is scrolled to', () => {
    const layout = layoutGrid(1200, 800, 200, 100_000)
    const counts = [0, 1, 5_000, 900_000, layout.totalHeightPx].map((scroll) => visibleRows(layout, scroll, 800, 2))
    expect(new Set(counts.map(({ count }) => count)).size).toBe(1)
    for (const { first, count } of counts) expect(first + count).toBeLessThanOrEqual(layout.rows)
  })

  it('covers the screen at every scroll position', () => {
    const layout = layoutGrid(1200, 800, 200, 5_000)
    holds(
      property(integer({ min: 0, max: layout.totalHeightPx - 800 }), (scroll) => {
        const { first, count } = visibleRows(layout, scroll, 800, 1)
        expect(GRID_PADDING_PX + first * layout.rowStridePx).toBeLessThanOrEqual(Math.max(GRID_PADDING_PX, scroll))
        expect(GRID_PADDING_PX + (first + count) * layout.rowStridePx + GRID_PADDING_PX).toBeGreaterThanOrEqual(scroll + 800)
      }),
    )
  })

  it('does not scroll when the photo is on the screen already', () => {
    const layout = layoutGrid(1200, 800, 200, 5_000)
    expect(scrollToShow(layout, 0, 0, 800)).toBe(0)
    const far = scrollToShow(layout, 4_000, 0, 800)
    expect(far).toBeGreaterThan(0)
    expect(scrollToShow(layout, 4_000, far, 800)).toBe(far)
  })

  it('survives a window of no size', () => {
    expect(layoutGrid(0, 0, 200, 10)).toMatchObject({ columns: 1, rows: 10 })
    expect(layoutGrid(800, 600, 200, 0)).toMatchObject({ rows: 0, totalHeightPx: 0 })
  })
})

describe('the place survives a reload', () => {
  it('round-trips through the address', () => {
    for (const place of [
      { screen: 'journal' as const, photoId: null },
      { screen: 'review' as const, photoId: 12 },
    ])
      expect(parseHash(placeToHash(place))).toEqual(place)
  })

  it('falls back to the library for what it does not know', () => {
    for (const hash of ['', '#token=abc', '#/nowhere', '#/review', '#/review/x'])
      expect(parseHash(hash)).toEqual({ screen: 'library', photoId: null })
  })

  it('forgets a damaged memory instead of failing', () => {
    const memory = {
      filter: { ...NO_FILTER, folderId: 3, recursive: false, text: 'sea', states: ['proposed' as const], rating: { from: 3, to: 5 }, gate: 'any' },
      focus: 7,
      cellPx: 240,
    }
    expect(parseMemory(memoryToText(memory))).toEqual(memory)
    for (const text of [null, 'x', 'null', '[]', '{"filter":{},"focus":-1}']) expect(parseMemory(text)).toEqual({})
  })
})

describe('folders', () => {
  const folder = (id: number, parentId: number | null, name: string) => ({
    id,
    parentId,
    name,
    path: `/${name}`,
    photoCount: 0,
    totalCount: 0,
    watched: false,
    openedAtMs: null,
  })

  it('reads as a tree in natural order and loses no folder whose parent is missing', () => {
    const placed = foldersInOrder([folder(1, null, 'Trip 10'), folder(2, null, 'Trip 9'), folder(3, 1, 'Day'), folder(4, 99, 'Lost')])
    expect(placed.map(({ folder: { name }, depth }) => `${depth} ${name}`)).toEqual(['0 Lost', '0 Trip 9', '0 Trip 10', '1 Day'])
  })
})

describe('word diff', () => {
  it('marks words, and both sides can be read back from it', () => {
    holds(
      property(string(), string(), (from, to) => {
        const parts = wordDiff(from, to)
        expect(
          parts
            .filter((part) => part.kind !== 'added')
            .map((part) => part.text)
            .join(''),
        ).toBe(from)
        expect(
          parts
            .filter((part) => part.kind !== 'removed')
            .map((part) => part.text)
            .join(''),
        ).toBe(to)
      }),
    )
    expect(wordDiff('Boats in the harbour', 'A cat in a chair').map((part) => part.kind)).toEqual(['removed', 'added'])
    expect(wordDiff('Boats in the harbour', 'Boats in the old harbour').filter((part) => part.kind === 'added')).toHaveLength(1)
  })
})
