import { writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { startScheduledProxy } from './scheduled-proxy.ts'
import { ask, remote, startProxy } from './studio-proxy.ts'

async function call(url: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> & { error?: { code: string; param: string | null } } }
}

describe('the profile', () => {
  it('is chosen by PUT, acts at once, and an unknown one is the caller’s mistake', async () => {
    const { url } = await startProxy({})
    expect((await call(`${url}/config/profile`, 'PUT', { profile: 'development' })).body).toMatchObject({ active: 'development' })
    expect((await call(`${url}/models/select_by_role?role=caption`)).body).toMatchObject({ profile: 'development' })
    expect(await call(`${url}/config/profile`, 'PUT', { profile: 'huge' })).toMatchObject({
      status: 400,
      body: { error: { code: 'profile_unknown', type: 'invalid_request_error', param: 'profile' } },
    })
    expect(await call(`${url}/config/profile`, 'PUT', {})).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request', param: 'profile' } },
    })
    expect((await call(`${url}/config/profile`)).body).toMatchObject({ active: 'development' })
  })
  it('goes back to what was detected with null', async () => {
    const { url } = await startProxy({})
    await call(`${url}/config/profile`, 'PUT', { profile: 'development' })
    const back = { status: 200, body: { active: 'cpu_only', detected: 'cpu_only' } }
    expect(await call(`${url}/config/profile`, 'PUT', { profile: null })).toMatchObject(back)
    expect(await call(`${url}/config/profile`)).toMatchObject(back)
  })
})

describe('models by hand', () => {
  it('load, see, unload', async () => {
    const upstream = await startOpenAiServer()
    const { url } = await startScheduledProxy({ entries: [remote(upstream.origin)] })
    expect((await call(`${url}/backends/up%20stream/load`, 'POST', {})).body).toEqual({ name: 'upstream', state: 'ready', reason: null })
    expect((await call(`${url}/backends`)).body).toMatchObject({
      object: 'list',
      in_flight: 0,
      data: [{ name: 'upstream', backend: 'remote', state: 'ready', managed: true, need_mb: 10_000, claims: [{ gpu: 0, mb: 10_000 }] }],
    })
    expect((await call(`${url}/backends/upstream/unload`, 'POST')).body).toMatchObject({ name: 'upstream', state: 'stopped' })
    expect((await call(`${url}/backends/upstraem/load`, 'POST')).status).toBe(404)
  })
  it('a model that does not fit is refused with the figures before it is started', async () => {
    const upstream = await startOpenAiServer()
    const { url, client } = await startScheduledProxy({ entries: [remote(upstream.origin)] }, { needMb: 20_000 })
    const refused = { status: 503, body: { error: { code: 'model_does_not_fit', data: { needMb: 20_000 } } } }
    expect(await call(`${url}/backends/upstream/load`, 'POST')).toMatchObject(refused)
    await expect(client.chat.completions.create(ask('upstream'))).rejects.toMatchObject({ status: 503, code: 'model_does_not_fit' })
    expect(await upstream.chats()).toEqual([])
  })
})

describe('waiting for a model', () => {
  it('is told in headers and in the log, and its place is given back', async () => {
    const upstream = await startOpenAiServer()
    const start = () => new Promise<void>((resolve) => setTimeout(resolve, 30))
    const { client, logged, scheduler } = await startScheduledProxy({ entries: [remote(upstream.origin)] }, { start })
    const { response } = await client.chat.completions.create(ask('upstream')).withResponse()
    expect(Number(response.headers.get('x-imageworks-load-ms'))).toBeGreaterThanOrEqual(20)
    expect(response.headers.get('x-imageworks-queue-ms')).toMatch(/^\d+$/)
    expect((await logged())[0]).toMatchObject({ load_ms: expect.any(Number), queue_ms: expect.any(Number), attempt: 1, tokens_estimated: false })
    expect(scheduler.view()).toMatchObject({ inFlight: 0, waiting: 0 })
  })

  it('a full queue is 429 with retry-after; who goes away while waiting leaves it, and nothing is sent for nobody', async () => {
    const upstream = await startOpenAiServer('--stall')
    const { client, url, scheduler, logged } = await startScheduledProxy({ entries: [remote(upstream.origin)] })
    const aborts = Array.from({ length: 3 }, () => new AbortController())
    const send = ({ signal }: AbortController) => client.chat.completions.create(ask('upstream'), { signal }).catch((error: unknown) => error)
    const pending = [send(aborts[0]!)]
    await vi.waitFor(() => expect(scheduler.view().inFlight).toBe(1))
    pending.push(...aborts.slice(1).map(send))
    await vi.waitFor(() => expect(scheduler.view()).toMatchObject({ inFlight: 1, waiting: 2 }))
    const refused = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('upstream')),
    })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    aborts[1]!.abort()
    await vi.waitFor(() => expect(scheduler.view().waiting).toBe(1))
    aborts[2]!.abort()
    aborts[0]!.abort()
    await Promise.all(pending)
    await vi.waitFor(() => expect(scheduler.view()).toMatchObject({ inFlight: 0, waiting: 0 }))
    await vi.waitFor(async () => expect(await logged()).toHaveLength(4))
    expect(await upstream.chats()).toHaveLength(1)
  })

  it('an unknown priority is refused with the known ones; a known one goes on', async () => {
    const upstream = await startOpenAiServer()
    const seen: string[] = []
    const admission = {
      admit: async (_: unknown, { priority }: { priority: string }) => {
        seen.push(priority)
        return { queueMs: 12.4, loadMs: 0, release: () => seen.push('released') }
      },
    }
    const { client } = await startProxy({ entries: [remote(upstream.origin)], options: { admission } })
    await client.chat.completions.create(ask('upstream'), { headers: { 'x-imageworks-priority': 'batch' } })
    await client.chat.completions.create(ask('upstream'))
    expect(seen).toEqual(['batch', 'released', 'interactive', 'released'])
    await expect(client.chat.completions.create(ask('upstream'), { headers: { 'x-imageworks-priority': 'now' } })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      message: expect.stringContaining('interactive, batch, prefetch'),
    })
  })
})

