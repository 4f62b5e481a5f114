/** The request log: one JSON line a request in `<data folder>/logs/chat_proxy.jsonl`, turned over by size and age, written behind the requests' backs. */
import { appendFile, mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { findErrno } from '../lib/studio-error.ts'
import { loggable } from './loggable.ts'
import type { RequestLog, RequestRecord } from './ports.ts'

const FILE = 'chat_proxy.jsonl'
const TURNED = /^chat_proxy\.(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-(\d{3})\.jsonl$/
/** Lines that wait for a disk that does not answer; more are dropped. */
const MOST_WAITING = 10_000
/** Lines and rows that are written in one go: a few milliseconds, between which requests are served. */
const AT_ONCE = 128
const HEAD_BYTES = 4096

export interface RequestLogOptions {
  /** Folder `logs` of the data folder; made when missing. */
  folder: string
  /** The file is put aside before a line would make it larger. */
  maxBytes?: number
  /** The file is put aside when its first line is older, and one put aside is removed when its last line is. */
  maxAgeMs?: number
  /** Files put aside that are kept; older ones are removed. */
  keep?: number
  clock: Clock
  logger: Logger
  /** For the window; the records of one writing. May throw: the requests are long answered. */
  keepInDatabase?: (records: readonly RequestRecord[]) => void
  /** Records are gathered so long before they are written: opening a file for each would cost more than its request. */
  gatherMs?: number
}

export function createRequestLog(options: RequestLogOptions): RequestLog {
  const { folder, maxBytes = 25_000_000, maxAgeMs = 30 * 24 * 3600 * 1000, keep = 5, clock, logger, keepInDatabase, gatherMs = 500 } = options
  const file = path.join(folder, FILE)
  const waiting: RequestRecord[] = []
  let writing: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  /** What the file holds; null until it was looked at, and after a failure. */
  let state: { sizeBytes: number; sinceMs: number } | null = null
  const complained = { file: false, database: false }

  const complain = (part: keyof typeof complained, event: string, error: unknown) => {
    if (!complained[part]) logger.warn(event, { file: FILE, errno: findErrno(error) })
    complained[part] = true
  }

  const removeOld = async () => {
    const turned = (await readdir(folder)).filter((name) => TURNED.test(name)).sort()
    const tooMany = Math.max(0, turned.length - keep)
    const old = turned.filter((name, i) => i < tooMany || (turnedAtMs(name) ?? 0) < clock.nowMs() - maxAgeMs)
    for (const name of old) await rm(path.join(folder, name), { force: true })
  }

  const look = async () => {
    await mkdir(folder, { recursive: true })
    await removeOld()
    const sizeBytes = await stat(file).then(
      ({ size }) => size,
      () => 0,
    )
    return { sizeBytes, sinceMs: sizeBytes === 0 ? clock.nowMs() : await firstLineMs(file, clock.nowMs()) }
  }

  const turnOver = async () => {
    const stamp = new Date(clock.nowMs()).toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').replace('Z', '')
    await rename(file, path.join(folder, `chat_proxy.${stamp}.jsonl`))
    await removeOld()
    return { sizeBytes: 0, sinceMs: clock.nowMs() }
  }

  const append = async (text: string) => {
    state ??= await look()
    const addBytes = Buffer.byteLength(text)
    if (state.sizeBytes > 0 && (state.sizeBytes + addBytes > maxBytes || clock.nowMs() - state.sinceMs > maxAgeMs)) state = await turnOver()
    try {
      await appendFile(file, text, { mode: 0o600 })
    } catch (error) {
      // A full disk leaves half a line, and the next one would be glued to it.
      await truncate(file, state.sizeBytes).catch(() => undefined)
      throw error
    }
    state = { ...state, sizeBytes: state.sizeBytes + addBytes }
  }

  const store = (records: readonly RequestRecord[]) => {
    try {
      keepInDatabase?.(records)
      complained.database = false
    } catch (error) {
      complain('database', 'request-log.database', error)
    }
  }

  const drain = async () => {
    while (waiting.length > 0) {
      const records = waiting.splice(0, AT_ONCE).map(loggable)
      try {
        await append(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
        complained.file = false
      } catch (error) {
        state = null
        complain('file', 'request-log.unwritable', error)
      }
      store(records)
    }
    writing = null
  }

  const drainNow = () => {
    clearTimeout(timer)
    timer = undefined
    writing ??= drain()
  }

  return {
    write(record) {
      if (waiting.length < MOST_WAITING) waiting.push(record)
      if (!writing) timer ??= setTimeout(drainNow, gatherMs)
    },
    async flush() {
      if (waiting.length > 0) drainNow()
      for (let pending = writing; pending; pending = writing) await pending
    },
  }
}

function turnedAtMs(name: string): number | undefined {
  const [, year, month, day, hour, minute, second, ms] = TURNED.exec(name) ?? []
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`)
}

/** The time of a log's first line; of one that tells none, now. */
async function firstLineMs(file: string, nowMs: number): Promise<number> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const time = /"time":"([^"]{1,40})"/.exec(buffer.toString('utf8', 0, bytesRead))?.[1]
    const timeMs = time === undefined ? Number.NaN : Date.parse(time)
    return Number.isFinite(timeMs) ? timeMs : nowMs
  } finally {
    await handle.close()
  }
}
