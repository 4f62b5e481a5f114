import type { Problem, RunFailure, Stage } from '../contract/model.ts'
import type { RunStore, StoredRun } from '../tagging/ports.ts'
import { type Connection, fromJson, toJson } from './connection.ts'

interface RunRow {
  id: number
  state: StoredRun['state']
  stages: string
  models: string
  started_at_ms: number
  finished_at_ms: number | null
}

const toRun = (row: RunRow): StoredRun => ({
  runId: row.id,
  state: row.state,
  stages: fromJson<Stage[]>(row.stages),
  models: fromJson<StoredRun['models']>(row.models),
  startedAtMs: row.started_at_ms,
  finishedAtMs: row.finished_at_ms,
})

export function createRunStore(connection: Connection): RunStore {
  const get = (runId: number): StoredRun | undefined => {
    const row = connection.get<RunRow>('SELECT * FROM runs WHERE id = ?', runId)
    return row && toRun(row)
  }

  return {
    create(stages, models, photoIds, startedAtMs) {
      return connection.transaction('crash-safe', () => {
        const { lastId } = connection.run(
          `INSERT INTO runs (state, stages, models, started_at_ms) VALUES ('running', ?, ?, ?)`,
          toJson(stages),
          toJson(models),
          startedAtMs,
        )
        // One statement for any number of photos; an id twice in the list, or of a photo that is gone, makes no item.
        connection.run(
          `INSERT OR IGNORE INTO run_items (run_id, seq, photo_id)
           SELECT ?, wanted.key, photos.id FROM json_each(?) AS wanted JOIN photos ON photos.id = wanted.value ORDER BY wanted.key`,
          lastId,
          toJson(photoIds),
        )
        return get(lastId)!
      })
    },
    get,
    list: (limit) => connection.all<RunRow>('SELECT * FROM runs ORDER BY id DESC LIMIT ?', limit).map(toRun),
    setState(runId, state, finishedAtMs) {
      connection.transaction('crash-safe', () =>
        connection.run('UPDATE runs SET state = ?, finished_at_ms = ? WHERE id = ?', state, finishedAtMs, runId),
      )
    },
    setModels(runId, models) {
      connection.transaction('crash-safe', () => connection.run('UPDATE runs SET models = ? WHERE id = ?', toJson(models), runId))
    },
    takeNext(runId) {
      return connection.transaction('crash-safe', () => {
        const next = connection.get<{ photo_id: number }>(
          `SELECT photo_id FROM run_items WHERE run_id = ? AND state = 'waiting' ORDER BY seq LIMIT 1`,
          runId,
        )
        if (!next) return undefined
        connection.run(`UPDATE run_items SET state = 'working' WHERE run_id = ? AND photo_id = ?`, runId, next.photo_id)
        return next.photo_id
      })
    },
    finishItem(runId, photoId, state, failure) {
      connection.transaction('crash-safe', () =>
        connection.run(
          'UPDATE run_items SET state = ?, stage = ?, problem = ? WHERE run_id = ? AND photo_id = ?',
          state,
          failure?.stage ?? null,
          failure ? toJson(failure.problem) : null,
          runId,
          photoId,
        ),
      )
    },
    counts(runId) {
      const counts = { total: 0, done: 0, failed: 0, waiting: 0, working: 0, cancelled: 0 }
      const rows = connection.all<{ state: Exclude<keyof typeof counts, 'total'>; n: number }>(
        'SELECT state, count(*) AS n FROM run_items WHERE run_id = ? GROUP BY state',
        runId,
      )
      for (const { state, n } of rows) {
        counts[state] = n
        counts.total += n
      }
      const { cancelled: _, ...told } = counts
      return told
    },
    failures(runId) {
      return connection
        .all<{ photo_id: number; path: string; stage: Stage | null; problem: string }>(
          `SELECT i.photo_id, p.path, i.stage, i.problem FROM run_items i JOIN photos p ON p.id = i.photo_id
           WHERE i.run_id = ? AND i.state = 'failed' ORDER BY i.seq`,
          runId,
        )
        .map((row): RunFailure => ({ photoId: row.photo_id, path: row.path, stage: row.stage, problem: fromJson<Problem>(row.problem) }))
    },
    retryFailed(runId) {
      return connection.transaction(
        'crash-safe',
        () =>
          connection.run(`UPDATE run_items SET state = 'waiting', stage = NULL, problem = NULL WHERE run_id = ? AND state = 'failed'`, runId).changes,
      )
    },
    cancelItems(runId) {
      return connection.transaction('crash-safe', () =>
        connection
          .all<{ photo_id: number }>(
            `UPDATE run_items SET state = 'cancelled' WHERE run_id = ? AND state IN ('waiting', 'working') RETURNING photo_id`,
            runId,
          )
          .map((row) => row.photo_id),
      )
    },
    recoverInterrupted() {
      return connection.transaction('crash-safe', () => {
        connection.run(`UPDATE run_items SET state = 'waiting' WHERE state = 'working'`)
        return connection.all<{ id: number }>(`UPDATE runs SET state = 'interrupted' WHERE state = 'running' RETURNING id`).map((row) => row.id)
      })
    },
  }
}
