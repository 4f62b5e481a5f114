/** The one place that opens the library's database. Runs in the main process; every call is synchronous and short. */
import { closeSync, mkdirSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import type { DecisionStore, PhotoStore } from '../library/ports.ts'
import type { Clock } from '../lib/clock.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import type { JournalStore, PlanStore } from '../metadata/ports.ts'
import type { ProposalStore, RunStore } from '../tagging/ports.ts'
import { Connection } from './connection.ts'
import { createDecisionStore } from './decisions-repository.ts'
import { createJournalStore } from './journal-repository.ts'
import { createMeasurementStore, type MeasurementStore } from './measurements-repository.ts'
import { migrate, refuseNewer } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { createPhotoStore } from './photos-repository.ts'
import { createPlanStore } from './plans-repository.ts'
import { createProposalStore } from './proposals-repository.ts'
import { createRequestStore, type RequestStore } from './requests-repository.ts'
import { createRunStore } from './runs-repository.ts'
import { createSettingsStore, type SettingsStore } from './settings-repository.ts'
import { mapDatabaseError } from './sqlite-errors.ts'

export interface StudioDatabase {
  readonly file: string
  readonly photos: PhotoStore
  readonly decisions: DecisionStore
  readonly proposals: ProposalStore
  readonly runs: RunStore
  readonly plans: PlanStore
  readonly journal: JournalStore
  readonly settings: SettingsStore
  readonly measurements: MeasurementStore
  readonly requests: RequestStore
  /** Idempotent. Folds the write-ahead log back into the file. */
  close(): void
}

const BUSY_TIMEOUT_MS = 5000

/**
 * Opens `studio.sqlite` in the data folder, making both when missing, and brings it to the newest version. Claim the folder first.
 * @throws StudioError `database-newer` (nothing was touched), `database-damaged`, `data-folder-unwritable`, `data-folder-full`.
 * The repositories throw the same codes later, when a disk fills up while the studio runs.
 */
export function openDatabase({ folder, clock }: { folder: string; clock: Clock }): StudioDatabase {
  const file = path.join(folder, 'studio.sqlite')
  try {
    mkdirSync(folder, { recursive: true })
    checkHeader(file, folder)
  } catch (error) {
    throw mapDatabaseError(error, folder)
  }
  const connection = new Connection(file, folder, BUSY_TIMEOUT_MS)
  try {
    // A newer version may still sit in the write-ahead log, unseen by the header: ask before anything is changed.
    refuseNewer(connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0, MIGRATIONS.length, folder)
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768')
    migrate(connection, MIGRATIONS, folder)
    // A read-only folder is told now and not at the first decision.
    connection.transaction('crash-safe', () =>
      connection.run(
        `INSERT INTO settings (key, value) VALUES ('openedAtMs', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
        String(clock.nowMs()),
      ),
    )
  } catch (error) {
    connection.close()
    throw error
  }
  return {
    file,
    photos: createPhotoStore(connection, clock),
    decisions: createDecisionStore(connection),
    proposals: createProposalStore(connection),
    runs: createRunStore(connection),
    plans: createPlanStore(connection),
    journal: createJournalStore(connection),
    settings: createSettingsStore(connection),
    measurements: createMeasurementStore(connection),
    requests: createRequestStore(connection, clock),
    close: () => connection.close(),
  }
}

/**
 * Reads the file's own header without SQLite, which would already touch the file: is it a database, and of which version?
 * https://www.sqlite.org/fileformat.html#the_database_header
 */
function checkHeader(file: string, folder: string): void {
  const header = Buffer.alloc(100)
  let length: number
  try {
    const descriptor = openSync(file, 'r')
    try {
      length = readSync(descriptor, header, 0, 100, 0)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (findErrno(error) === 'ENOENT') return
    throw error
  }
  // An empty file is what a first start on a full disk leaves behind.
  if (length === 0) return
  if (length < 100 || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new StudioError('database-damaged', `${file} is not a SQLite database`, { data: { folder } })
  }
  refuseNewer(header.readUInt32BE(60), MIGRATIONS.length, folder)
}
