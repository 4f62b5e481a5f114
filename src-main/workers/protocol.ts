/** Frames between a worker process and its owner. Either side treats anything else as fatal. See [Note: worker frames] in README.md. */
import type { ErrorCode } from '../contract/errors/index.ts'

export type ToWorker = { kind: 'call'; seq: number; method: string; params: unknown } | { kind: 'cancel'; seq: number }

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'result'; seq: number; value: unknown }
  | { kind: 'failure'; seq: number; code: ErrorCode; message: string; data: Record<string, unknown> }
  /** A bug in a handler; the worker goes on. */
  | { kind: 'bug'; seq: number; message: string }
