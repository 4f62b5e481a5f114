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

export interface Rules {
  /** That we listen on. */
  port: number
  /** When set, every request must carry it as a bearer token. */
  token: string | null
  /** Of web pages that may speak to us; any other page may not. */
  origins: readonly string[]
}

/** `origin`: of the page that asks, when it is a listed one; `preflight`: it asks whether it may ask. */
export type Verdict = { allowed: true; origin: string | null; preflight: boolean } | { allowed: false; status: 401 | 403 }

/** All values of each header that the guard looks at. */
function valuesIn(rawHeaders: readonly string[]) {
  const values = { host: [] as string[], origin: [] as string[], 'sec-fetch-site': [] as string[], authorization: [] as string[] }
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (Object.hasOwn(values, name)) values[name as keyof typeof values].push(rawHeaders[i + 1] ?? '')
  }
  return values
}

/** Compares in constant time: the digests have one length whatever was sent. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

export function judge(knock: Knock, { port, token, origins }: Rules): Verdict {
  const refused: Verdict = { allowed: false, status: 403 }
  const { host: hosts, origin: given, 'sec-fetch-site': sites, authorization } = valuesIn(knock.rawHeaders)
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]
  if (hosts.length !== 1 || !names.includes((hosts[0] ?? '').toLowerCase())) return refused
  // `GET http://elsewhere/ HTTP/1.1`: a request for a forward proxy, which this is not. Two slashes would read as a host.
  if (!knock.url.startsWith('/') || knock.url.startsWith('//')) return refused
  const origin = given.length === 1 && given[0] !== undefined && given[0] !== 'null' && origins.includes(given[0]) ? given[0] : null
  if (given.length > 0 && origin === null) return refused
  if (origin === null && sites.some((site) => site !== 'none' && site !== 'same-origin')) return refused
  // A browser sends no token along with the question whether it may send one.
  if (origin !== null && knock.method === 'OPTIONS') return { allowed: true, origin, preflight: true }
  if (token === null || hasToken(authorization, token)) return { allowed: true, origin, preflight: false }
  return { allowed: false, status: 401 }
}

function hasToken(given: readonly string[], token: string): boolean {
  const bearer = given.length === 1 ? (/^Bearer (.+)$/i.exec(given[0] ?? '')?.[1] ?? '') : ''
  return sameSecret(bearer, token)
}
