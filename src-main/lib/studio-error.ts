import type { ErrorCode } from '../contract/errors/index.ts'
import type { Problem } from '../contract/model.ts'

/** What the window may offer after an error: nothing, the same again, or the same again later. */
export type Retry = 'never' | 'now' | 'later'

/**
 * Something that can be expected to go wrong. Anything that is not a StudioError is a bug.
 * `message` is one precise English sentence for logs; what a person reads is made from `code` and `data` in src-renderer/copy.
 */
export class StudioError extends Error {
  readonly code: ErrorCode
  readonly data: Record<string, unknown>
  readonly retry: Retry

  constructor(code: ErrorCode, message: string, options: { data?: Record<string, unknown>; retry?: Retry; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StudioError'
    this.code = code
    this.data = options.data ?? {}
    this.retry = options.retry ?? 'never'
  }
}

/** The record that crosses a border. A bug becomes `internal`: its text is for the log, not for the other side. */
export function toProblem(error: unknown): Problem {
  if (error instanceof StudioError) return { code: error.code, message: error.message, data: error.data }
  return { code: 'internal', message: 'Something went wrong inside the studio.', data: {} }
}

/** The errno code of a Node system error (`ENOENT`, `EACCES` …), else undefined. */
export function findErrno(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return undefined
}
