/** The grid's data: folders, the filtered list, pages of it, selection. */
import type { PhotoState, PhotoSummary } from '../../src-main/contract/model.ts'
import { type LibraryFilter, toPhotoFilter } from './library-filter.ts'
import { type LibrarySlice, MAX_CELL_PX, MIN_CELL_PX, PAGE_SIZE } from './library-slice.ts'
import { keepListed, pickAt, type PickMode } from './selection.ts'
import { ask, patch, type Studio } from './studio.ts'

const KEPT_PAGES = 30

export function findPhotoAt(pages: LibrarySlice['pages'], position: number): PhotoSummary | undefined {
  return pages.get(Math.floor(position / PAGE_SIZE))?.[position % PAGE_SIZE]
}

export function findIdAt(library: LibrarySlice, position: number): number | undefined {
  return library.ids[position] ?? findPhotoAt(library.pages, position)?.id
}

/** A photo of the pages on hand, wherever it stands in the list. */
export function findKnownPhoto(pages: LibrarySlice['pages'], photoId: number): PhotoSummary | undefined {
  for (const items of pages.values()) {
    const photo = items.find((each) => each.id === photoId)
    if (photo) return photo
  }
  return undefined
}

export async function loadFolders(studio: Studio): Promise<void> {
  const folders = await ask(studio, 'library.folders', {})
  if (folders) patch(studio, 'library', { folders })
}

/** The part of the list that a run without a selection works on: photos without words, unless the user asked for states by name. */
export function withoutWords(filter: LibraryFilter) {
  return toPhotoFilter(filter.states.length > 0 ? filter : { ...filter, states: ['untagged', 'failed'] })
}

/** Counts what the two main buttons offer: photos to save, photos to find words for. */
export async function countWork(studio: Studio): Promise<void> {
  const { filter } = studio.store.getState().library
  const [approved, wordless] = await Promise.all([
    ask(studio, 'library.photos', { states: ['approved'], limit: 1 }),
    ask(studio, 'library.photos', { ...withoutWords(filter), limit: 1 }),
  ])
  if (approved) patch(studio, 'library', { approvedCount: approved.total })
  if (wordless && studio.store.getState().library.filter === filter) patch(studio, 'library', { wordlessCount: wordless.total })
}

/** Reads the list anew: the page with the keyboard first, so that the screen fills at once; all ids once it is there. */
export async function loadPhotos(studio: Studio, pauseMs = 0): Promise<void> {
  const { library } = studio.store.getState()
  const generation = library.generation + 1
  patch(studio, 'library', { generation })
  const filter = toPhotoFilter(library.filter)
  const pageNumber = Math.floor(library.focus / PAGE_SIZE)
  const current = () => studio.store.getState().library.generation === generation
  const page = await ask(studio, 'library.photos', { ...filter, offset: pageNumber * PAGE_SIZE, limit: PAGE_SIZE })
  if (!current()) return
  if (page) {
    const focus = Math.min(studio.store.getState().library.focus, Math.max(0, page.total - 1))
    patch(studio, 'library', { total: page.total, pages: new Map([[pageNumber, page.items]]), ids: [], loaded: true, focus })
  }
  if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  if (!current()) return
  const list = await ask(studio, 'library.photoIds', filter)
  if (!list || !current()) return
  patch(studio, 'library', { ids: list, total: list.length, selected: keepListed(studio.store.getState().library.selected, list) })
}

const underway = new WeakMap<Studio, Set<string>>()

/** Positions beyond the screen whose pages are fetched ahead: a fast wheel passes six hundred photos a second. */
const AHEAD = 600

/** Makes sure that the pages around positions `first` to `last` are there or on their way. Cheap to call on every scroll. */
export function ensureVisible(studio: Studio, first: number, last: number): void {
  const { library } = studio.store.getState()
  const asked = underway.get(studio) ?? new Set<string>()
  underway.set(studio, asked)
  const pageOf = (position: number) => Math.floor(Math.max(0, position) / PAGE_SIZE)
  const shown = [pageOf(first), pageOf(last)]
  const near = Array.from({ length: pageOf(last + AHEAD) - pageOf(first - AHEAD) + 1 }, (_, at) => pageOf(first - AHEAD) + at)
  for (const pageNumber of new Set([...shown, ...near])) {
    const key = `${library.generation}:${pageNumber}`
    if (library.pages.has(pageNumber) || asked.has(key) || pageNumber * PAGE_SIZE >= library.total) continue
    asked.add(key)
    void loadPage(studio, pageNumber).finally(() => asked.delete(key))
  }
}

async function loadPage(studio: Studio, pageNumber: number): Promise<void> {
  const { generation, filter } = studio.store.getState().library
  const page = await ask(studio, 'library.photos', { ...toPhotoFilter(filter), offset: pageNumber * PAGE_SIZE, limit: PAGE_SIZE })
  const { library } = studio.store.getState()
  if (!page || library.generation !== generation) return
  patch(studio, 'library', { pages: withPage(library.pages, pageNumber, page.items) })
}

/** Adds a page and drops the ones farthest from it beyond the number kept. */
export function withPage(pages: LibrarySlice['pages'], pageNumber: number, items: readonly PhotoSummary[]): LibrarySlice['pages'] {
  const next = new Map(pages).set(pageNumber, items)
  if (next.size <= KEPT_PAGES) return next
  const farthest = [...next.keys()].sort((a, b) => Math.abs(b - pageNumber) - Math.abs(a - pageNumber)).slice(0, next.size - KEPT_PAGES)
  for (const each of farthest) next.delete(each)
  return next
}

