import type { JournalEntry, PlanChange, Problem } from '../contract/model.ts'
import type { JournalRecord, JournalStore, TagValues } from '../metadata/ports.ts'
import { type Connection, fromJson, toJson } from './connection.ts'

interface JournalRow {
  write_id: number
  run: number
  plan_id: number
  photo_id: number | null
  path: string
  target_path: string
  temp_path: string
  time_ms: number
  changes: string
  models: string
  state: JournalEntry['state']
  problem: string | null
  hash_before: string | null
  hash_after: string | null
  before: string
  after: string
  tool_versions: string
  reverted_by: number | null
  kind: JournalEntry['kind']
  reverts: number | null
  is_partial: number
  prompt_hashes: string
}

const toEntry = (row: JournalRow): JournalEntry => ({
  writeId: row.write_id,
  kind: row.kind,
  photoId: row.photo_id,
  path: row.path,
  targetPath: row.target_path,
  timeMs: row.time_ms,
  run: row.run,
  changes: fromJson<PlanChange[]>(row.changes),
  state: row.state,
  problem: row.problem === null ? null : fromJson<Problem>(row.problem),
  models: fromJson<string[]>(row.models),
})

const toRecord = (row: JournalRow): JournalRecord => ({
  ...toEntry(row),
  planId: row.plan_id,
  hashBefore: row.hash_before,
  hashAfter: row.hash_after,
  tempPath: row.temp_path,
  before: fromJson<TagValues>(row.before),
  after: fromJson<TagValues>(row.after),
  toolVersions: fromJson<Record<string, string>>(row.tool_versions),
  revertedBy: row.reverted_by,
  reverts: row.reverts,
  isPartial: row.is_partial === 1,
  promptHashes: fromJson<string[]>(row.prompt_hashes),
})

/** The order of the journal is the order of its ids: a clock may jump. */
export function createJournalStore(connection: Connection): JournalStore {
  let isGrouped = false
  const durably = <T>(work: () => T): T => (isGrouped ? work() : connection.transaction('power-safe', work))
  return {
    together(work) {
      isGrouped = true
      try {
        connection.transaction('power-safe', work)
      } finally {
        isGrouped = false
      }
    },
    nextRun: () => durably(() => connection.run('INSERT INTO write_runs DEFAULT VALUES').lastId),
    begin(record) {
      return durably(
        () =>
          connection.run(
            `INSERT INTO journal (run, plan_id, photo_id, path, target_path, temp_path, time_ms, changes, models, hash_before, hash_after, before,
               after, tool_versions, kind, reverts, is_partial, prompt_hashes)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            record.run,
            record.planId,
            record.photoId,
            record.path,
            record.targetPath,
            record.tempPath,
            record.timeMs,
            toJson(record.changes),
            toJson(record.models),
            record.hashBefore,
            record.hashAfter,
            toJson(record.before),
            toJson(record.after),
            toJson(record.toolVersions),
            record.kind,
            record.reverts,
            record.isPartial ? 1 : 0,
            toJson(record.promptHashes),
          ).lastId,
      )
    },
    verified(writeId, hashAfter) {
      durably(() => connection.run('UPDATE journal SET hash_after = ? WHERE write_id = ?', hashAfter, writeId))
    },
    finish(writeId, state, problem) {
      durably(() =>
        connection.run('UPDATE journal SET state = ?, problem = ? WHERE write_id = ?', state, problem === null ? null : toJson(problem), writeId),
      )
    },
    reverted(writeId, byWriteId) {
      durably(() => connection.run(`UPDATE journal SET state = 'reverted', reverted_by = ? WHERE write_id = ?`, byWriteId, writeId))
    },
    find(writeId) {
      const row = connection.get<JournalRow>('SELECT * FROM journal WHERE write_id = ?', writeId)
      return row && toRecord(row)
    },
    pending: () => connection.all<JournalRow>(`SELECT * FROM journal WHERE state = 'pending' ORDER BY write_id`).map(toRecord),
    list(offset, limit) {
      const total = connection.get<{ n: number }>('SELECT count(*) AS n FROM journal')!.n
      return { total, items: connection.all<JournalRow>('SELECT * FROM journal ORDER BY write_id DESC LIMIT ? OFFSET ?', limit, offset).map(toEntry) }
    },
    writesOfRun: (run) =>
      connection.all<{ write_id: number }>('SELECT write_id FROM journal WHERE run = ? ORDER BY write_id', run).map((row) => row.write_id),
    latestWriteOf(path) {
      const row = connection.get<JournalRow>(
        `SELECT * FROM journal WHERE state = 'written' AND (path = ? OR target_path = ?) ORDER BY write_id DESC LIMIT 1`,
        path,
        path,
      )
      return row && toRecord(row)
    },
  }
}
