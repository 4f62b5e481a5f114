/** From a problem to the sentences that a person reads: the window and the command line use this and nothing else. Pure. */
import { ERROR_CODES, type ErrorCode } from '../../src-main/contract/errors/index.ts'
import { ERROR_SENTENCES } from './en/errors.ts'
import type { ProblemSentences } from './sentences.ts'

const known: ReadonlySet<string> = new Set(ERROR_CODES)

export function isErrorCode(code: string): code is ErrorCode {
  return known.has(code)
}

/** Sentences for a problem. A code from elsewhere falls back to its own message, so that nothing is ever swallowed. */
export function explainProblem(problem: { code: string; message: string; data?: Record<string, unknown> | undefined }): ProblemSentences {
  if (isErrorCode(problem.code)) return ERROR_SENTENCES[problem.code](problem.data ?? {})
  return { what: problem.message, safe: '', next: '' }
}

/** The same as one line of text. */
export function problemLine(problem: { code: string; message: string; data?: Record<string, unknown> | undefined }): string {
  const { what, safe, next } = explainProblem(problem)
  return [what, safe, next].filter((sentence) => sentence !== '').join(' ')
}

/** Codes whose message carries what another program said: worth showing below our own sentences. */
const OTHERS_SPEAK: ReadonlySet<string> = new Set<ErrorCode>([
  'exiftool-failed',
  'backend-failed',
  'backend-start-failed',
  'request-invalid',
  'request-refused',
  'registry-invalid',
])

/** The other program's own words, or undefined where there are none to show. */
export function findDetail(problem: { code: string; message: string }): string | undefined {
  return OTHERS_SPEAK.has(problem.code) && problem.message !== '' ? problem.message : undefined
}
