/**
 * Who may speak to a port on loopback. DNS rebinding: a web page's own name made to point at 127.0.0.1, so the Host header still carries
 * that name. Cross-site requests: a page posts to 127.0.0.1 directly, so the browser adds an Origin. Pure.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

export interface Knock {
  method: string
  url: string
  /** As sent: name, value, name, value … so that doubled headers are seen. */
  rawHeaders: readonly string[]
}

export type Verdict = { allowed: true } | { allowed: false; status: 401 | 403 }

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.flatMap((header, i) => (i % 2 === 0 && header.toLowerCase() === name ? [rawHeaders[i + 1] ?? ''] : []))
}

/** Compares in constant time: the digests have one length whatever was sent. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

export function judge(knock: Knock, port: number, token: string | null): Verdict {
  const refused: Verdict = { allowed: false, status: 403 }
  const hosts = valuesOf(knock.rawHeaders, 'host')
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]
  if (hosts.length !== 1 || !names.includes((hosts[0] ?? '').toLowerCase())) return refused
  // `GET http://elsewhere/ HTTP/1.1`: a request for a forward proxy, which this is not.
  if (!knock.url.startsWith('/')) return refused
  if (valuesOf(knock.rawHeaders, 'origin').length > 0) return refused
  const sites = valuesOf(knock.rawHeaders, 'sec-fetch-site')
  if (sites.some((site) => site !== 'none' && site !== 'same-origin')) return refused
  if (token === null) return { allowed: true }
  const given = valuesOf(knock.rawHeaders, 'authorization')
  const bearer = given.length === 1 ? (/^Bearer (.+)$/i.exec(given[0] ?? '')?.[1] ?? '') : ''
  return sameSecret(bearer, token) ? { allowed: true } : { allowed: false, status: 401 }
}
