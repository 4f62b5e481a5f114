/** What the library is narrowed to, as the window keeps it and as the studio is asked. Pure. */
import { PHOTO_STATES, type PhotoState, SORTS, type Sort } from '../../src-main/contract/model.ts'
import type { RequestArgument } from '../../src-main/contract/routes/index.ts'

export interface LibraryFilter {
  folderId: number | null
  recursive: boolean
  text: string
  states: readonly PhotoState[]
  /** A whole keyword; '' for any. The same holds for the texts below. */
  keyword: string
  /** Both included; 0 stands for no stars, -1 for rejected. */
  rating: { from: number; to: number } | null
  /** Days as `2024-05-01`, both included, by the camera's clock. */
  fromDay: string
  toDay: string
  camera: string
  model: string
  /** A gate's code, or `any`. */
  gate: string
  sort: Sort
  descending: boolean
}

export const NO_FILTER: LibraryFilter = {
  folderId: null,
  recursive: true,
  text: '',
  states: [],
  keyword: '',
  rating: null,
  fromDay: '',
  toDay: '',
  camera: '',
  model: '',
  gate: '',
  sort: 'path',
  descending: false,
}

const DAY_MS = 86_400_000

/** Everything but folder and order back to what shows all photos. */
export const CLEARED: Partial<LibraryFilter> = {
  text: '',
  states: [],
  keyword: '',
  rating: null,
  fromDay: '',
  toDay: '',
  camera: '',
  model: '',
  gate: '',
}

/** How many of the conditions behind the filter button hold something back. */
export function countDetails({ keyword, rating, fromDay, toDay, camera, model, gate }: LibraryFilter): number {
  return [keyword !== '', rating !== null, fromDay !== '' || toDay !== '', camera !== '', model !== '', gate !== ''].filter(Boolean).length
}

export const isFiltering = (filter: LibraryFilter): boolean => filter.text !== '' || filter.states.length > 0 || countDetails(filter) > 0

export function toPhotoFilter(filter: LibraryFilter): RequestArgument<'library.photoIds'> {
  const { folderId, recursive, states, rating, sort, descending } = filter
  const text = filter.text.trim()
  const keyword = filter.keyword.trim()
  const fromMs = dayStart(filter.fromDay)
  const toMs = dayStart(filter.toDay)
  return {
    ...(folderId === null ? {} : { folderId }),
    recursive,
    ...(states.length === 0 ? {} : { states: [...states] }),
    ...(text === '' ? {} : { text }),
    ...(keyword === '' ? {} : { keyword }),
    ...(rating === null ? {} : { rating }),
    ...(fromMs === null && toMs === null
      ? {}
      : { taken: { ...(fromMs === null ? {} : { fromMs }), ...(toMs === null ? {} : { toMs: toMs + DAY_MS }) } }),
    ...(filter.camera === '' ? {} : { camera: filter.camera }),
    ...(filter.model === '' ? {} : { model: filter.model }),
    ...(filter.gate === '' ? {} : { gate: filter.gate }),
    sort,
    ...(descending ? { descending } : {}),
  }
}

/** The filter that a session remembered; null for what does not look like one. */
export function parseFilter(value: unknown): LibraryFilter | null {
  if (typeof value !== 'object' || value === null) return null
  const given = value as Partial<Record<keyof LibraryFilter, unknown>>
  if (typeof given.text !== 'string' || typeof given.recursive !== 'boolean' || !Array.isArray(given.states)) return null
  const text = (key: 'keyword' | 'fromDay' | 'toDay' | 'camera' | 'model' | 'gate') => (typeof given[key] === 'string' ? given[key] : '')
  const stars = given.rating as Partial<{ from: unknown; to: unknown }> | null | undefined
  return {
    folderId: typeof given.folderId === 'number' ? given.folderId : null,
    recursive: given.recursive,
    text: given.text,
    states: PHOTO_STATES.filter((state) => (given.states as unknown[]).includes(state)),
    keyword: text('keyword'),
    rating: isStars(stars?.from) && isStars(stars?.to) ? { from: stars.from, to: stars.to } : null,
    fromDay: text('fromDay'),
    toDay: text('toDay'),
    camera: text('camera'),
    model: text('model'),
    gate: text('gate'),
    sort: SORTS.find((sort) => sort === given.sort) ?? NO_FILTER.sort,
    descending: given.descending === true,
  }
}

const isStars = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= -1 && (value as number) <= 5

function dayStart(day: string): number | null {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}
