import type { Folder, ImportSummary, PhotoSummary } from '../../src-main/contract/model.ts'
import type { Reply } from '../../src-main/contract/routes/index.ts'
import { type LibraryFilter, NO_FILTER } from './library-filter.ts'

export const PAGE_SIZE = 200
export const MIN_CELL_PX = 120
export const MAX_CELL_PX = 360

export interface LibrarySlice {
  /** Null until the first answer: an empty library and an unknown one look different. */
  folders: readonly Folder[] | null
  filter: LibraryFilter
  total: number
  /** Ids in the order of the grid; empty until the whole list has arrived. */
  ids: readonly number[]
  /** Page number → its photos. Far pages are dropped again. */
  pages: ReadonlyMap<number, readonly PhotoSummary[]>
  /** Answers to an earlier list are ignored. */
  generation: number
  loaded: boolean
  selected: ReadonlySet<number>
  /** Position where a range selection starts. */
  anchor: number
  /** Position of the keyboard. */
  focus: number
  cellPx: number
  loupe: boolean
  /** The loupe shows the photo's own pixels. */
  zoomed: boolean
  /** The panel with what the file says beside its picture. */
  exifOpen: boolean
  /** Of the photo last asked for; `tags` is null until the answer. */
  exif: { photoId: number; tags: Reply<'library.exif'> | null } | null
  /** The second row of the filter. */
  filterOpen: boolean
  /** What there is to filter by; null until the row was opened. */
  facets: Reply<'library.facets'> | null
  /** Keywords for what is typed into the keyword field. */
  keywordsOffered: readonly string[]
  /** Folders whose subfolders are not shown. */
  folded: ReadonlySet<number>
  imports: readonly ImportSummary[]
  /** Include subfolders in the next import. */
  importRecursive: boolean
  browse: Reply<'library.browse'> | null
  /** Why the folder picker opened by itself: files were dropped on a browser page. */
  browseBecauseOfDrop: boolean
  approvedCount: number
  /** Photos of the list that have no words yet. */
  wordlessCount: number
}

export const startLibrary = (): LibrarySlice => ({
  folders: null,
  filter: NO_FILTER,
  total: 0,
  ids: [],
  pages: new Map(),
  generation: 0,
  loaded: false,
  selected: new Set(),
  anchor: 0,
  focus: 0,
  cellPx: 200,
  loupe: false,
  zoomed: false,
  exifOpen: false,
  exif: null,
  filterOpen: false,
  facets: null,
  keywordsOffered: [],
  folded: new Set(),
  imports: [],
  importRecursive: true,
  browse: null,
  browseBecauseOfDrop: false,
  approvedCount: 0,
  wordlessCount: 0,
})
