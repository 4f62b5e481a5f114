/** The request log: one JSON line a request in `<data folder>/logs/chat_proxy.jsonl`, turned over by size, written behind the requests' backs. */
import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { findErrno } from '../lib/studio-error.ts'
import type { RequestLog } from './ports.ts'

const FILE = 'chat_proxy.jsonl'
const TURNED = /^chat_proxy\.\d{8}-\d{6}-\d{3}\.jsonl$/

export interface RequestLogOptions {
  /** Folder `logs` of the data folder; made when missing. */
  folder: string
  /** The file is put aside before a line would make it larger. */
  maxBytes?: number
  /** Files put aside that are kept; older ones are removed. */
  keep?: number
  clock: Clock
  logger: Logger
}

export function createRequestLog(options: RequestLogOptions): RequestLog {
  const { folder, maxBytes = 25_000_000, keep = 5, clock, logger } = options
  const file = path.join(folder, FILE)
  let waiting: string[] = []
  let writing: Promise<void> | null = null
  let sizeBytes: number | null = null
  let complained = false

  const turnOver = async () => {
    const stamp = new Date(clock.nowMs()).toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').replace('Z', '')
    await rename(file, path.join(folder, `chat_proxy.${stamp}.jsonl`))
    const old = (await readdir(folder)).filter((name) => TURNED.test(name)).sort()
    for (const name of old.slice(0, Math.max(0, old.length - keep))) await rm(path.join(folder, name), { force: true })
    sizeBytes = 0
  }

  const append = async (text: string) => {
    if (sizeBytes === null) {
      await mkdir(folder, { recursive: true })
      sizeBytes = await stat(file).then(
        ({ size }) => size,
        () => 0,
      )
    }
    const addBytes = Buffer.byteLength(text)
    if (sizeBytes > 0 && sizeBytes + addBytes > maxBytes) await turnOver()
    await appendFile(file, text, { mode: 0o600 })
    sizeBytes = (sizeBytes ?? 0) + addBytes
  }

  const drain = async () => {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      try {
        await append(lines.join(''))
      } catch (error) {
        sizeBytes = null
        if (!complained) logger.warn('request-log.unwritable', { file: FILE, errno: findErrno(error) })
        complained = true
      }
    }
    writing = null
  }

  return {
    write(record) {
      waiting.push(`${JSON.stringify(record)}\n`)
      writing ??= drain()
    },
    async flush() {
      for (let pending = writing; pending; pending = writing) await pending
    },
  }
}
