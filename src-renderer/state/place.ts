/** Where the user is, as text that survives a reload: the screen in the address, the rest in the session. Pure. */
import { SCREENS, type Screen } from './app-slice.ts'
import { type LibraryFilter, parseFilter } from './library-filter.ts'
import { MAX_CELL_PX, MIN_CELL_PX } from './library-slice.ts'

export interface Place {
  screen: Screen
  /** Photo under review. */
  photoId: number | null
}

export interface Memory {
  filter: LibraryFilter
  focus: number
  cellPx: number
}

export function placeToHash({ screen, photoId }: Place): string {
  return screen === 'review' && photoId !== null ? `#/review/${photoId}` : `#/${screen}`
}

export function parseHash(hash: string): Place {
  const [, screen, id] = /^#\/([a-z]+)(?:\/(\d+))?$/.exec(hash) ?? []
  const known = SCREENS.find((each) => each === screen) ?? 'library'
  const photoId = known === 'review' && id !== undefined ? Number(id) : null
  return known === 'review' && photoId === null ? { screen: 'library', photoId } : { screen: known, photoId }
}

export function memoryToText(memory: Memory): string {
  return JSON.stringify(memory)
}

/** What the session remembers; anything that does not look right is forgotten rather than trusted. */
export function parseMemory(text: string | null): Partial<Memory> {
  if (text === null) return {}
  try {
    const value = JSON.parse(text) as Partial<Memory> | null
    if (typeof value !== 'object' || value === null) return {}
    const memory: Partial<Memory> = {}
    const { focus, cellPx } = value
    const filter = parseFilter(value.filter)
    if (filter !== null) memory.filter = filter
    if (Number.isInteger(focus) && focus! >= 0) memory.focus = focus!
    if (typeof cellPx === 'number') memory.cellPx = Math.min(MAX_CELL_PX, Math.max(MIN_CELL_PX, cellPx))
    return memory
  } catch {
    return {}
  }
}
