/** Frames between a worker process and its owner. Either side treats anything else as fatal. See [Note: worker frames] in README.md. */
import type { ErrorCode } from '../contract/errors/index.ts'

export type ToWorker =
  | { kind: 'call'; seq: number; method: string; params: unknown }
  | { kind: 'cancel'; seq: number }
  /** One progress frame of that call has been dealt with. */
  | { kind: 'ack'; seq: number }

export type FromWorker =
  | { kind: 'ready' }
  /** A part of the answer, before the result; at most PROGRESS_WINDOW of them are on their way unacknowledged. */
  | { kind: 'progress'; seq: number; value: unknown }
  | { kind: 'result'; seq: number; value: unknown }
  | { kind: 'failure'; seq: number; code: ErrorCode; message: string; data: Record<string, unknown> }
  /** A bug in a handler; the worker goes on. */
  | { kind: 'bug'; seq: number; message: string }

/** Enough to keep both sides at work; few enough that a slow owner holds back the worker and not its own memory. */
export const PROGRESS_WINDOW = 3
