/**
 * The browser host: the contract over HTTP and a WebSocket on loopback, the built renderer as static files, thumbnails by id.
 * Owns a transport and its lifetime and nothing else. Runs in plain Node.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Envelope } from '../contract/envelope.ts'
import type { StudioEvent } from '../contract/events.ts'
import { CONTENT_SECURITY_POLICY } from '../lib/page-policy.ts'
import { findCookie, refuse, sameSecret } from './guard.ts'

export interface WebHostParts {
  dispatch(name: string, input: unknown): Promise<Envelope<unknown>>
  subscribe(listener: (event: StudioEvent) => void): () => void
  /** Rejects with anything when there is no such thumbnail. */
  thumbnail(photoId: number, size: number): Promise<{ file: string; contentType: string }>
  /** Rejects with anything when there is no such view. */
  modelView(photoId: number, longEdge: number): Promise<Uint8Array>
  rendererFolder: string
}

const MAX_BODY_BYTES = 16 * 1024 * 1024

/** @param port 0 for any free port. @returns `url` carries the session token in its fragment, which never reaches a server log. */
export async function startWebHost(parts: WebHostParts, port: number): Promise<{ url: string; origin: string; stop(): Promise<void> }> {
  const { createServer } = await import('node:http')
  const { WebSocketServer } = await import('ws')
  const token = randomBytes(24).toString('base64url')
  const session = randomBytes(24).toString('base64url')
  let ownPort = port
  const cookieName = () => `imageworks-${ownPort}`
  const isMember = (cookie: string | undefined) => sameSecret(findCookie(cookie, cookieName()) ?? '', session)

  const app = new Hono()
  app.use('*', async (context, next) => {
    const header = (name: string) => context.req.header(name)
    const status = refuse(
      { host: header('host'), origin: header('origin'), method: context.req.method, contentType: header('content-type') },
      ownPort,
    )
    if (status) return context.body(null, status)
    await next()
    context.header('content-security-policy', CONTENT_SECURITY_POLICY)
    context.header('x-content-type-options', 'nosniff')
    context.header('referrer-policy', 'no-referrer')
    context.header('cross-origin-resource-policy', 'same-origin')
    context.header('cross-origin-opener-policy', 'same-origin')
  })
  app.use('*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => context.body(null, 413) }))

  app.post('/session', async (context) => {
    const body: unknown = await context.req.json().catch(() => null)
    const given = typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string' ? body.token : ''
    if (!sameSecret(given, token)) return context.body(null, 401)
    context.header('set-cookie', `${cookieName()}=${session}; HttpOnly; SameSite=Strict; Path=/`)
    return context.json({ ok: true })
  })

  app.post('/api/:name', async (context) => {
    if (!isMember(context.req.header('cookie'))) {
      return context.json({ ok: false, error: { code: 'not-allowed', message: 'open the address that the studio printed', retry: 'never' } }, 401)
    }
    const body: unknown = await context.req.json().catch(() => undefined)
    return context.json(await parts.dispatch(context.req.param('name'), body))
  })

  app.get('/media/thumb/:id{[0-9]+}/:size{[0-9]+}', async (context) => {
    if (!isMember(context.req.header('cookie'))) return context.body(null, 401)
    try {
      const { file, contentType } = await parts.thumbnail(Number(context.req.param('id')), Number(context.req.param('size')))
      const { size } = await stat(file)
      const version = context.req.query('v')
      return new Response(Readable.toWeb(createReadStream(file)) as ReadableStream, {
        headers: {
          'content-type': contentType,
          'content-length': String(size),
          // The address changes with the content; without a version it must be asked for again.
          'cache-control': version ? 'private, max-age=31536000, immutable' : 'no-store',
        },
      })
    } catch {
      return context.body(null, 404)
    }
  })

  app.get('/media/view/:id{[0-9]+}/:edge{[0-9]+}', async (context) => {
    if (!isMember(context.req.header('cookie'))) return context.body(null, 401)
    try {
      const jpeg = await parts.modelView(Number(context.req.param('id')), Number(context.req.param('edge')))
      return new Response(new Uint8Array(jpeg), { headers: { 'content-type': 'image/jpeg', 'cache-control': 'no-store' } })
    } catch {
      return context.body(null, 404)
    }
  })

  app.get('*', serveStatic({ root: path.relative(process.cwd(), parts.rendererFolder) || '.' }))
  app.notFound((context) => context.body(null, 404))

  const server: Server = createServer(getRequestListener(app.fetch))
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 })
  const unsubscribe = parts.subscribe((event) => {
    const frame = JSON.stringify(event)
    for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(frame)
  })
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const { host, origin, cookie } = request.headers
    const status = refuse({ host, origin, method: 'GET', contentType: undefined }, ownPort)
    if (status || origin === undefined || request.url !== '/events' || !isMember(cookie)) {
      socket.end(`HTTP/1.1 ${status ?? 401} Refused\r\nConnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  ownPort = (server.address() as AddressInfo).port
  const origin = `http://127.0.0.1:${ownPort}`

  return {
    url: `${origin}/#token=${token}`,
    origin,
    async stop() {
      unsubscribe()
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
