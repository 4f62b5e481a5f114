/**
 * One file a running model, so that whoever comes after a crash of ours knows what was started. Written in the same breath as the
 * start, whole or not at all.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { z } from 'zod'
import { MODEL_NAME_PATTERN } from '../../registry/entry.ts'
import { fileStemOf } from './file-stem.ts'

const FILE_CAP_BYTES = 256 * 1024

const pidRecord = z.strictObject({
  schema_version: z.literal(1),
  name: z.string().regex(MODEL_NAME_PATTERN),
  pid: z.int().min(2),
  /** See process-table.ts; null in the moment before it was known. */
  start_time: z.string().max(200).nullable(),
  /** Mark in the environment of everything that descends from this start. */
  run: z.string().max(100),
  /** To look at; never run again. */
  command: z.array(z.string()),
  port: z.int().min(1).max(65_535),
  served_id: z.string().max(4000),
  launch_profile: z.string().regex(/^[a-z0-9_-]{1,64}$/),
  placement: z.strictObject({ gpus: z.array(z.int().nonnegative()), claim_mb: z.array(z.number().nonnegative()) }),
  load_ms: z.number().nonnegative().nullable(),
  started_at_ms: z.int().nonnegative(),
  owner_pid: z.int().min(1),
  owner_start_time: z.string().max(200).nullable(),
})
export type PidRecord = z.output<typeof pidRecord>

export interface PidFiles {
  /** @throws An errno error when the data folder cannot be written. */
  write(record: PidRecord): void
  remove(name: string): void
  /** Files that are no record of ours are taken away: they name no process that could be trusted. */
  list(): PidRecord[]
}

export function createPidFiles(folder: string): PidFiles {
  const fileOf = (name: string) => path.join(folder, `${fileStemOf(name)}.json`)

  const read = (file: string): PidRecord | undefined => {
    try {
      const text = readFileSync(file, 'utf8')
      if (text.length > FILE_CAP_BYTES) return undefined
      const record = pidRecord.parse(JSON.parse(text))
      return file === fileOf(record.name) ? record : undefined
    } catch {
      return undefined
    }
  }

  return {
    write(record) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileAtomic.sync(fileOf(record.name), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, fsync: false })
    },
    remove: (name) => rmSync(fileOf(name), { force: true }),
    list() {
      let names: string[]
      try {
        names = readdirSync(folder).filter((name) => name.endsWith('.json'))
      } catch {
        return []
      }
      return names.flatMap((name) => {
        const file = path.join(folder, name)
        const record = read(file)
        if (record === undefined) rmSync(file, { force: true })
        return record ?? []
      })
    },
  }
}
