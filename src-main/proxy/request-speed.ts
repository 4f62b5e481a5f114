import type { RequestRecord } from './ports.ts'

/** How fast a model answered, without its wait and its load; null for requests that tell nothing of it. Pure. */
export function speedOf(record: RequestRecord): { ttftMs: number | null; tokensPerS: number | null; cold: boolean } | null {
  const { status, error_code, first_token_ms, total_ms, tokens_out, stream } = record
  if (status !== 200 || error_code !== null || first_token_ms === null) return null
  const before = (record.queue_ms ?? 0) + (record.load_ms ?? 0)
  // Without a stream the first byte comes with the last: the whole time was spent on the answer.
  const workMs = stream ? total_ms - first_token_ms : total_ms - before
  return {
    ttftMs: stream ? Math.max(0, first_token_ms - before) : null,
    tokensPerS: tokens_out === null || tokens_out === 0 || workMs <= 0 ? null : tokens_out / (workMs / 1000),
    cold: (record.load_ms ?? 0) > 0,
  }
}
