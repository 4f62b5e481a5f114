/** The studio's own log: one JSON line an event, in the data folder. Never photo bytes, prompts or secrets. */
import { mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { destination, pino } from 'pino'
import type { Logger } from './lib/logger.ts'

const KEEP_BYTES = 10 * 1024 ** 2

/** @throws a file system error when the folder cannot be written; the data folder was claimed before, so that is told there. */
export function openStudioLog(file: string): Logger & { close(): void } {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > KEEP_BYTES) renameSync(file, `${file}.1`)
  const stream = destination({ dest: file, sync: true, mode: 0o600 })
  // A full disk must not take the studio down with its log.
  stream.on('error', () => undefined)
  const logger = pino(
    { base: null, timestamp: () => `,"time":"${new Date().toISOString()}"`, formatters: { level: (label) => ({ level: label }) } },
    stream,
  )
  const write =
    (level: 'info' | 'warn' | 'error') =>
    (event: string, data: Record<string, unknown> = {}) =>
      logger[level]({ event, ...data })
  return { info: write('info'), warn: write('warn'), error: write('error'), close: () => stream.end() }
}
