import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createUpstream, DEFAULT_TIMEOUTS, type UpstreamRequest, type UpstreamTimeouts } from '../../../src-main/backends/http-upstream.ts'
import { NEVER, readText, until } from './backend-kit.ts'

async function listen(server: net.Server): Promise<URL> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => undefined).once('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`)
}

/** A server that keeps connections, and counts them. */
async function keepingServer(answer: http.RequestListener) {
  const server = http.createServer(answer)
  const seen = { connections: 0, open: 0 }
  server.on('connection', (socket) => {
    seen.connections += 1
    seen.open += 1
    socket.once('close', () => (seen.open -= 1))
  })
  return { url: await listen(server), seen }
}

const post = (url: URL, more: Partial<Omit<UpstreamRequest, 'timeouts'>> & { timeouts?: Partial<UpstreamTimeouts> } = {}): UpstreamRequest => ({
  method: 'POST',
  url,
  body: Buffer.from('{"a":1}'),
  signal: NEVER,
  ...more,
  timeouts: { ...DEFAULT_TIMEOUTS, ...more.timeouts },
})

const echo: http.RequestListener = (request, response) => {
  request.resume().on('end', () => response.end('ok'))
}

describe('connections', () => {
  it('are used again, and end with the studio', async () => {
    const { url, seen } = await keepingServer(echo)
    const upstream = createUpstream()
    for (let i = 0; i < 5; i++) expect(await readText(await upstream.request(post(url)))).toBe('ok')
    expect(seen.connections).toBe(1)
    upstream.dispose()
    await until(() => seen.open === 0)
  })

  it('to one origin are bounded; requests beyond wait for one', async () => {
    const { url, seen } = await keepingServer(echo)
    const upstream = createUpstream({ maxSocketsPerOrigin: 2 })
    onTestFinished(() => upstream.dispose())
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => readText(await upstream.request(post(url, { timeouts: { connectMs: 2_000 } })))),
    )
    expect(answers).toEqual(Array.from({ length: 12 }, () => 'ok'))
    expect(seen.connections).toBe(2)
  })

  it('that nobody uses are closed', async () => {
    const { url, seen } = await keepingServer(echo)
    const upstream = createUpstream({ idleSocketMs: 50 })
    onTestFinished(() => upstream.dispose())
    await readText(await upstream.request(post(url)))
    await until(() => seen.open === 0)
  })

  it('of an answer that is left early do not stay', async () => {
    const { url, seen } = await keepingServer((_, response) => {
      response.write('first')
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    const reply = await upstream.request(post(url))
    for await (const _ of reply.body) break
    await until(() => seen.open === 0)
  })

  it('of an answer that nobody reads end with the caller', async () => {
    const { url, seen } = await keepingServer((_, response) => {
      response.write('first')
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    const caller = new AbortController()
    await upstream.request(post(url, { signal: caller.signal }))
    caller.abort()
    await until(() => seen.open === 0)
  })
})

/** Speaks HTTP by hand, so that the test says when a connection breaks. `requests` gets each request with its connection's number. */
async function rawServer(onRequest: (socket: Socket, connection: number, nth: number) => void) {
  let connections = 0
  const server = net.createServer((socket) => {
    const connection = ++connections
    let nth = 0
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      while (text.includes('{"a":1}')) {
        text = text.slice(text.indexOf('{"a":1}') + 7)
        onRequest(socket, connection, ++nth)
      }
    })
  })
  return listen(server)
}
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok'