describe('the cards for somebody else', () => {
  it('leased, seen without the token, kept by a heartbeat, given back; others wait their turn', async () => {
    const upstream = await startOpenAiServer()
    const { url, client } = await startScheduledProxy({ entries: [remote(upstream.origin)] })
    const { body: lease } = await call(`${url}/gpu/lease`, 'POST', { owner: 'judge', reason: 'aesthetics', ttl_seconds: 60 })
    expect(lease).toMatchObject({ token: expect.stringMatching(/.{20}/), ttl_seconds: 60 })
    const status = await call(`${url}/gpu/status`)
    expect(status.body).toMatchObject({ leased: true, lease: { phase: 'held', owner: 'judge', reason: 'aesthetics' } })
    expect(JSON.stringify(status.body)).not.toContain(String(lease['token']))
    await expect(client.chat.completions.create(ask('upstream'))).rejects.toMatchObject({ status: 423, code: 'gpu_leased' })
    expect(await call(`${url}/gpu/lease`, 'POST', { owner: 'other' })).toMatchObject({ status: 423 })
    const byHeader = await call(`${url}/gpu/lease`, 'POST', {}, { 'x-imageworks-lease': String(lease['token']) })
    expect(byHeader).toMatchObject({ status: 200, body: { expires_in_seconds: expect.any(Number) } })
    expect(await call(`${url}/gpu/lease`, 'DELETE', { token: 'not-the-token' })).toMatchObject({
      status: 404,
      body: { error: { code: 'lease_unknown' } },
    })
    expect(await call(`${url}/gpu/lease`, 'DELETE', { token: lease['token'] })).toMatchObject({ status: 200, body: { leased: false } })
    expect((await client.chat.completions.create(ask('upstream'))).choices).toHaveLength(1)
  })
  it('a holder that falls silent loses them without anybody asking', async () => {
    const upstream = await startOpenAiServer()
    const { url, client } = await startScheduledProxy({ entries: [remote(upstream.origin)] })
    await call(`${url}/gpu/lease`, 'POST', { owner: 'judge', ttl_seconds: 1 })
    await vi.waitFor(async () => expect((await call(`${url}/gpu/status`)).body).toMatchObject({ leased: false }), { timeout: 5000 })
    expect((await client.chat.completions.create(ask('upstream'))).choices).toHaveLength(1)
  })
  it('wishes without an owner, or out of bounds, name their field', async () => {
    const { url } = await startScheduledProxy({})
    expect((await call(`${url}/gpu/lease`, 'POST', {})).body.error).toMatchObject({ code: 'invalid_request', param: 'owner' })
    expect((await call(`${url}/gpu/lease`, 'POST', { owner: 'x', ttl_seconds: 0 })).body.error).toMatchObject({ param: 'ttl_seconds' })
    expect((await call(`${url}/gpu/lease`, 'DELETE')).body.error).toMatchObject({ param: 'token' })
    expect((await call(`${url}/gpu/lease`, 'POST', { owner: 'x' }, { 'content-type': 'text/plain' })).status).toBe(415)
  })
})

