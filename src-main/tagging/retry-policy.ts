/** What is tried again, how often and when. Pure. */
import type { ErrorCode } from '../contract/errors/index.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { ReplyFailure } from './parse-reply.ts'

export const RETRIES = { unreadableReply: 1, backend: 1 } as const

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
const LARGEST_BUDGET_TOKENS = 8192

/** 429, 503 and broken connections. A server that let a whole timeout pass is not asked a second time. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['backend-overloaded', 'backend-unreachable', 'proxy-unavailable'])

/** How long to wait before the same request is sent again; undefined when it is not. `tried` counts the failures so far, from 1. */
export function waitBeforeRetryMs(error: unknown, tried: number): number | undefined {
  if (!(error instanceof StudioError) || tried > RETRIES.backend) return undefined
  if (error.code === 'backend-timeout' || error.code === 'cancelled') return undefined
  if (error.retry === 'never' && !PASSING.has(error.code)) return undefined
  const asked = error.data['retryAfterMs']
  const wait = typeof asked === 'number' && asked >= 0 ? asked : FIRST_WAIT_MS * 2 ** (tried - 1)
  return Math.min(wait, LONGEST_WAIT_MS)
}

/** What to change before asking again after a reply that could not be used; undefined when it is not asked again. */
export function changeAfterReply(
  code: ReplyFailure,
  tried: number,
  now: { seed: number; max_tokens: number },
): { seed: number; max_tokens: number } | undefined {
  if (tried > RETRIES.unreadableReply) return undefined
  const budget = code === 'reply-truncated' ? Math.min(now.max_tokens * 2, LARGEST_BUDGET_TOKENS) : now.max_tokens
  return { seed: now.seed + 1, max_tokens: budget }
}