/** Reads the pages that are on hand again, without emptying the grid first. */
export async function refreshPages(studio: Studio, photoIds: readonly number[] | null): Promise<void> {
  const { library } = studio.store.getState()
  const touched = photoIds === null ? null : new Set(photoIds)
  const stale = [...library.pages].filter(([, items]) => touched === null || items.some((photo) => touched.has(photo.id)))
  await Promise.all(stale.map(([pageNumber]) => loadPage(studio, pageNumber)))
}

/** Shows a new state at once, before the page is read again. */
export function showState(studio: Studio, photoIds: readonly number[], state: PhotoState): void {
  const touched = new Set(photoIds)
  const { pages } = studio.store.getState().library
  const next = new Map(pages)
  for (const [pageNumber, items] of pages) {
    if (items.some((photo) => touched.has(photo.id)))
      next.set(
        pageNumber,
        items.map((photo) => (touched.has(photo.id) ? { ...photo, state } : photo)),
      )
  }
  patch(studio, 'library', { pages: next })
}

/** How long typing rests before what is not on the screen is asked for. */
const TYPING_PAUSE_MS = 250

/** The first page of what fits is asked for at once, with every letter that is typed; everything that is not on the screen comes after it. */
export async function setFilter(studio: Studio, change: Partial<LibraryFilter>, how: 'chosen' | 'typed' = 'chosen'): Promise<void> {
  const { filter } = studio.store.getState().library
  const next = { ...filter, ...change }
  patch(studio, 'library', { filter: next, focus: 0, anchor: 0 })
  await loadPhotos(studio, how === 'typed' ? TYPING_PAUSE_MS : 0)
  if (studio.store.getState().library.filter === next) await countWork(studio)
}

/** Chooses a folder, or all photos. */
export function openFolder(studio: Studio, folderId: number | null): void {
  void setFilter(studio, { folderId })
  if (folderId !== null) void ask(studio, 'library.openFolder', { folderId }).then(() => loadFolders(studio))
}

export async function watchFolder(studio: Studio, folderId: number, watched: boolean): Promise<void> {
  const folders = await ask(studio, 'library.watchFolder', { folderId, watched })
  if (folders) patch(studio, 'library', { folders })
}

export function foldFolder(studio: Studio, folderId: number, fold: boolean): void {
  const folded = new Set(studio.store.getState().library.folded)
  if (fold) folded.add(folderId)
  else folded.delete(folderId)
  patch(studio, 'library', { folded })
}

export function showFilterDetails(studio: Studio, filterOpen: boolean): void {
  patch(studio, 'library', { filterOpen })
  if (filterOpen) void ask(studio, 'library.facets', {}).then((facets) => facets && patch(studio, 'library', { facets }))
}

export async function offerKeywords(studio: Studio, text: string): Promise<void> {
  const keywordsOffered = await ask(studio, 'library.keywords', { text })
  if (keywordsOffered) patch(studio, 'library', { keywordsOffered })
}

export function pick(studio: Studio, position: number, mode: PickMode): void {
  const { library } = studio.store.getState()
  const ids = library.ids.length > 0 ? library.ids : idsFromPages(library)
  patch(studio, 'library', pickAt(ids, library, position, mode))
}

/** Until the whole list is there, positions on hand can be picked already. */
function idsFromPages(library: LibrarySlice): number[] {
  const ids: number[] = []
  for (const [pageNumber, items] of library.pages) for (const [index, photo] of items.entries()) ids[pageNumber * PAGE_SIZE + index] = photo.id
  return ids
}

/** Selects what is listed, and what is listed meanwhile where not all ids are here yet. */
export async function selectAll(studio: Studio): Promise<void> {
  const { ids, total, filter } = studio.store.getState().library
  const all = ids.length === total ? ids : await ask(studio, 'library.photoIds', toPhotoFilter(filter))
  if (all && studio.store.getState().library.filter === filter) patch(studio, 'library', { selected: new Set(all) })
}

export function clearSelection(studio: Studio): void {
  patch(studio, 'library', { selected: new Set() })
}

export function setCellSize(studio: Studio, cellPx: number): void {
  patch(studio, 'library', { cellPx: Math.min(MAX_CELL_PX, Math.max(MIN_CELL_PX, Math.round(cellPx))) })
}

export function setLoupe(studio: Studio, loupe: boolean): void {
  patch(studio, 'library', { loupe, ...(loupe ? {} : { zoomed: false }) })
}

export function setZoomed(studio: Studio, zoomed: boolean): void {
  patch(studio, 'library', { zoomed })
}

export function showExif(studio: Studio, exifOpen: boolean): void {
  patch(studio, 'library', { exifOpen })
}

/** Reads what the file of a photo says; an answer for another photo than the one asked for last is dropped. */
export async function loadExif(studio: Studio, photoId: number): Promise<void> {
  if (studio.store.getState().library.exif?.photoId === photoId) return
  patch(studio, 'library', { exif: { photoId, tags: null } })
  const tags = await ask(studio, 'library.exif', { photoId })
  if (studio.store.getState().library.exif?.photoId === photoId) patch(studio, 'library', { exif: tags ? { photoId, tags } : null })
}

export async function forgetFolder(studio: Studio, folderId: number): Promise<void> {
  const reply = await ask(studio, 'library.forgetFolder', { folderId })
  if (!reply) return
  await Promise.all([loadFolders(studio), setFilter(studio, { folderId: null })])
}
