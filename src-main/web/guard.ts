/**
 * Who may speak to a server on loopback. Two attacks are in mind: DNS rebinding (a web page whose name points at 127.0.0.1: the Host
 * header gives it away) and cross-site requests (a web page that posts to us: the Origin header gives it away).
 */
import { timingSafeEqual } from 'node:crypto'

export interface Knock {
  host: string | undefined
  origin: string | undefined
  method: string
  contentType: string | undefined
}

/** The HTTP status to refuse with, or undefined when the request may go on. `port` is ours. */
export function refuse(knock: Knock, port: number): 403 | 415 | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]
  if (knock.host === undefined || !hosts.includes(knock.host)) return 403
  if (knock.origin !== undefined && !hosts.some((host) => knock.origin === `http://${host}`)) return 403
  if (knock.method === 'POST' && !/^application\/json(;|$)/i.test(knock.contentType ?? '')) return 415
  if (!['GET', 'HEAD', 'POST'].includes(knock.method)) return 403
  return undefined
}

/** Compares two secrets in a time that tells nothing about where they differ. */
export function sameSecret(given: string, wanted: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(wanted)
  return a.length === b.length && timingSafeEqual(a, b)
}

export function findCookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, ...value] = part.trim().split('=')
    if (key === name) return value.join('=')
  }
  return undefined
}
