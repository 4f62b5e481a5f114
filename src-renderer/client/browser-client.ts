/** The client of the browser host: requests over HTTP, events over a WebSocket, a cookie as the session. */
import { connectEvents } from './event-socket.ts'
import { mediaAddress } from './media-address.ts'
import { ClientFailure, type ClientEvent, type Envelope, openEnvelope, type StudioClient } from './studio-client.ts'

/** The session token in a location fragment such as `#token=abc`, or undefined. */
export function findToken(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#\/?/, '')).get('token')
  return token === null || token === '' ? undefined : token
}

/**
 * Trades the token of the address for an HttpOnly cookie and takes it out of the address bar and the history.
 * Without a token nothing happens: the cookie of an earlier visit serves.
 */
export async function exchangeToken(page: Window): Promise<void> {
  const token = findToken(page.location.hash)
  if (token === undefined) return
  page.history.replaceState(null, '', `${page.location.pathname}${page.location.search}`)
  await page.fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
    credentials: 'same-origin',
  })
}

async function post(name: string, input: unknown): Promise<Envelope<unknown>> {
  try {
    const response = await fetch(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
      credentials: 'same-origin',
    })
    return (await response.json()) as Envelope<unknown>
  } catch {
    throw new ClientFailure({ code: 'connection-lost', message: `The studio did not answer ${name}.` }, 'later')
  }
}

export function createBrowserClient(page: Window): StudioClient {
  const listeners = new Set<(event: ClientEvent) => void>()
  let disconnect: (() => void) | undefined
  return {
    host: 'browser',
    async request(name, input) {
      return openEnvelope(await post(name, input)) as never
    },
    subscribe(listener) {
      listeners.add(listener)
      disconnect ??= connectEvents(`${page.location.protocol === 'https:' ? 'wss' : 'ws'}://${page.location.host}/events`, (event) => {
        for (const each of listeners) each(event)
      })
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        disconnect?.()
        disconnect = undefined
      }
    },
    thumbUrl: (photoId, size, contentHash) => mediaAddress('/media/thumb', photoId, size, contentHash),
    viewUrl: (photoId, longEdge) => `/media/view/${photoId}/${longEdge}`,
    admit: () => Promise.resolve(null),
  }
}
