import { StudioError } from '../lib/studio-error.ts'
import type { Connection } from './connection.ts'

/** Brings the database to the newest version, each step in its own transaction: an interrupted update leaves one whole version. */
export function migrate(connection: Connection, migrations: readonly string[], folder: string): void {
  const version = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
  refuseNewer(version, migrations.length, folder)
  for (let next = version; next < migrations.length; next++) {
    connection.transaction('power-safe', () => {
      connection.exec(migrations[next]!)
      connection.exec(`PRAGMA user_version = ${next + 1}`)
    })
  }
}

/** @throws StudioError `database-newer` */
export function refuseNewer(found: number, known: number, folder: string): void {
  if (found <= known) return
  throw new StudioError('database-newer', `the library database has version ${found}; this studio knows versions up to ${known}`, {
    data: { folder, found, known },
  })
}
