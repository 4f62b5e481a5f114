/** Rules of selecting in the grid. Pure. */
export interface Pick {
  selected: ReadonlySet<number>
  anchor: number
  focus: number
}
export type PickMode = 'one' | 'toggle' | 'range' | 'add-range'

/** What is selected after position `at` was picked. Ids by position; positions outside the list change nothing. */
export function pickAt(ids: readonly number[], before: Pick, at: number, mode: PickMode): Pick {
  const id = ids[at]
  if (id === undefined) return before
  if (mode === 'one') return { selected: new Set([id]), anchor: at, focus: at }
  if (mode === 'toggle') {
    const selected = new Set(before.selected)
    if (!selected.delete(id)) selected.add(id)
    return { selected, anchor: at, focus: at }
  }
  const [from, to] = before.anchor <= at ? [before.anchor, at] : [at, before.anchor]
  const range = ids.slice(from, to + 1)
  return { selected: new Set(mode === 'range' ? range : [...before.selected, ...range]), anchor: before.anchor, focus: at }
}

export type Step = 'left' | 'right' | 'up' | 'down' | 'home' | 'end' | 'page-up' | 'page-down'

/** Position after a key, kept inside the list. `columns` cells a row, `rows` whole rows on the screen. */
export function stepFrom(at: number, step: Step, total: number, columns: number, rows: number): number {
  if (total === 0) return 0
  const distance: Record<Step, number> = {
    left: -1,
    right: 1,
    up: -columns,
    down: columns,
    'page-up': -columns * Math.max(1, rows),
    'page-down': columns * Math.max(1, rows),
    home: -at,
    end: total - 1 - at,
  }
  const next = at + distance[step]
  // Up from the first row and down from the last stay where they are, as in every light table.
  if (step === 'up' && next < 0) return at
  if (step === 'down' && next >= total) return Math.floor(at / columns) === Math.floor((total - 1) / columns) ? at : total - 1
  return Math.min(total - 1, Math.max(0, next))
}

/** Drops what is not in the list any more. */
export function keepListed(selected: ReadonlySet<number>, ids: readonly number[]): ReadonlySet<number> {
  if (selected.size === 0) return selected
  const listed = new Set(ids)
  return new Set([...selected].filter((id) => listed.has(id)))
}
