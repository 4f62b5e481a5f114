import type { Decision } from '../contract/model.ts'
import type { DecisionStore } from '../library/ports.ts'
import { type Connection, fromJson, toJson } from './connection.ts'
import { putSearchKeywords } from './keyword-rows.ts'

/** Steps that undo can go back. */
const KEPT_VERSIONS = 200

const nothingDecided = (photoId: number): Decision => ({ photoId, status: 'open', fields: {}, keywords: [], keywordList: null })

export function createDecisionStore(connection: Connection): DecisionStore {
  const versionOf = (photoId: number): number =>
    connection.get<{ version: number }>('SELECT version FROM decisions WHERE photo_id = ?', photoId)?.version ?? 0

  const findVersion = (photoId: number, version: number): Decision | undefined => {
    if (version === 0) return nothingDecided(photoId)
    const row = connection.get<{ decision: string }>('SELECT decision FROM decision_versions WHERE photo_id = ? AND version = ?', photoId, version)
    return row && fromJson<Decision>(row.decision)
  }

  const pointTo = (photoId: number, version: number, decision: Decision) => {
    connection.run(
      'INSERT INTO decisions (photo_id, version) VALUES (?, ?) ON CONFLICT (photo_id) DO UPDATE SET version = excluded.version',
      photoId,
      version,
    )
    const words = decision.keywords.filter(({ verdict }) => verdict === 'add').map(({ keyword }) => keyword)
    putSearchKeywords(connection, photoId, 'decision', [...words, ...(decision.keywordList ?? [])])
  }

  const putOne = (decision: Decision) => {
    const { photoId } = decision
    const version = versionOf(photoId) + 1
    connection.run('DELETE FROM decision_versions WHERE photo_id = ? AND (version >= ? OR version < ?)', photoId, version, version - KEPT_VERSIONS)
    connection.run('INSERT INTO decision_versions (photo_id, version, decision) VALUES (?, ?, ?)', photoId, version, toJson(decision))
    pointTo(photoId, version, decision)
  }

  const step = (photoId: number, by: 1 | -1): Decision | undefined =>
    connection.transaction('power-safe', () => {
      const version = versionOf(photoId) + by
      const decision = version < 0 ? undefined : findVersion(photoId, version)
      if (decision) pointTo(photoId, version, decision)
      return decision
    })

  const has = (photoId: number, version: number) => version >= 0 && findVersion(photoId, version) !== undefined

  return {
    get: (photoId) => findVersion(photoId, versionOf(photoId)) ?? nothingDecided(photoId),
    put: (decision) => connection.transaction('power-safe', () => putOne(decision)),
    putAll: (decisions) => connection.transaction('power-safe', () => decisions.forEach(putOne)),
    undo: (photoId) => step(photoId, -1),
    redo: (photoId) => step(photoId, 1),
    canUndo: (photoId) => has(photoId, versionOf(photoId) - 1),
    canRedo: (photoId) => has(photoId, versionOf(photoId) + 1),
  }
}
