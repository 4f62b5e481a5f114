import path from 'node:path'
import type { PhotoFilter, PhotoKind, PhotoState, PhotoSummary, Problem } from '../contract/model.ts'
import { searchKey } from '../library/path-key.ts'
import type { PhotoRecord } from '../library/ports.ts'
import { fromJson, type SqlValue } from './connection.ts'
import type { KeyRange } from './folders-repository.ts'

export interface PhotoRow {
  id: number
  folder_id: number
  path: string
  kind: PhotoKind
  state: PhotoState
  size_bytes: number
  mtime_ms: number
  paired_path: string | null
  content_hash: string | null
  width: number | null
  height: number | null
  orientation: number | null
  taken_at_ms: number | null
  taken_at_offset_minutes: number | null
  latitude: number | null
  longitude: number | null
  gated: number
  problem: string | null
  duplicate_of: number | null
}

/** The first photo that was imported with the same bytes is the one the others repeat. */
export const PHOTO_COLUMNS = `p.id, p.folder_id, p.path, p.kind, p.state, p.size_bytes, p.mtime_ms, p.paired_path, p.content_hash, p.width, p.height,
  p.orientation, p.taken_at_ms, p.taken_at_offset_minutes, p.latitude, p.longitude, p.gated, p.problem,
  (SELECT min(d.id) FROM photos d WHERE d.content_hash = p.content_hash AND d.id < p.id) AS duplicate_of`

export function toSummary(row: PhotoRow): PhotoSummary {
  return {
    id: row.id,
    folderId: row.folder_id,
    name: path.basename(row.path),
    path: row.path,
    kind: row.kind,
    state: row.state,
    sizeBytes: row.size_bytes,
    width: row.width,
    height: row.height,
    takenAtMs: row.taken_at_ms,
    contentHash: row.content_hash,
    pairedName: row.paired_path === null ? null : path.basename(row.paired_path),
    duplicateOf: row.duplicate_of,
    gated: row.gated !== 0,
    problem: row.problem === null ? null : fromJson<Problem>(row.problem),
  }
}

export function toRecord(row: PhotoRow): PhotoRecord {
  return {
    ...toSummary(row),
    mtimeMs: row.mtime_ms,
    pairedPath: row.paired_path,
    facts:
      row.content_hash === null
        ? null
        : {
            contentHash: row.content_hash,
            width: row.width,
            height: row.height,
            orientation: row.orientation ?? 1,
            takenAtMs: row.taken_at_ms,
            takenAtOffsetMinutes: row.taken_at_offset_minutes,
            gps: row.latitude === null || row.longitude === null ? null : { latitude: row.latitude, longitude: row.longitude },
          },
  }
}

/** The WHERE and ORDER BY of a filter. `below` is the key range of the filter's folder, when it has one. */
export function filterSql(filter: PhotoFilter, below: KeyRange | null): { where: string; order: string; values: SqlValue[] } {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const oneFolder = filter.folderId !== undefined && !filter.recursive
  if (oneFolder) {
    conditions.push('p.folder_id = ?')
    values.push(filter.folderId!)
  } else if (below) {
    conditions.push('p.path_key >= ? AND p.path_key < ?')
    values.push(below.from, below.to)
  }
  if (filter.states && filter.states.length > 0) {
    conditions.push(`p.state IN (${filter.states.map(() => '?').join(', ')})`)
    values.push(...filter.states)
  }
  const text = searchKey(filter.text ?? '').trim()
  if (text !== '') {
    // Names come from an index that holds nothing else, keywords from their dictionary: neither reads whole photo rows.
    conditions.push(`p.id IN (SELECT id FROM photos INDEXED BY photos_by_name WHERE instr(name_key, ?) > 0
      UNION SELECT photo_id FROM photo_keywords WHERE keyword_id IN (SELECT id FROM keywords WHERE instr(keyword_key, ?) > 0))`)
    values.push(text, text)
  }
  const order = {
    path: oneFolder ? 'p.name_key, p.id' : 'p.path_key',
    name: 'p.name_key, p.id',
    taken: '(p.taken_at_ms IS NULL), p.taken_at_ms, p.id',
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, order: order[filter.sort], values }
}
