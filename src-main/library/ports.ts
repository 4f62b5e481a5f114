/** What the library needs from the outside. Implemented by db; given by compose. Every method that writes is one transaction. */
import type { Decision, Folder, ImportNote, PhotoFilter, PhotoKind, PhotoState, PhotoSummary, Problem } from '../contract/model.ts'
import type { VolumeFolding } from './path-key.ts'

/** A photo file as the walk saw it. `path` is canonical and absolute. */
export interface FoundPhoto {
  path: string
  kind: PhotoKind
  sizeBytes: number
  mtimeMs: number
  /** Canonical path of the JPEG shown together with this RAW, or null. */
  pairedPath: string | null
  /** What its sidecars say, null when there is none. Left out: not looked for, and what is known stays. */
  sidecar?: SidecarMarks | null
}

/** What a sidecar says that the grid shows or finds. */
export interface SidecarMarks {
  /** Of the newest. */
  mtimeMs: number
  /** -1 to 5, null when it says nothing. */
  rating: number | null
  keywords: string[]
}

/** What looking at the file told us. */
export interface PhotoFacts {
  /** Minutes east of UTC as the camera wrote them with `takenAtMs`; null when it wrote none. */
  takenAtOffsetMinutes: number | null
  contentHash: string
  width: number | null
  height: number | null
  orientation: number
  takenAtMs: number | null
  /** Decimal degrees, WGS 84. */
  gps: { latitude: number; longitude: number } | null
}

/** What the file says that the library is filtered by. */
export interface PhotoMarks {
  /** Maker and model as one name. */
  camera: string | null
  /** -1 to 5, null when the file says nothing. */
  rating: number | null
  /** Keywords in the file itself. */
  keywords: string[]
}

export interface PhotoRecord extends PhotoSummary {
  mtimeMs: number
  pairedPath: string | null
  facts: PhotoFacts | null
}

/** Where a batch comes from. */
export interface FoundIn {
  /** Canonical folder that was imported: the folder tree reaches up to it. */
  root: string
  /** What the volume ignores in names. */
  folding: VolumeFolding
}

/** A part of what the walk of an import found; see workers/import-worker.ts. */
export interface WalkBatch {
  from: FoundIn
  photos: FoundPhoto[]
  /** Files and folders passed over by rule. */
  ignored: number
  /** One a problem. */
  notes: ImportNote[]
}

export interface WalkRequest {
  /** Absolute paths of folders and files. */
  paths: readonly string[]
  recursive: boolean
}

export interface WatchRequest {
  /** Absolute; followed with all below them. */
  folders: readonly string[]
  /** Told after this long without another change, and at the latest `longestMs` after the first one. */
  quietMs: number
  longestMs: number
  /** How often folders that cannot be followed are read again. */
  retryMs: number
}

/** A part of what a watched folder tells; see workers/watch-worker.ts. */
export interface WatchedChange {
  /** Folders in which files came, went or changed. */
  folders: string[]
  /** Folders to read with all below them. */
  trees: string[]
}

export interface PhotoStore {
  /**
   * Inserts or refreshes the photos of one batch; a photo whose size or mtime changed loses its facts and its problem. Same path
   * key = same photo. A JPEG that was a photo of its own and now belongs to a RAW is dropped, unless it has been worked on.
   * `ids`: the photos that were added or changed. Without `from`, each photo's own folder is a root and names are exact.
   */
  putFound(batch: readonly FoundPhoto[], from?: FoundIn): { added: number; changed: number; ids: number[] }
  /** Also takes away a problem: looking at the photo worked. */
  putFacts(photoId: number, facts: PhotoFacts, marks?: PhotoMarks): void
  putProblem(photoId: number, problem: Problem | null): void
  setState(photoIds: readonly number[], state: PhotoState): void
  find(photoId: number): PhotoRecord | undefined
  findByPath(path: string): PhotoRecord | undefined
  /** Photos whose path, or whose JPEG's path, is `path`, or that lie below it, by path. */
  under(path: string): PhotoRecord[]
  /** @throws StudioError `folder-not-found`; `ids` too. */
  list(filter: PhotoFilter, offset: number, limit: number): { total: number; items: PhotoSummary[] }
  ids(filter: PhotoFilter): number[]
  facets(): { cameras: string[]; models: string[]; gates: string[] }
  /** Keywords of any photo that hold the text, those that begin with it first; at most `limit`. */
  keywordsLike(text: string, limit: number): string[]
  /** Ids of photos not yet looked at (no facts, no problem), at most `limit`. */
  pending(limit: number): number[]
  folders(): Folder[]
  /** Notes that somebody imported these folders; unknown ones are passed over. */
  noteImported(paths: readonly string[]): void
  /** @throws StudioError `folder-not-found` */
  noteOpened(folderId: number): void
  /** @throws StudioError `folder-not-found` */
  setWatched(folderId: number, watched: boolean): void
  /** Drops the folder and all below it from the database; the journal stays. Returns how many photos. @throws StudioError `folder-not-found` */
  forgetFolder(folderId: number): number
}

export interface DecisionStore {
  /** The stored decision, or an open, empty one. */
  get(photoId: number): Decision
  /** Stores the next decision and what it replaced, for undo; clears redo. */
  put(decision: Decision): void
  /** The same for many photos, in one transaction. */
  putAll(decisions: readonly Decision[]): void
  undo(photoId: number): Decision | undefined
  redo(photoId: number): Decision | undefined
  canUndo(photoId: number): boolean
  canRedo(photoId: number): boolean
}
