/** What a command prints: results on stdout, everything else on stderr; quiet on pipes, a progress bar on terminals. */
import { findDetail, problemLine } from '../../src-renderer/copy/errors.ts'
import type { Problem } from '../contract/model.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'

export const EXIT = { done: 0, someFailed: 1, usage: 2 } as const

export interface Output {
  /** One JSON object a line with --json, otherwise the text. */
  row(json: object, text: () => string): void
  /** For people only: silent with --json. */
  say(text: string): void
  /** To stderr, always. */
  warn(text: string): void
  progress(label: string): { update(done: number, total: number, note?: string): void; stop(): void }
}

export function createOutput(json: boolean): Output {
  return {
    row: (value, text) => void process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`),
    say: (text) => {
      if (!json) process.stdout.write(`${text}\n`)
    },
    warn: (text) => void process.stderr.write(`${text}\n`),
    progress: (label) => (process.stderr.isTTY ? bar(label) : { update() {}, stop() {} }),
  }
}

function bar(label: string) {
  let shown = false
  const columns = () => process.stderr.columns ?? 80
  return {
    update(done: number, total: number, note = '') {
      shown = true
      const share = total > 0 ? Math.min(1, done / total) : 0
      const filled = '█'.repeat(Math.round(share * 24)).padEnd(24, '░')
      process.stderr.write(`\r${`${label} ${filled} ${done}/${total} ${note}`.slice(0, columns() - 1).padEnd(columns() - 1)}`)
    },
    stop() {
      if (shown) process.stderr.write(`\r${' '.repeat(columns() - 1)}\r`)
    },
  }
}

/** The sentence for a problem, with the precise words below it where there are some. */
export function noticeLine(problem: Problem): string {
  const detail = findDetail(problem)
  return detail === undefined ? problemLine(problem) : `${problemLine(problem)}\n  ${detail}`
}

/** The sentence for whatever was thrown. A bug keeps its stack, so that it can be reported. */
export function sentenceFor(error: unknown): string {
  if (error instanceof StudioError) {
    if (error.code === 'registry-invalid') return noticeLine(toProblem(error))
    const line = problemLine(toProblem(error))
    return error.code === 'invalid-request' ? error.message : `${line}${nearestIn(error.data, line)}`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** Names that come near an unknown one, unless the sentence names them already. */
function nearestIn(data: Record<string, unknown>, line: string): string {
  const nearest = Array.isArray(data['nearest']) ? data['nearest'].map(String) : []
  return nearest.every((name) => line.includes(name)) ? '' : ` Did you mean ${nearest.join(' or ')}?`
}
