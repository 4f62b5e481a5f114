/**
 * The log of one model's process. The child writes into the file by itself (appending), not through us: it outlives us without a
 * broken pipe, and whoever adopts it can read on. Rotation copies and cuts, since the child keeps the file open.
 */
import { closeSync, copyFileSync, mkdirSync, openSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import path from 'node:path'

const TAIL_BYTES = 64 * 1024
const LIMIT_BYTES = 8 * 1024 * 1024
const KEPT = 3
const LOOK_EVERY_MS = 10_000

export interface LogFile {
  readonly file: string
  /** A descriptor to append to, for the child; what was written before no longer counts for `tail`. */
  openForChild(): { descriptor: number; close(): void }
  /** Changes when something was written. */
  sizeBytes(): Promise<number>
  /** The end of what was written since the last start, at most 64 KiB; '' when there is nothing. */
  tail(): Promise<string>
  /** Looks now and then whether the file has grown too large. Returns its end. */
  watch(): () => void
}

export function createLogFile(file: string, limitBytes = LIMIT_BYTES): LogFile {
  let startedAt = 0
  const size = () => {
    try {
      return statSync(file).size
    } catch {
      return 0
    }
  }
  const shift = () => {
    rmSync(`${file}.${KEPT}`, { force: true })
    for (let i = KEPT - 1; i >= 1; i--) {
      try {
        renameSync(`${file}.${i}`, `${file}.${i + 1}`)
      } catch {
        // There was none.
      }
    }
  }
  const rotate = () => {
    shift()
    copyFileSync(file, `${file}.1`)
    truncateSync(file, 0)
    startedAt = 0
  }

  return {
    file,
    openForChild() {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      if (size() >= limitBytes) rotate()
      const descriptor = openSync(file, 'a', 0o600)
      startedAt = size()
      return { descriptor, close: () => closeSync(descriptor) }
    },
    sizeBytes: () =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    async tail() {
      const handle = await open(file, 'r').catch(() => undefined)
      if (handle === undefined) return ''
      try {
        const { size } = await handle.stat()
        const from = Math.max(Math.min(startedAt, size), size - TAIL_BYTES)
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
        return buffer.subarray(0, bytesRead).toString('utf8')
      } catch {
        return ''
      } finally {
        await handle.close().catch(() => undefined)
      }
    },
    watch() {
      const timer = setInterval(() => {
        if (size() >= limitBytes) rotate()
      }, LOOK_EVERY_MS)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
