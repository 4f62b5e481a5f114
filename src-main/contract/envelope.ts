import type { Problem } from './model.ts'

/** What every transport answers to a request. `retry`: whether the same request may be offered again. */
export type Envelope<T> = { ok: true; value: T } | { ok: false; error: Problem & { retry: 'never' | 'now' | 'later' } }