describe('what is not built in', () => {
  it('answers 503 with a sentence, and no GET ever changes anything', async () => {
    const { url } = await startProxy({})
    for (const [path, method] of [
      ['backends', 'GET'],
      ['backends/embedded-basic-facts/load', 'POST'],
      ['backends/embedded-basic-facts/unload', 'POST'],
      ['gpu/status', 'GET'],
    ] as const) {
      expect(await call(`${url}/${path}`, method)).toMatchObject({
        status: 503,
        body: { error: { code: 'proxy_unavailable', message: expect.any(String) } },
      })
    }
    expect(await call(`${url}/gpu/lease`, 'POST', { owner: 'x' })).toMatchObject({ status: 503 })
    for (const path of ['gpu/lease', 'backends/embedded-basic-facts/load', 'chat/completions'])
      expect((await call(`${url}/${path}`)).status).toBe(404)
  })
})

describe('measurements and documents', () => {
  it('metrics: requests by model and status, states, memory', async () => {
    const upstream = await startOpenAiServer()
    const readCards = async () => ({
      cards: [{ index: 0, name: 'Card', totalMb: 16_000, usedByUsMb: 10_000, usedByOthersMb: null, freeMb: 5000 }],
      note: null,
    })
    const { url, client } = await startScheduledProxy({ entries: [remote(upstream.origin)], options: { readCards } })
    await client.chat.completions.create(ask('upstream'))
    await client.chat.completions.create(ask('no-such-model-a')).catch(() => undefined)
    await client.chat.completions.create(ask('no-such-model-b')).catch(() => undefined)
    const response = await fetch(url.replace('/v1', '/metrics'))
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    const text = await response.text()
    expect(text).toContain('imageworks_requests_total{model="upstream",backend="remote",status="200",error=""} 1')
    expect(text).toContain('imageworks_requests_total{model="unknown",backend="none",status="404",error="model-unknown"} 2')
    expect(text).toContain('imageworks_tokens_total{model="upstream",backend="remote",direction="out"} 5')
    expect(text).toContain('imageworks_models{state="ready"} 1')
    expect(text).toContain('imageworks_gpu_memory_mb{gpu="0",kind="ours"} 10000')
    expect(text).not.toContain('kind="others"')
  })

  it('the OpenAPI document names every route that answers, and only those', async () => {
    const { url } = await startScheduledProxy({})
    const root = url.replace('/v1', '')
    const document = (await (await fetch(`${root}/openapi.json`)).json()) as { openapi: string; paths: Record<string, Record<string, object>> }
    expect(document.openapi).toBe('3.1.0')
    const listed = Object.entries(document.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method} ${path}`))
    expect(listed.toSorted()).toEqual([
      'delete /v1/gpu/lease',
      'get /metrics',
      'get /openapi.json',
      'get /v1/backends',
      'get /v1/config/profile',
      'get /v1/gpu/status',
      'get /v1/health',
      'get /v1/models',
      'get /v1/models/select_by_role',
      'get /v1/models/{id}',
      'post /v1/backends/{name}/load',
      'post /v1/backends/{name}/unload',
      'post /v1/chat/completions',
      'post /v1/completions',
      'post /v1/embeddings',
      'post /v1/gpu/lease',
      'put /v1/config/profile',
    ])
    for (const path of Object.keys(document.paths).filter((each) => !each.includes('{') && document.paths[each]!['get'])) {
      expect([path, (await fetch(`${root}${path}`)).status]).not.toEqual([path, 404])
    }
    expect(document.paths['/v1/models/select_by_role']!['get']).toMatchObject({
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'role', in: 'query', required: true })]),
    })
  })

  it('health counts models by state, and says what is wrong with the registry', async () => {
    const upstream = await startOpenAiServer()
    const { url } = await startProxy({ entries: [remote(upstream.origin), remote('http://127.0.0.1:9', { name: 'down', display_name: 'Down' })] })
    expect((await call(`${url}/health`)).body).toMatchObject({ status: 'ok', models: { ready: 1, unreachable: 1 }, in_flight: 0 })
  })
  it('health is degraded while an entry is left out, or the whole file is broken, and names the place', async () => {
    const { url, registryFile } = await startProxy({
      entries: [remote('http://127.0.0.1:9'), remote('http://127.0.0.1:9', { name: 'odd', roles: 'x' })],
    })
    const degraded = (...words: string[]) => ({ status: 'degraded', models: { unreachable: 1 }, problem: expect.stringMatching(words.join('.*')) })
    expect((await call(`${url}/health`)).body).toMatchObject(degraded('registry.json', 'entry odd', 'field roles'))
    writeFileSync(registryFile ?? '', '[{"name":"odd",')
    expect((await call(`${url}/health`)).body).toMatchObject(degraded('registry.json', 'is not JSON'))
    writeFileSync(registryFile ?? '', '[]')
    expect((await call(`${url}/health`)).body).toMatchObject({ status: 'ok', problem: null })
  })
})
