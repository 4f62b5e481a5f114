/** One studio at a time in a data folder. The lock is SQLite's own on a small file: the system releases it when the process ends, however it ends. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { Connection } from './connection.ts'
import { isBusy, mapDatabaseError } from './sqlite-errors.ts'

export interface DataFolderClaim {
  /** Tells a second start where this one is to be found. */
  announce(url: string): void
  /** Idempotent. */
  release(): void
}

interface Instance {
  pid: number
  startedAtMs: number
  url?: string
}

/**
 * Makes the folder when missing.
 * @throws StudioError `data-folder-in-use` with data {pid, url} (each null when not known), `data-folder-unwritable`, `data-folder-full`
 */
export function claimDataFolder(folder: string, clock: Clock): DataFolderClaim {
  const noteFile = path.join(folder, 'instance.json')
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw mapDatabaseError(error, folder)
  }
  const lock = new Connection(path.join(folder, 'instance.sqlite'), folder, 0)
  const instance: Instance = { pid: process.pid, startedAtMs: clock.nowMs() }
  const tell = () => {
    try {
      writeFileSync(noteFile, `${JSON.stringify(instance)}\n`)
    } catch (error) {
      throw mapDatabaseError(error, folder)
    }
  }
  try {
    lock.exec('BEGIN EXCLUSIVE')
    tell()
  } catch (error) {
    lock.close()
    if (error instanceof StudioError && isBusy(error.cause)) throw inUse(folder, findInstance(noteFile))
    throw error
  }
  let held = true
  return {
    announce(url) {
      instance.url = url
      tell()
    },
    release() {
      if (!held) return
      held = false
      // While the lock is still held: afterwards the note may be another's.
      rmSync(noteFile, { force: true })
      lock.close()
    },
  }
}

function inUse(folder: string, other: Partial<Instance>): StudioError {
  const { pid = null, url = null } = other
  return new StudioError('data-folder-in-use', `another studio (process ${pid ?? 'unknown'}) works in ${folder}`, {
    data: { folder, pid, url },
    retry: 'later',
  })
}

function findInstance(noteFile: string): Partial<Instance> {
  try {
    return JSON.parse(readFileSync(noteFile, 'utf8')) as Instance
  } catch {
    // The other one has not written its note yet.
    return {}
  }
}
