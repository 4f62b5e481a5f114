/** A vendor's tool that keeps printing: one long-lived child, started again with growing pauses when it ends, hangs or refuses its arguments. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** Longer than any line of such a tool: what goes on without a line break is cut off with its child. */
const LINE_CAP = 4_096

export interface ToolStream {
  /** Ends the child. Idempotent; nothing is told afterwards. */
  stop(): void
}

export interface ToolStreamOptions {
  /** Absolute. */
  tool: string
  /** Tried one after the other while the tool ends without a word: a driver refuses a whole query for one column that it does not know. */
  variants: readonly (readonly string[])[]
  onLine(line: string): void
  /** Told whenever a child is gone. */
  onEnd?(): void
  /** Silence after which a child counts as hung; Infinity where silence is an answer. */
  silentMs: number
  firstPauseMs?: number
}

export function createToolStream({ tool, variants, onLine, onEnd, silentMs, firstPauseMs = FIRST_PAUSE_MS }: ToolStreamOptions): ToolStream {
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let variant = 0
  let failures = 0
  let stopped = false

  const later = (ms: number, then: () => void) => {
    clearTimeout(timer)
    timer = setTimeout(then, ms)
    timer.unref()
  }

  const start = () => {
    if (stopped) return
    const mine = spawn(tool, [...(variants[variant] ?? [])], { stdio: ['ignore', 'pipe', 'ignore'], shell: false, windowsHide: true })
    child = mine
    let spoke = false
    let ended = false
    const watch = () => Number.isFinite(silentMs) && later(silentMs, () => mine.kill('SIGKILL'))
    const lines = createInterface({ input: mine.stdout, crlfDelay: Number.POSITIVE_INFINITY })
    lines.on('line', (line) => {
      if (stopped || child !== mine) return
      if (line.length > LINE_CAP) return void mine.kill('SIGKILL')
      spoke = true
      failures = 0
      watch()
      onLine(line)
    })
    const end = () => {
      if (ended) return
      ended = true
      lines.close()
      if (stopped || child !== mine) return
      child = undefined
      onEnd?.()
      if (!spoke && variant < variants.length - 1) {
        variant += 1
        return start()
      }
      if (!spoke) variant = 0
      failures += 1
      later(Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** (failures - 1)), start)
    }
    mine.once('error', end)
    mine.once('close', end)
    watch()
  }
  start()

  return {
    stop() {
      stopped = true
      clearTimeout(timer)
      child?.kill('SIGKILL')
      child = undefined
    },
  }
}
