import path from 'node:path'
import { EXACT, pathKey, possiblePathKeys, searchKey, type VolumeFolding } from '../library/path-key.ts'
import type { Clock } from '../lib/clock.ts'
import type { FoundPhoto, PhotoStore } from '../library/ports.ts'
import { type Connection, toJson } from './connection.ts'
import { FolderRows, keysBelow } from './folders-repository.ts'
import { putSearchKeywords } from './keyword-rows.ts'
import { filterSql, PHOTO_COLUMNS, type PhotoRow, toRecord, toSummary } from './photo-rows.ts'

const INSERT = `INSERT INTO photos (folder_id, path_key, path, name_key, kind, size_bytes, mtime_ms, paired_path)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path_key) DO NOTHING`
const REFRESH = `UPDATE photos SET path = ?, kind = ?, size_bytes = ?, mtime_ms = ?, paired_path = ? WHERE id = ?`
const FORGET_FACTS = `UPDATE photos SET content_hash = NULL, width = NULL, height = NULL, orientation = NULL, taken_at_ms = NULL,
  latitude = NULL, longitude = NULL, camera = NULL, own_rating = NULL, problem = NULL WHERE id = ?`
const UNTOUCHED = `state = 'untagged' AND NOT EXISTS (SELECT 1 FROM proposals WHERE photo_id = photos.id)
  AND NOT EXISTS (SELECT 1 FROM decisions WHERE photo_id = photos.id) AND NOT EXISTS (SELECT 1 FROM run_items WHERE photo_id = photos.id)
  AND NOT EXISTS (SELECT 1 FROM journal WHERE photo_id = photos.id)`
const BY_ID = `SELECT ${PHOTO_COLUMNS} FROM photos p WHERE p.id = ?`

const PUT_SIDECAR = 'UPDATE photos SET sidecar_ms = ?, sidecar_rating = ? WHERE id = ?'

type KnownRow = Pick<PhotoRow, 'id' | 'path' | 'kind' | 'size_bytes' | 'mtime_ms' | 'paired_path' | 'sidecar_ms'>

/** Every model once, by jumping along the index instead of reading each proposal. */
const eachModel = `WITH RECURSIVE each(name) AS (SELECT min(model) FROM proposals
  UNION ALL SELECT (SELECT min(model) FROM proposals WHERE model > each.name) FROM each WHERE each.name IS NOT NULL)
  SELECT name FROM each WHERE name IS NOT NULL`

