import path from 'node:path'
import { EXACT, pathKey, possiblePathKeys, searchKey, type VolumeFolding } from '../library/path-key.ts'
import type { FoundPhoto, PhotoStore } from '../library/ports.ts'
import { type Connection, toJson } from './connection.ts'
import { FolderRows, keysBelow } from './folders-repository.ts'
import { filterSql, PHOTO_COLUMNS, type PhotoRow, toRecord, toSummary } from './photo-rows.ts'

const INSERT = `INSERT INTO photos (folder_id, path_key, path, name_key, kind, size_bytes, mtime_ms, paired_path)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path_key) DO NOTHING`
const REFRESH = `UPDATE photos SET path = ?, kind = ?, size_bytes = ?, mtime_ms = ?, paired_path = ? WHERE id = ?`
const FORGET_FACTS = `UPDATE photos SET content_hash = NULL, width = NULL, height = NULL, orientation = NULL, taken_at_ms = NULL,
  latitude = NULL, longitude = NULL, problem = NULL WHERE id = ?`
const UNTOUCHED = `state = 'untagged' AND NOT EXISTS (SELECT 1 FROM proposals WHERE photo_id = photos.id)
  AND NOT EXISTS (SELECT 1 FROM decisions WHERE photo_id = photos.id) AND NOT EXISTS (SELECT 1 FROM run_items WHERE photo_id = photos.id)
  AND NOT EXISTS (SELECT 1 FROM journal WHERE photo_id = photos.id)`
const BY_ID = `SELECT ${PHOTO_COLUMNS} FROM photos p WHERE p.id = ?`

type KnownRow = Pick<PhotoRow, 'id' | 'path' | 'kind' | 'size_bytes' | 'mtime_ms' | 'paired_path'>

export function createPhotoStore(connection: Connection): PhotoStore {
  const folders = new FolderRows(connection)

  const putOne = (found: FoundPhoto, folderId: number, folding: VolumeFolding): { id: number; outcome: 'added' | 'changed' | 'same' } => {
    const key = pathKey(found.path, folding)
    const name = searchKey(found.path.slice(found.path.lastIndexOf(path.sep) + 1))
    const inserted = connection.run(INSERT, folderId, key, found.path, name, found.kind, found.sizeBytes, found.mtimeMs, found.pairedPath)
    if (inserted.changes === 1) return { id: inserted.lastId, outcome: 'added' }
    const known = connection.get<KnownRow>('SELECT id, path, kind, size_bytes, mtime_ms, paired_path FROM photos WHERE path_key = ?', key)!
    const changed = known.size_bytes !== found.sizeBytes || known.mtime_ms !== found.mtimeMs || known.kind !== found.kind
    if (changed || known.path !== found.path || known.paired_path !== found.pairedPath) {
      connection.run(REFRESH, found.path, found.kind, found.sizeBytes, found.mtimeMs, found.pairedPath, known.id)
    }
    if (changed) connection.run(FORGET_FACTS, known.id)
    return { id: known.id, outcome: changed ? 'changed' : 'same' }
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

    putFacts(photoId, facts) {
      connection.transaction('crash-safe', () =>
        connection.run(
          `UPDATE photos SET content_hash = ?, width = ?, height = ?, orientation = ?, taken_at_ms = ?, taken_at_offset_minutes = ?, latitude = ?, longitude = ?, problem = NULL
           WHERE id = ?`,
          facts.contentHash,
          facts.width,
          facts.height,
          facts.orientation,
          facts.takenAtMs,
          facts.takenAtOffsetMinutes,
          facts.gps?.latitude ?? null,
          facts.gps?.longitude ?? null,
          photoId,
        ),
      )
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

    pending(limit) {
      return connection
        .all<{ id: number }>('SELECT id FROM photos WHERE content_hash IS NULL AND problem IS NULL ORDER BY id LIMIT ?', limit)
        .map(({ id }) => id)
    },

    folders: () => folders.list(),

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
