/**
 * One SQLite connection: cached statements, transactions, errors in our own codes. The only file that imports the SQLite package;
 * it is written to the `node:sqlite` interface, so the platform's own module can take its place.
 */
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite'
import { mapDatabaseError } from './sqlite-errors.ts'

export type SqlValue = string | number | null

/** See [Note: durability] in README.md. */
export type Durability = 'crash-safe' | 'power-safe'

export class Connection {
  readonly #db: DatabaseSyncInstance
  readonly #folder: string
  readonly #statements = new Map<string, StatementSyncInstance>()
  #durability: Durability | undefined

  /** @param folder Named in the data of errors. */
  constructor(file: string, folder: string, busyTimeoutMs: number) {
    this.#folder = folder
    this.#db = this.#guard(() => new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true }))
  }

  exec(sql: string): void {
    this.#guard(() => this.#db.exec(sql))
  }

  /** The caller names the row's shape; nothing checks it but the tests. */
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values) as Row | undefined)
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[])
  }

  run(sql: string, ...values: SqlValue[]): { changes: number; lastId: number } {
    return this.#guard(() => {
      const { changes, lastInsertRowid } = this.#statement(sql).run(...values)
      return { changes: Number(changes), lastId: Number(lastInsertRowid) }
    })
  }

  /** All of `work` or nothing of it. Does not nest. `power-safe` work is on the disk, fsynced, when this returns. */
  transaction<T>(durability: Durability, work: () => T): T {
    // The pragma binds until it is changed, and only outside a transaction.
    if (durability !== this.#durability) this.exec(durability === 'power-safe' ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL')
    this.#durability = durability
    this.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.exec('COMMIT')
      return result
    } catch (error) {
      // SQLite has already rolled back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /**
   * Idempotent. The write-ahead log is folded into the file and removed here and not left to SQLite: the package cannot finalize
   * statements, so the connection below lives on until they are collected, or until a process that is killed leaves its files behind.
   */
  close(): void {
    if (!this.#db.isOpen) return
    this.#statements.clear()
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      // Nobody is waited for here. The next start takes up the log again.
      this.#db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE')
    } catch {
      // A full or vanished disk, or another reader: the log stays beside the file, and the next start reads it.
    }
    this.#db.close()
  }

  #statement(sql: string): StatementSyncInstance {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw mapDatabaseError(error, this.#folder)
    }
  }
}

export const toJson = (value: unknown): string => JSON.stringify(value)
export const fromJson = <T>(text: string): T => JSON.parse(text) as T
