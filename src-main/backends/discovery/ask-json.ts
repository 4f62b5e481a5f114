/** One bounded question to a model server, answered in JSON of a known shape. */
import type { z } from 'zod'
import { StudioError } from '../../lib/studio-error.ts'
import { readJson, requestUpstream } from '../http-upstream.ts'

interface Question<T> {
  url: URL
  shape: z.ZodType<T>
  /** Milliseconds for the whole answer. */
  boundMs: number
  body?: unknown
  key?: string | undefined
}

/** @throws StudioError `backend-unreachable`, `backend-timeout`, `backend-failed`. */
export async function askJson<T>({ url, shape, boundMs, body, key }: Question<T>): Promise<T> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), boundMs)
  try {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const reply = await requestUpstream({
      method: bytes ? 'POST' : 'GET',
      url,
      ...(bytes ? { body: bytes } : {}),
      ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
      timeouts: { connectMs: boundMs, firstByteMs: boundMs, idleMs: boundMs },
      signal: abort.signal,
    })
    const parsed = shape.safeParse(await readJson(reply, url.origin))
    if (reply.status === 200 && parsed.success) return parsed.data
    throw new StudioError('backend-failed', `the server at ${url.origin} does not answer as expected (status ${reply.status})`, {
      data: { origin: url.origin, status: reply.status },
    })
  } catch (error) {
    if (!abort.signal.aborted) throw error
    throw new StudioError('backend-timeout', `the server at ${url.origin} gave no answer within ${boundMs} ms`, {
      data: { origin: url.origin, boundMs },
    })
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
}
