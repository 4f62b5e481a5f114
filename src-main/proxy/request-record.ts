/** The line of the log that a request begins with. */
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import type { RequestRecord } from './ports.ts'
import { readAttempt, readCaller } from './request-headers.ts'

export function blankRecord(headers: IncomingHttpHeaders, clock: Clock): RequestRecord {
  return {
    id: randomUUID(),
    time: new Date(clock.nowMs()).toISOString(),
    caller: readCaller(headers),
    role: null,
    model: null,
    backend: null,
    prompt_hash: null,
    options: {},
    images: { count: 0, bytes: 0, sent_bytes: 0, hash: null },
    stream: false,
    trimmed: null,
    attempt: readAttempt(headers),
    queue_ms: null,
    load_ms: null,
    first_token_ms: null,
    total_ms: 0,
    tokens_in: null,
    tokens_out: null,
    tokens_estimated: false,
    finish_reason: null,
    status: 0,
    error_code: null,
  }
}