export function createPhotoStore(connection: Connection, clock: Pick<Clock, 'nowMs'>): PhotoStore {
  const folders = new FolderRows(connection)

  const putOne = (found: FoundPhoto, folderId: number, folding: VolumeFolding): { id: number; outcome: 'added' | 'changed' | 'same' } => {
    const key = pathKey(found.path, folding)
    const name = searchKey(found.path.slice(found.path.lastIndexOf(path.sep) + 1))
    const inserted = connection.run(INSERT, folderId, key, found.path, name, found.kind, found.sizeBytes, found.mtimeMs, found.pairedPath)
    if (inserted.changes === 1) {
      putSidecar(inserted.lastId, null, found.sidecar)
      return { id: inserted.lastId, outcome: 'added' }
    }
    const known = connection.get<KnownRow>(
      'SELECT id, path, kind, size_bytes, mtime_ms, paired_path, sidecar_ms FROM photos WHERE path_key = ?',
      key,
    )!
    const changed = known.size_bytes !== found.sizeBytes || known.mtime_ms !== found.mtimeMs || known.kind !== found.kind
    if (changed || known.path !== found.path || known.paired_path !== found.pairedPath) {
      connection.run(REFRESH, found.path, found.kind, found.sizeBytes, found.mtimeMs, found.pairedPath, known.id)
    }
    if (changed) connection.run(FORGET_FACTS, known.id)
    const sidecarChanged = putSidecar(known.id, known.sidecar_ms, found.sidecar)
    return { id: known.id, outcome: changed || sidecarChanged ? 'changed' : 'same' }
  }

  /** Whether it is another one than before. */
  const putSidecar = (photoId: number, knownMs: number | null, sidecar: FoundPhoto['sidecar']): boolean => {
    if (sidecar === undefined || (sidecar?.mtimeMs ?? null) === knownMs) return false
    connection.run(PUT_SIDECAR, sidecar?.mtimeMs ?? null, sidecar?.rating ?? null, photoId)
    putSearchKeywords(connection, photoId, 'sidecar', sidecar?.keywords ?? [])
    return true
  }

  const select = (filter: Parameters<PhotoStore['list']>[0]) =>
    filterSql(filter, filter.folderId === undefined ? null : keysBelow(folders.get(filter.folderId).path_key))

  return {
    putFound(batch, from) {
      return connection.transaction('crash-safe', () => {
        const folding = from?.folding ?? EXACT
        // Photos of one folder come together: its row is looked up when the folder changes.
        let folderPath: string | undefined
        let folderId = 0
        const told = { added: 0, changed: 0, ids: [] as number[] }
        for (const found of batch) {
          const above = path.dirname(found.path)
          if (above !== folderPath) {
            folderPath = above
            folderId = folders.ensure(above, from?.root ?? above, folding)
          }
          const { id, outcome } = putOne(found, folderId, folding)
          if (found.pairedPath !== null) {
            connection.run(`DELETE FROM photos WHERE path_key = ? AND ${UNTOUCHED}`, pathKey(found.pairedPath, folding))
          }
          if (outcome === 'same') continue
          told[outcome]++
          told.ids.push(id)
        }
        return told
      })
    },

    putFacts(photoId, facts, marks) {
      connection.transaction('crash-safe', () => {
        connection.run(
          `UPDATE photos SET content_hash = ?, width = ?, height = ?, orientation = ?, taken_at_ms = ?, taken_at_offset_minutes = ?, latitude = ?, longitude = ?,
             camera = ?, own_rating = ?, problem = NULL
           WHERE id = ?`,
          facts.contentHash,
          facts.width,
          facts.height,
          facts.orientation,
          facts.takenAtMs,
          facts.takenAtOffsetMinutes,
          facts.gps?.latitude ?? null,
          facts.gps?.longitude ?? null,
          marks?.camera ?? null,
          marks?.rating ?? null,
          photoId,
        )
        putSearchKeywords(connection, photoId, 'file', marks?.keywords ?? [])
      })
    },

    putProblem(photoId, problem) {
      connection.transaction('crash-safe', () =>
        connection.run('UPDATE photos SET problem = ? WHERE id = ?', problem === null ? null : toJson(problem), photoId),
      )
    },

    setState(photoIds, state) {
      connection.transaction('crash-safe', () => {
        for (const photoId of photoIds) connection.run('UPDATE photos SET state = ? WHERE id = ? AND state <> ?', state, photoId, state)
      })
    },

    find(photoId) {
      const row = connection.get<PhotoRow>(BY_ID, photoId)
      return row && toRecord(row)
    },

    findByPath(photoPath) {
      for (const key of possiblePathKeys(photoPath)) {
        const row = connection.get<PhotoRow>(`SELECT ${PHOTO_COLUMNS} FROM photos p WHERE p.path_key = ?`, key)
        if (row) return toRecord(row)
      }
      return undefined
    },

    under(top) {
      return possiblePathKeys(top).flatMap((key) => {
        const { from, to } = keysBelow(key)
        return connection
          .all<PhotoRow>(
            `SELECT ${PHOTO_COLUMNS} FROM photos p WHERE p.path_key = ? OR (p.path_key >= ? AND p.path_key < ?) OR p.paired_path = ? ORDER BY p.path_key`,
            key,
            from,
            to,
            top,
          )
          .map(toRecord)
      })
    },

    list(filter, offset, limit) {
      const { where, order, values } = select(filter)
      const total = connection.get<{ n: number }>(`SELECT count(*) AS n FROM photos p ${where}`, ...values)!.n
      // Ids first: sorting whole rows, each with its search for duplicates, costs ten times as much.
      const page = connection.all<{ id: number }>(`SELECT p.id FROM photos p ${where} ORDER BY ${order} LIMIT ? OFFSET ?`, ...values, limit, offset)
      return { total, items: page.map(({ id }) => toSummary(connection.get<PhotoRow>(BY_ID, id)!)) }
    },

    ids(filter) {
      const { where, order, values } = select(filter)
      return connection.all<{ id: number }>(`SELECT p.id FROM photos p ${where} ORDER BY ${order}`, ...values).map(({ id }) => id)
    },

    facets() {
      const named = (sql: string) => connection.all<{ name: string }>(sql).map(({ name }) => name)
      return {
        cameras: named('SELECT DISTINCT camera AS name FROM photos WHERE camera IS NOT NULL ORDER BY camera'),
        models: named(eachModel),
        gates: named(`SELECT DISTINCT code.value AS name FROM proposals, json_each(gates) code WHERE gates <> '[]' ORDER BY name`),
      }
    },

    keywordsLike(text, limit) {
      const key = searchKey(text).trim()
      return connection
        .all<{ word: string }>(
          `SELECT keyword_key AS word FROM keywords k WHERE instr(keyword_key, ?) > 0
             AND EXISTS (SELECT 1 FROM photo_keywords WHERE keyword_id = k.id)
           ORDER BY instr(keyword_key, ?) > 1, keyword_key LIMIT ?`,
          key,
          key,
          limit,
        )
        .map(({ word }) => word)
    },

    pending(limit) {
      return connection
        .all<{ id: number }>('SELECT id FROM photos WHERE content_hash IS NULL AND problem IS NULL ORDER BY id LIMIT ?', limit)
        .map(({ id }) => id)
    },

    folders: () => folders.list(),

    noteImported(paths) {
      const keys = paths.flatMap(possiblePathKeys)
      connection.transaction('crash-safe', () => {
        for (const key of keys) connection.run('UPDATE folders SET opened_at_ms = ? WHERE path_key = ?', clock.nowMs(), key)
      })
    },

    noteOpened: (folderId) => folders.change(folderId, 'opened_at_ms', clock.nowMs()),

    setWatched: (folderId, watched) => folders.change(folderId, 'watched', watched ? 1 : 0),

    forgetFolder(folderId) {
      return connection.transaction('crash-safe', () => {
        const { from, to } = keysBelow(folders.get(folderId).path_key)
        const { changes } = connection.run('DELETE FROM photos WHERE path_key >= ? AND path_key < ?', from, to)
        folders.remove(folderId)
        return changes
      })
    },
  }
}
