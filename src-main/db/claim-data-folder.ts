/** One studio at a time in a data folder. The lock is SQLite's own on a small file: the system releases it when the process ends, however it ends. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { DeskNote } from '../lib/studio.ts'
import { Connection } from './connection.ts'
import { isBusy, mapDatabaseError } from './sqlite-errors.ts'

export interface DataFolderClaim {
  /** Tells a second start, and commands beside it, where this one is to be found. */
  announce(where: { url?: string; proxyUrl?: string; desk?: DeskNote }): void
  /** Idempotent. */
  release(): void
}

interface Instance {
  pid: number
  startedAtMs: number
  /** Of the browser window. */
  url?: string
  /** Of the gateway, with `/v1`. */
  proxyUrl?: string
  /** Where commands are answered, and their key. */
  desk?: DeskNote
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
  const lock = takeLock(folder, noteFile)
  const instance: Instance = { pid: process.pid, startedAtMs: clock.nowMs() }
  const tell = () => {
    try {
      // Whole or not at all for who reads it meanwhile, and for its owner alone: it holds a key.
      const next = `${noteFile}.new`
      rmSync(next, { force: true })
      writeFileSync(next, `${JSON.stringify(instance)}\n`, { mode: 0o600 })
      renameSync(next, noteFile)
    } catch (error) {
      throw mapDatabaseError(error, folder)
    }
  }
  try {
    tell()
  } catch (error) {
    lock.close()
    throw error
  }
  let held = true
  return {
    announce(where) {
      Object.assign(instance, where)
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

function takeLock(folder: string, noteFile: string): Connection {
  const file = path.join(folder, 'instance.sqlite')
  const attempt = (): Connection => {
    const lock = new Connection(file, folder, 0)
    try {
      lock.exec('BEGIN EXCLUSIVE')
      return lock
    } catch (error) {
      lock.close()
      if (error instanceof StudioError && isBusy(error.cause)) throw inUse(folder, findInstance(noteFile))
      throw error
    }
  }
  try {
    return attempt()
  } catch (error) {
    if (!(error instanceof StudioError && error.code === 'database-damaged')) throw error
    // The file holds a lock and no data, and nobody can hold a lock on a file that SQLite cannot read: a new one serves.
    rmSync(file, { force: true })
    return attempt()
  }
}

function inUse(folder: string, other: Partial<Instance>): StudioError {
  const { pid = null, url = null } = other
  return new StudioError('data-folder-in-use', `another studio (process ${pid ?? 'unknown'}) works in ${folder}`, {
    data: { folder, pid, url },
    retry: 'later',
  })
}

/** Where the studio that works in the folder is to be found, as far as it says; it may have ended without a farewell. */
export function findRunningStudio(folder: string): Partial<Instance> {
  return findInstance(path.join(folder, 'instance.json'))
}

function findInstance(noteFile: string): Partial<Instance> {
  try {
    return JSON.parse(readFileSync(noteFile, 'utf8')) as Instance
  } catch {
    // The other one has not written its note yet.
    return {}
  }
}
