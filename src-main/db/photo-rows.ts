import path from 'node:path'
import type { PhotoFilter, PhotoKind, PhotoState, PhotoSummary, Problem, Sort } from '../contract/model.ts'
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
  rating: number
  sidecar_ms: number | null
  problem: string | null
  duplicate_of: number | null
}

/** The first photo that was imported with the same bytes is the one the others repeat. */
export const PHOTO_COLUMNS = `p.id, p.folder_id, p.path, p.kind, p.state, p.size_bytes, p.mtime_ms, p.paired_path, p.content_hash, p.width, p.height,
  p.orientation, p.taken_at_ms, p.taken_at_offset_minutes, p.latitude, p.longitude, p.gated, p.rating, p.sidecar_ms, p.problem,
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
    rating: row.rating,
    sidecar: row.sidecar_ms !== null,
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
  if (filter.keyword !== undefined) {
    conditions.push('p.id IN (SELECT photo_id FROM photo_keywords WHERE keyword_id = (SELECT id FROM keywords WHERE keyword_key = ?))')
    values.push(searchKey(filter.keyword).trim())
  }
  if (filter.rating) {
    conditions.push('p.rating BETWEEN ? AND ?')
    values.push(filter.rating.from, filter.rating.to)
  }
  if (filter.taken) {
    conditions.push('p.taken_local_ms IS NOT NULL')
    if (filter.taken.fromMs !== undefined) {
      conditions.push('p.taken_local_ms >= ?')
      values.push(filter.taken.fromMs)
    }
    if (filter.taken.toMs !== undefined) {
      conditions.push('p.taken_local_ms < ?')
      values.push(filter.taken.toMs)
    }
  }
  if (filter.camera !== undefined) {
    conditions.push('p.camera = ?')
    values.push(filter.camera)
  }
  if (filter.model !== undefined) {
    conditions.push('p.id IN (SELECT photo_id FROM proposals WHERE model = ?)')
    values.push(filter.model)
  }
  if (filter.gate !== undefined) {
    conditions.push('p.gated = 1')
    if (filter.gate !== ANY_GATE) {
      conditions.push(`p.id IN (SELECT g.photo_id FROM proposals g, json_each(g.gates) code WHERE g.gates <> '[]' AND code.value = ?
        AND NOT EXISTS (SELECT 1 FROM proposals newer WHERE newer.photo_id = g.photo_id AND newer.stage = g.stage AND newer.id > g.id))`)
      values.push(filter.gate)
    }
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  return { where, order: orderSql(filter.sort, filter.descending ?? false, oneFolder), values }
}

/** The word for whichever gate. */
const ANY_GATE = 'any'

function orderSql(sort: Sort, descending: boolean, oneFolder: boolean): string {
  const way = descending ? ' DESC' : ''
  switch (sort) {
    case 'path':
      return oneFolder ? `p.name_key${way}, p.id${way}` : `p.path_key${way}`
    case 'name':
      return `p.name_key${way}, p.id${way}`
    case 'taken':
      // Nothing is the smallest to SQLite: downward it comes last by itself.
      return descending ? 'p.taken_at_ms DESC, p.id DESC' : '(p.taken_at_ms IS NULL), p.taken_at_ms, p.id'
    case 'rating':
      return `p.rating${way}, p.path_key${way}`
    case 'added':
      return `p.id${way}`
    case 'size':
      return `p.size_bytes${way}, p.id${way}`
  }
}
