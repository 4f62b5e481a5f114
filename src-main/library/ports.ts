/** What the library needs from the outside. Implemented by db; given by compose. Every method that writes is one transaction. */
import type { Decision, Folder, PhotoFilter, PhotoKind, PhotoState, PhotoSummary, Problem } from '../contract/model.ts'

/** A photo file as the walk saw it. `path` is canonical and absolute. */
export interface FoundPhoto {
  path: string
  kind: PhotoKind
  sizeBytes: number
  mtimeMs: number
  /** Canonical path of the JPEG shown together with this RAW, or null. */
  pairedPath: string | null
}

/** What looking at the file told us. */
export interface PhotoFacts {
  contentHash: string
  width: number | null
  height: number | null
  orientation: number
  takenAtMs: number | null
  /** Decimal degrees, WGS 84. */
  gps: { latitude: number; longitude: number } | null
}

export interface PhotoRecord extends PhotoSummary {
  mtimeMs: number
  pairedPath: string | null
  facts: PhotoFacts | null
}

export interface PhotoStore {
  /** Inserts or refreshes the photos of one batch; a photo whose size or mtime changed loses its facts. Same path key = same photo. */
  putFound(batch: readonly FoundPhoto[]): { added: number; changed: number; ids: number[] }
  putFacts(photoId: number, facts: PhotoFacts): void
  putProblem(photoId: number, problem: Problem | null): void
  setState(photoIds: readonly number[], state: PhotoState): void
  find(photoId: number): PhotoRecord | undefined
  findByPath(path: string): PhotoRecord | undefined
  /** Photos whose path is `path` or lies below it, by path. */
  under(path: string): PhotoRecord[]
  list(filter: PhotoFilter, offset: number, limit: number): { total: number; items: PhotoSummary[] }
  ids(filter: PhotoFilter): number[]
  /** Ids of photos not yet looked at (no facts, no problem), at most `limit`. */
  pending(limit: number): number[]
  folders(): Folder[]
  forgetFolder(folderId: number): number
}

export interface DecisionStore {
  /** The stored decision, or an open, empty one. */
  get(photoId: number): Decision
  /** Stores the next decision and what it replaced, for undo; clears redo. */
  put(decision: Decision): void
  undo(photoId: number): Decision | undefined
  redo(photoId: number): Decision | undefined
  canUndo(photoId: number): boolean
  canRedo(photoId: number): boolean
}
