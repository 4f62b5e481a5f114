/** The browser host over real HTTP and WebSockets: who gets in, and what the envelope looks like. */
import http from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import { startWebHost } from '../../../src-main/web/web-host.ts'

let folder: string
let host: Awaited<ReturnType<typeof startWebHost>>
let emit: (event: StudioEvent) => void = () => undefined
const asked: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-web-'))
  writeFileSync(path.join(folder, 'index.html'), '<p>studio</p>')
  writeFileSync(path.join(folder, 'one.jpg'), 'jpeg bytes')
  host = await startWebHost(
    {
      dispatch: async (name, input) => {
        asked.push(name)
        return { ok: true, value: { name, input } }
      },
      subscribe: (listener) => {
        emit = listener
        return () => undefined
      },
      modelView: async (photoId, longEdge) => Buffer.from(`view ${photoId} ${longEdge}`),
      thumbnail: async (photoId, size) => {
        if (photoId !== 1 || size !== 320) throw new Error('no such picture')
        return { file: path.join(folder, 'one.jpg'), contentType: 'image/jpeg' }
      },
      rendererFolder: folder,
    },
    0,
  )
})
afterAll(async () => {
  await host.stop()
  rmSync(folder, { recursive: true })
})

const token = () => host.url.split('#token=')[1] ?? ''
const post = (address: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${host.origin}${address}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
async function session(): Promise<string> {
  const reply = await post('/session', { token: token() })
  return reply.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}
/** fetch() will not forge a Host header; a raw request will. */
function raw(headers: Record<string, string>, target = '/'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(host.origin)
    http.get({ hostname, port, path: target, headers }, (reply) => resolve(reply.resume().statusCode)).on('error', reject)
  })
}

describe('the session', () => {
  it('is had for the token and nothing else', async () => {
    expect((await post('/session', { token: 'wrong' })).status).toBe(401)
    expect((await post('/session', 'x')).status).toBe(401)
    const good = await post('/session', { token: token() })
    expect(good.status).toBe(200)
    expect(good.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Strict/)
  })

  it('is needed for requests, pictures and events', async () => {
    const before = asked.length
    expect((await post('/api/app.info', {})).status).toBe(401)
    expect((await fetch(`${host.origin}/media/thumb/1/320`)).status).toBe(401)
    expect(await closeCode({ origin: host.origin })).toBe('refused')
    expect(asked).toHaveLength(before)
  })
})

describe('with a session', () => {
  it('passes requests to the studio as they are', async () => {
    const reply = await post('/api/library.photo', { photoId: 3 }, { cookie: await session() })
    expect(await reply.json()).toEqual({ ok: true, value: { name: 'library.photo', input: { photoId: 3 } } })
  })

  it('serves pictures by id, with a fixed type, and nothing by path', async () => {
    const cookie = await session()
    const view = await fetch(`${host.origin}/media/view/7/1024`, { headers: { cookie } })
    expect([view.status, view.headers.get('content-type'), await view.text()]).toEqual([200, 'image/jpeg', 'view 7 1024'])
    expect((await fetch(`${host.origin}/media/view/7/1024`)).status).toBe(401)
    const good = await fetch(`${host.origin}/media/thumb/1/320?v=abc`, { headers: { cookie } })
    expect([good.status, good.headers.get('content-type'), good.headers.get('x-content-type-options')]).toEqual([200, 'image/jpeg', 'nosniff'])
    expect(await good.text()).toBe('jpeg bytes')
    for (const address of [
      '/media/thumb/2/320',
      '/media/thumb/..%2f..%2fetc%2fpasswd/320',
      '/media/thumb/1/320/..',
      '/..%2f..%2fetc/passwd',
      '/%2e%2e/package.json',
    ]) {
      expect((await fetch(`${host.origin}${address}`, { headers: { cookie } })).status, address).toBe(404)
    }
  })

  it('sends events to its own page only', async () => {
    const cookie = await session()
    const socket = new WebSocket(`${host.origin.replace('http', 'ws')}/events`, { headers: { cookie, origin: host.origin } })
    const heard = new Promise<string>((resolve) => socket.once('message', (data) => resolve(data.toString())))
    await new Promise((resolve) => socket.once('open', resolve))
    emit({ name: 'settings.changed', data: {} })
    expect(JSON.parse(await heard)).toEqual({ name: 'settings.changed', data: {} })
    socket.close()
    expect(await closeCode({ cookie, origin: 'https://evil.example' })).toBe('refused')
    expect(await closeCode({ cookie })).toBe('refused')
  })
})

describe('the page', () => {
  it('comes with a strict policy', async () => {
    const page = await fetch(`${host.origin}/`)
    expect(await page.text()).toBe('<p>studio</p>')
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(page.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('is not had through another name', async () => {
    expect(await raw({ host: 'evil.example' })).toBe(403)
    expect(await raw({ host: new URL(host.origin).host })).toBe(200)
  })

  it('listens on loopback only', () => {
    expect(new URL(host.origin).hostname).toBe('127.0.0.1')
  })
})

function closeCode(headers: Record<string, string>): Promise<'refused' | 'open'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${host.origin.replace('http', 'ws')}/events`, { headers })
    socket.once('open', () => (socket.close(), resolve('open')))
    socket.once('error', () => resolve('refused'))
  })
}
