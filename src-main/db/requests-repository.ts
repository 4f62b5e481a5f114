import type { Clock } from '../lib/clock.ts'
import { type Connection, fromJson, toJson } from './connection.ts'

/** What is asked for of a request; the record may hold more, and is kept whole. */
export interface LoggedRequest {
  id: string
  /** ISO 8601, UTC. */
  time: string
  model: string | null
  role: string | null
  status: number
  error_code: string | null
}

export interface RequestQuery {
  limit: number
  /** Only before this request, for going back page by page. */
  beforeId?: string | undefined
  model?: string | undefined
  failedOnly?: boolean | undefined
}

export interface RequestStore {
  /** A time that is none counts as now. */
  add(records: readonly LoggedRequest[]): void
  /** The newest first. */
  newest(limit: number): Record<string, unknown>[]
  /** The newest first. */
  find(query: RequestQuery): Record<string, unknown>[]
  count(): number
}

const KEPT_ROWS = 10_000
const KEPT_MS = 30 * 24 * 3600 * 1000
/** Rows between two clearings. */
const CLEAR_EVERY = 200

/** Keeps the newest 10,000 rows, and none older than 30 days. */
export function createRequestStore(connection: Connection, clock: Clock, limits: { rows?: number; clearEvery?: number } = {}): RequestStore {
  const { rows = KEPT_ROWS, clearEvery = CLEAR_EVERY } = limits
  let untilCleared = 0

  const clear = () => {
    connection.run('DELETE FROM requests WHERE time_ms < ?', clock.nowMs() - KEPT_MS)
    connection.run('DELETE FROM requests WHERE id <= (SELECT id FROM requests ORDER BY id DESC LIMIT 1 OFFSET ?)', rows)
  }

  const find = ({ limit, beforeId, model, failedOnly }: RequestQuery): Record<string, unknown>[] => {
    const conditions = [
      ...(beforeId === undefined ? [] : ['id < (SELECT min(id) FROM requests WHERE request_id = ?)']),
      ...(model === undefined ? [] : ['model = ?']),
      ...(failedOnly === true ? ['error_code IS NOT NULL'] : []),
    ]
    const values = [beforeId, model].filter((value) => value !== undefined)
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    return connection
      .all<{ record: string }>(`SELECT record FROM requests ${where} ORDER BY id DESC LIMIT ?`, ...values, limit)
      .map(({ record }) => fromJson<Record<string, unknown>>(record))
  }

  const addOne = (record: LoggedRequest) => {
    const timeMs = Date.parse(record.time)
    connection.run(
      'INSERT INTO requests (request_id, time_ms, model, role, status, error_code, record) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[record.id, Number.isFinite(timeMs) ? timeMs : clock.nowMs(), record.model, record.role, record.status, record.error_code],
      toJson(record),
    )
  }

  return {
    add(records) {
      connection.transaction('crash-safe', () => {
        for (const record of records) addOne(record)
        untilCleared -= records.length
        if (untilCleared >= 0) return
        untilCleared = clearEvery - 1
        clear()
      })
    },
    newest: (limit) => find({ limit }),
    find,
    count: () => connection.get<{ n: number }>('SELECT count(*) AS n FROM requests')?.n ?? 0,
  }
}
