/** Load and queue must not count as the model's slowness; failures tell nothing. */
import { expect, it } from 'vitest'
import type { RequestRecord } from '../../../src-main/proxy/ports.ts'
import { speedOf } from '../../../src-main/proxy/request-speed.ts'

const record = (more: Partial<RequestRecord>) =>
  ({
    status: 200,
    error_code: null,
    stream: true,
    queue_ms: 100,
    load_ms: 0,
    first_token_ms: 400,
    total_ms: 2400,
    tokens_out: 100,
    ...more,
  }) as RequestRecord

it('a stream: first token without the wait, tokens over the time after it', () => {
  expect(speedOf(record({}))).toEqual({ ttftMs: 300, tokensPerS: 50, cold: false })
})
it('a load counts as cold and not as slowness', () => {
  expect(speedOf(record({ load_ms: 60_000, first_token_ms: 60_400, total_ms: 62_400 }))).toEqual({ ttftMs: 300, tokensPerS: 50, cold: true })
})
it('a whole answer: tokens over all the work', () => {
  expect(speedOf(record({ stream: false, first_token_ms: 2100, total_ms: 2100 }))).toEqual({ ttftMs: null, tokensPerS: 50, cold: false })
})
it.each([{ status: 503 }, { error_code: 'backend-failed' }, { first_token_ms: null }] as Partial<RequestRecord>[])('nothing from %o', (more) => {
  expect(speedOf(record(more))).toBeNull()
})
it('no count, no speed', () => expect(speedOf(record({ tokens_out: null }))?.tokensPerS).toBeNull())
