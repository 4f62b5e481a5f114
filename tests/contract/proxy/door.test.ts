import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { DEFAULT_PROXY_SETTINGS } from '../../../src-main/proxy/defaults.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { ask, remote, startProxy } from './studio-proxy.ts'

/** Sends bytes as they are and gives back the status line and everything after it. */
async function raw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write(text)
  let all = ''
  socket.on('data', (data) => (all += data.toString()))
  socket.on('error', () => undefined)
  await once(socket, 'close')
  return all
}
/** What comes back when the pieces are written one after another with a pause before each. */
async function drip(port: number, head: string, pieces: readonly string[], pauseMs: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  let all = ''
  socket.on('data', (data) => (all += data.toString()))
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  socket.write(head)
  for (const piece of pieces) {
    await pause(pauseMs)
    if (socket.destroyed || all !== '') break
    socket.write(piece)
  }
  await closed
  return all
}
const get = (port: number, headers: string, target = '/v1/health') => raw(port, `GET ${target} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`)
const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

describe('who may speak', () => {
  it('rebinding, cross-site and doubled names get 403 on every path alike, and no CORS header', async () => {
    const { port } = await startProxy({})
    const own = `Host: 127.0.0.1:${port}`
    const knocks = [
      'Host: evil.example',
      'X-Nothing: 1',
      `${own}\r\nHost: evil.example`,
      `${own}\r\nOrigin: https://evil.example`,
      `${own}\r\nOrigin: null`,
    ]
    for (const headers of knocks) {
      const [known, unknown] = [await get(port, headers), await get(port, headers, '/nothing')]
      expect(known).toMatch(/^HTTP\/1\.1 40[03]/)
      expect(known.replace(/^Date:.*$/m, '')).toBe(unknown.replace(/^Date:.*$/m, ''))
      expect(known.toLowerCase()).not.toContain('access-control')
    }
    expect(
      await raw(
        port,
        `OPTIONS /v1/models HTTP/1.1\r\n${own}\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Private-Network: true\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 403/)
    expect(await get(port, own, 'http://evil.example/v1/models')).toMatch(/^HTTP\/1\.1 403/)
    expect(await get(port, own)).toMatch(/^HTTP\/1\.1 200/)
  })

  it('the token', async () => {
    const { url, client } = await startProxy({ token: 'a-long-secret' })
    expect((await fetch(`${url}/models`)).status).toBe(401)
    expect((await fetch(`${url}/models`, { headers: { authorization: 'Bearer a-long-secreT' } })).status).toBe(401)
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['embedded-basic-facts'])
  })

  // Only Linux answers on all of 127/8 without being told to.
  it.skipIf(process.platform !== 'linux')('only this machine: another address of it must not answer', async () => {
    const { port } = await startProxy({})
    const socket = net.connect(port, '127.0.0.2')
    const [outcome] = await Promise.race([once(socket, 'error'), once(socket, 'connect').then(() => ['connected'])])
    socket.destroy()
    expect(outcome).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('smuggling: two lengths, two framings', async () => {
    const { port } = await startProxy({})
    const start = `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`
    expect(await raw(port, `${start}Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw(port, `${start}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw(port, `GET /v1/health HTTP/1.1\nHost: 127.0.0.1:${port}\n\n`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw(port, `${start}Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw(port, `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw(port, `${start}Content-Length: 2\r\n X: folded\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await raw(port, `GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431|^$/)
  })
})

describe('a page whose origin is listed', () => {
  const origin = 'https://tool.example'
  const start = () => startProxy({ token: 'a-long-secret', options: { settings: () => ({ ...DEFAULT_PROXY_SETTINGS, origins: [origin] }) } })
  it('may ask whether it may ask, and then ask with the token; no other page, and no grant into the local network', async () => {
    const { port } = await start()
    const own = `Host: 127.0.0.1:${port}`
    const preflight = await raw(
      port,
      `OPTIONS /v1/models HTTP/1.1\r\n${own}\r\nOrigin: ${origin}\r\nSec-Fetch-Site: cross-site\r\nAccess-Control-Request-Private-Network: true\r\nConnection: close\r\n\r\n`,
    )
    expect(preflight).toMatch(/^HTTP\/1\.1 204/)
    expect(preflight.toLowerCase()).toContain(`access-control-allow-origin: ${origin}`)
    expect(preflight.toLowerCase()).not.toContain('private-network')
    expect(await get(port, `${own}\r\nOrigin: ${origin}`, '/v1/models')).toMatch(/^HTTP\/1\.1 401/)
    const answer = await get(port, `${own}\r\nOrigin: ${origin}\r\nAuthorization: Bearer a-long-secret`, '/v1/models')
    expect(answer).toMatch(/^HTTP\/1\.1 200/)
    expect(answer.toLowerCase()).toContain(`access-control-allow-origin: ${origin}`)
    for (const other of ['https://tool.example.evil', 'http://tool.example', `${origin}:444`, 'null', ''])
      expect(await get(port, `${own}\r\nOrigin: ${other}\r\nAuthorization: Bearer a-long-secret`)).toMatch(/^HTTP\/1\.1 403/)
  })
})

describe('a slow caller', () => {
  it('that never ends its body, or its headers, is let go in time, and others are served meanwhile', async () => {
    const { port } = await startProxy({ limits: { requestWithinMs: 300, headersWithinMs: 300 } })
    const own = `Host: 127.0.0.1:${port}`
    const slow = [
      raw(port, `POST /v1/chat/completions HTTP/1.1\r\n${own}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"model":`),
      raw(port, `GET /v1/health HTTP/1.1\r\n${own}\r\nX-Slow: `),
    ]
    expect(await get(port, own)).toMatch(/^HTTP\/1\.1 200/)
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408|^$/)
  })

  const declared = (port: number, lengthBytes: number, path = '/v1/chat/completions') =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${lengthBytes}\r\n\r\n`

  it('whose bytes stop is told so as soon as they are missed, on every route, and the log has it', async () => {
    const { port, logged } = await startProxy({ limits: { bodyPace: { idleMs: 200, graceMs: 60_000, minBytesPerS: 1 } } })
    for (const path of ['/v1/chat/completions', '/v1/gpu/lease']) {
      const startedAtMs = performance.now()
      const answer = await raw(port, `${declared(port, 500, path).replace('Connection: close\r\n', '')}{"model":`)
      expect(answer).toMatch(/^HTTP\/1\.1 408/)
      expect(answer.toLowerCase()).toContain('connection: close')
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
        error: { code: 'request_timeout', studio_code: 'request-too-slow', data: { why: 'idle', receivedBytes: 9 } },
      })
      expect(performance.now() - startedAtMs).toBeLessThan(5_000)
    }
    expect(await logged()).toMatchObject([{ status: 408, error_code: 'request-too-slow' }])
  })

  it('that drips byte after byte is cut by the rate, however steadily it drips; one that sends more gets more time', async () => {
    const { port } = await startProxy({ limits: { bodyPace: { idleMs: 60_000, graceMs: 300, minBytesPerS: 100_000 } } })
    const whole = JSON.stringify({ ...ask('embedded-basic-facts'), padding: 'x'.repeat(1_000_000) })
    const dripped = drip(
      port,
      declared(port, 500),
      Array.from({ length: 500 }, () => ' '),
      20,
    )
    const steady = drip(port, declared(port, whole.length) + whole.slice(0, 600_000), [whole.slice(600_000)], 500)
    const answer = await dripped
    expect(answer).toMatch(/^HTTP\/1\.1 408/)
    expect(answer).toContain('"why":"rate"')
    expect(await steady).not.toMatch(/^HTTP\/1\.1 408/)
  })
})

describe('what may be sent', () => {
  it('a form or plain text, which a page may send unasked, is refused', async () => {
    const { url } = await startProxy({})
    const body = JSON.stringify(ask('embedded-basic-facts'))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', '']) {
      expect((await post(url, body, { 'content-type': type })).status).toBe(415)
    }
    expect((await post(url, body, { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('too much is refused: declared before it is read, undeclared when it is too much, and the next request is served', async () => {
    const { url, port, logged } = await startProxy({ limits: { maxBodyBytes: 100_000 } })
    expect((await post(url, 'x'.repeat(100_001))).status).toBe(413)
    const request = http.request(`${url}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    request.on('error', () => undefined)
    const answered = once(request, 'response')
    for (let i = 0; i < 20; i++) request.write('x'.repeat(10_000))
    const [response] = (await answered) as [http.IncomingMessage]
    expect(response.statusCode).toBe(413)
    request.destroy()
    expect((await logged()).map(({ status, error_code: code }) => [status, code])).toEqual([
      [413, 'payload-too-large'],
      [413, 'payload-too-large'],
    ])
    expect(await get(port, `Host: 127.0.0.1:${port}`)).toMatch(/^HTTP\/1\.1 200/)
  })

  const bad: [string, string][] = [
    ['nothing', ''],
    ['no JSON', '{"model":'],
    ['a list', '[]'],
    ['messages as text', '{"model":"m","messages":"x"}'],
    ['10,000 levels', `{"model":"m","messages":[${'['.repeat(10_000)}${']'.repeat(10_000)}]}`],
    ['a million values', `{"model":"m","messages":[${'1,'.repeat(1_000_000)}1]}`],
    ['a model twice', '{"model":"a","model":"b","messages":[{}]}'],
    [
      'a picture to be fetched',
      '{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://169.254.169.254/"}}]}]}',
    ],
  ]
  for (const [what, body] of bad) {
    it(`${what}: 400 in OpenAI's envelope`, async () => {
      const { url } = await startProxy({})
      const response = await post(url, body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'invalid_request', message: expect.any(String) } })
    })
  }
})

describe('the port', () => {
  it('taken by another program: the next one, and it says so', async () => {
    const other = http.createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port: taken } = other.address() as net.AddressInfo
    const { port, note, url } = await startProxy({ port: taken })
    other.close()
    expect(port).toBeGreaterThan(taken)
    expect(note).toContain(String(taken))
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('stopping ends what is in work, is done twice without harm, and frees the port', async () => {
    const upstream = await startOpenAiServer('--stall')
    const { proxy, client, port } = await startProxy({ entries: [remote(upstream.origin)] })
    const pending = client.chat.completions.create(ask('upstream'))
    pending.catch(() => undefined)
    while ((await upstream.seen()).open === 0);
    await Promise.all([proxy.stop(), proxy.stop()])
    await expect(pending).rejects.toThrow()
    const again = net.createServer().listen(port, '127.0.0.1')
    await once(again, 'listening')
    again.close()
  })
})

describe('questions', () => {
  const json = async (url: string) => {
    const response = await fetch(url)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  it('select_by_role ranks, explains, and plans for what is not here', async () => {
    const { url, service } = await startProxy({})
    await service.setProfile('development')
    const { body } = await json(`${url}/models/select_by_role?role=caption&top_n=2&explain=true&assume_installed=true`)
    expect(body).toMatchObject({ role: 'caption', profile: 'development', max_vram_mb: 10_000, top_n: 2 })
    expect((body['models'] as { name: string }[]).map(({ name }) => name)).toEqual(['qwen25vl_8.3b_(Q4_K_M)', 'florence-2-large_(FP16)'])
    expect(body['rejected']).toContainEqual({ name: 'qwen3-vl-8b-instruct_(FP8)', reason: 'needs 10600 of 10000 MB' })
    const plain = await json(`${url}/models/select_by_role?role=caption`)
    expect(plain.body['models']).toEqual([
      { id: 'embedded-basic-facts', name: 'embedded-basic-facts', backend: 'embedded', quantization: null, vram_estimate_mb: 0, role_priority: 10 },
    ])
    expect(plain.body).not.toHaveProperty('rejected')
  })
  it('wrong questions are 400 with the field, unknown paths and methods 404', async () => {
    const { url } = await startProxy({})
    for (const query of ['', '?role=', '?role=captions', '?role=caption&top_n=0', '?role=caption&top_n=x', '?role=caption&explain=maybe']) {
      expect((await json(`${url}/models/select_by_role${query}`)).status).toBe(400)
    }
    const misspelt = await json(`${url}/models/select_by_role?role=caption&explian=true`)
    expect(misspelt).toMatchObject({ status: 400, body: { error: { param: 'explian', message: expect.stringContaining('explain?') } } })
    expect((await json(`${url}/nothing`)).status).toBe(404)
    expect((await fetch(`${url}/models`, { method: 'DELETE' })).status).toBe(404)
    expect((await json(`${url}/models/%zz`)).status).toBe(400)
  })
  it('profile and health', async () => {
    const { url } = await startProxy({})
    expect((await json(`${url}/config/profile`)).body).toMatchObject({ active: 'cpu_only', detected: 'cpu_only', gpus: [] })
    expect((await json(`${url}/health`)).body).toMatchObject({ status: 'ok' })
  })
})