describe('a kept connection that the server has closed', () => {
  it('must not fail the request: it is sent once more, on a new one', async () => {
    const seen: string[] = []
    const url = await rawServer((socket, connection, nth) => {
      seen.push(`${connection}.${nth}`)
      if (connection === 1 && nth === 2) socket.resetAndDestroy()
      else socket.write(OK)
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    expect(await readText(await upstream.request(post(url)))).toBe('ok')
    expect(await readText(await upstream.request(post(url)))).toBe('ok')
    expect(seen).toEqual(['1.1', '1.2', '2.1'])
  })

  it('is tried again once, not for ever', async () => {
    const seen: string[] = []
    const url = await rawServer((socket, connection, nth) => {
      seen.push(`${connection}.${nth}`)
      if (connection === 1 && nth === 1) socket.write(OK)
      else socket.resetAndDestroy()
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    await readText(await upstream.request(post(url)))
    await expect(upstream.request(post(url))).rejects.toMatchObject({ code: 'backend-failed' })
    expect(seen).toEqual(['1.1', '1.2', '2.1'])
  })

  it('one that breaks when the server may be at work on the request is told: a generation must not be paid for twice', async () => {
    const seen: string[] = []
    const url = await rawServer((socket, connection, nth) => {
      seen.push(`${connection}.${nth}`)
      if (nth === 1) socket.write(OK)
      else setTimeout(() => socket.resetAndDestroy(), 250)
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    await readText(await upstream.request(post(url)))
    await expect(upstream.request(post(url))).rejects.toMatchObject({ code: 'backend-failed', data: { errno: 'ECONNRESET' } })
    expect(seen).toEqual(['1.1', '1.2'])
  })

  it('a new connection that breaks is told at once: the server may be at work on the request', async () => {
    const seen: string[] = []
    const url = await rawServer((socket, connection, nth) => {
      seen.push(`${connection}.${nth}`)
      socket.resetAndDestroy()
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    await expect(upstream.request(post(url))).rejects.toMatchObject({ code: 'backend-failed' })
    expect(seen).toEqual(['1.1'])
  })

  it('after the first byte nothing is repeated', async () => {
    const seen: string[] = []
    const url = await rawServer((socket, connection, nth) => {
      seen.push(`${connection}.${nth}`)
      socket.write(nth === 1 ? OK : 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf', () => nth === 2 && socket.resetAndDestroy())
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    await readText(await upstream.request(post(url)))
    const reply = upstream.request(post(url)).then(readText)
    await expect(reply).rejects.toMatchObject({ code: 'backend-failed' })
    expect(seen).toEqual(['1.1', '1.2'])
  })
})

describe('deadlines', () => {
  it('for the first byte, between two pieces, and for the whole', async () => {
    const { url, seen } = await keepingServer((request, response) => {
      request.resume()
      if (request.url === '/silent') return
      response.write('a')
      if (request.url === '/stalls') return
      const drip = setInterval(() => response.write('a'), 20)
      response.once('close', () => clearInterval(drip))
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    const stage = (path: string, timeouts: Partial<UpstreamTimeouts>) =>
      upstream
        .request(post(new URL(path, url), { timeouts }))
        .then(readText)
        .catch((error: { code: string; data: { stage: string } }) => [error.code, error.data.stage])
    expect(await stage('/silent', { firstByteMs: 60 })).toEqual(['backend-timeout', 'waiting for the first byte'])
    expect(await stage('/stalls', { idleMs: 60 })).toEqual(['backend-timeout', 'between two pieces of the answer'])
    expect(await stage('/drips', { idleMs: 2_000, totalMs: 150 })).toEqual(['backend-timeout', 'the whole answer'])
    await until(() => seen.open === 0)
  })

  it('a caller that goes away is `cancelled`, before and within the answer', async () => {
    const { url, seen } = await keepingServer((request, response) => {
      if (request.url !== '/silent') response.write('a')
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    const gone = new AbortController()
    gone.abort()
    await expect(upstream.request(post(url, { signal: gone.signal }))).rejects.toMatchObject({ code: 'cancelled' })
    const early = new AbortController()
    const waiting = upstream.request(post(new URL('/silent', url), { signal: early.signal }))
    await until(() => seen.open === 1)
    early.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    const late = new AbortController()
    const reply = await upstream.request(post(url, { signal: late.signal }))
    const reading = (async () => {
      for await (const _ of reply.body) late.abort()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    await until(() => seen.open === 0)
  })
})

describe('an answer', () => {
  it('that nobody takes is held back at the server: a slow caller must not fill our memory', async () => {
    const whole = 64 * 1024 * 1024
    const piece = Buffer.alloc(256 * 1024, 0x61)
    let sentBytes = 0
    const { url } = await keepingServer((request, response) => {
      request.resume()
      const more = () => {
        while (sentBytes < whole) {
          sentBytes += piece.length
          if (!response.write(piece)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const upstream = createUpstream()
    onTestFinished(() => upstream.dispose())
    const reply = await upstream.request(post(url))
    const pieces = reply.body[Symbol.asyncIterator]()
    let takenBytes = (await pieces.next()).value?.length ?? 0
    for (let before = -1; before !== sentBytes; ) {
      before = sentBytes
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    // What the system keeps of a connection, and little more.
    expect(sentBytes).toBeLessThan(whole / 2)
    for (let step = await pieces.next(); !step.done; step = await pieces.next()) takenBytes += step.value.length
    expect(takenBytes).toBe(whole)
  })
})
