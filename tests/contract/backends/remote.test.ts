import { describe, expect, it } from 'vitest'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { chatRequest, NEVER, question, readReply, readText, remoteEntry, servedBackend, until } from './backend-kit.ts'

const ask = () => chatRequest({ messages: question() })
const DEAD = 'http://127.0.0.1:9'

describe('one model at several addresses', () => {
  it('requests side by side must be spread over them', async () => {
    const servers = await Promise.all([startOpenAiServer('--chunk-ms', '20'), startOpenAiServer('--chunk-ms', '20')])
    const backend = servedBackend()
    const entry = remoteEntry({ base_urls: servers.map(({ origin }) => origin) })
    const body = chatRequest({ messages: question(), stream: true })
    await Promise.all(Array.from({ length: 6 }, async () => readText(await backend.chat(entry, body, NEVER))))
    for (const server of servers) expect(await server.chats()).toHaveLength(3)
  })

  it('one that is down, one that says 503 and one with another model are passed over; the answer comes from the fourth', async () => {
    const busy = await startOpenAiServer('--status', '503')
    const other = await startOpenAiServer('--models', 'somebody-else')
    const good = await startOpenAiServer()
    const backend = servedBackend()
    const entry = remoteEntry({ base_urls: [DEAD, busy.origin, other.origin, good.origin] })
    expect((await backend.availability(entry)).state).toBe('ready')
    const answer = await readReply(await backend.chat(entry, ask(), NEVER))
    expect(answer.choices[0]!.message.content).toBe('A harbour at dusk.')
    expect(await other.chats()).toEqual([])
    await readText(await backend.chat(entry, ask(), NEVER))
    expect([(await busy.chats()).length, (await good.chats()).length]).toEqual([1, 2])
  })

  it('an answer that has begun is never begun again elsewhere', async () => {
    const breaks = await startOpenAiServer('--cut-after', '2')
    const spare = await startOpenAiServer()
    const backend = servedBackend()
    const entry = remoteEntry({ base_urls: [breaks.origin, spare.origin] })
    const reply = await backend.chat(entry, chatRequest({ messages: question(), stream: true }), NEVER)
    await expect(readText(reply)).rejects.toMatchObject({ code: 'backend-failed' })
    expect(await spare.chats()).toEqual([])
  })

  it('a refusal of the request is an answer and goes to the caller', async () => {
    const strict = await startOpenAiServer('--status', '400')
    const spare = await startOpenAiServer()
    const reply = await servedBackend().chat(remoteEntry({ base_urls: [strict.origin, spare.origin] }), ask(), NEVER)
    expect(reply.status).toBe(400)
    await readText(reply)
    expect(await spare.chats()).toEqual([])
  })

  it('a server that takes its time is not given up for another', async () => {
    const slow = await startOpenAiServer('--stall')
    const spare = await startOpenAiServer()
    const backend = servedBackend({ timeouts: { firstByteMs: 100 } })
    await expect(backend.chat(remoteEntry({ base_urls: [slow.origin, spare.origin] }), ask(), NEVER)).rejects.toMatchObject({
      code: 'backend-timeout',
    })
    expect(await spare.chats()).toEqual([])
  })

  it('when none answers, the reason is told, and one that came back is found again', async () => {
    const backend = servedBackend()
    const server = await startOpenAiServer()
    const entry = remoteEntry({ base_urls: [DEAD, server.origin] })
    await server.kill()
    await expect(backend.chat(entry, ask(), NEVER)).rejects.toMatchObject({
      code: 'backend-unreachable',
      message: expect.stringContaining('127.0.0.1'),
    })
    expect((await backend.availability(entry)).state).toBe('unreachable')
    await startOpenAiServer('--port', String(server.port))
    // Both rest after their failure, but somebody asks: the one that is due first is tried at once.
    await until(async () => {
      const reply = await backend.chat(entry, ask(), NEVER).catch(() => undefined)
      return reply !== undefined && (await readText(reply)).includes('harbour')
    })
  })

  it('no more than its limit is asked at once; a caller that goes away gives its place back', async () => {
    const server = await startOpenAiServer('--stall')
    const backend = servedBackend()
    const entry = remoteEntry({ base_url: server.origin, max_concurrent_requests: 2 })
    const callers = Array.from({ length: 4 }, () => new AbortController())
    const asked = callers.map(({ signal }) => backend.chat(entry, ask(), signal).catch((error: { code: string }) => error.code))
    await until(async () => (await server.seen()).open === 2)
    expect(await server.chats()).toHaveLength(2)
    callers[2]!.abort()
    callers[0]!.abort()
    await until(async () => (await server.chats()).length === 3)
    expect((await server.seen()).open).toBeLessThanOrEqual(2)
    for (const caller of callers) caller.abort()
    expect(await Promise.all(asked)).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled'])
    await until(async () => (await server.seen()).open === 0)
  })

  it('an answer keeps its place until it is read', async () => {
    const server = await startOpenAiServer()
    const backend = servedBackend()
    const entry = remoteEntry({ base_url: server.origin, max_concurrent_requests: 1 })
    const first = await backend.chat(entry, ask(), NEVER)
    const second = backend.chat(entry, ask(), NEVER)
    // One that is under no limit comes later and arrives earlier.
    await readText(await backend.chat(remoteEntry({ base_url: server.origin }), ask(), NEVER))
    expect(await server.chats()).toHaveLength(2)
    await readText(first)
    await readText(await second)
    expect(await server.chats()).toHaveLength(3)
  })
})

describe('keys and consent', () => {
  it('a key from the keychain opens the server; without it the name is told, never a value', async () => {
    const server = await startOpenAiServer('--require-key', 'sk-secret')
    const kept = new Map<string, string>()
    const secrets = {
      get: async (name: string) => kept.get(name) ?? null,
      set: async (name: string, value: string) => void kept.set(name, value),
      remove: async (name: string) => void kept.delete(name),
      available: async () => ({ available: true as const }),
    }
    const backend = servedBackend({ secrets, environment: { CLUSTER_KEY: 'sk-wrong' } })
    const entry = remoteEntry({ base_url: server.origin, api_key_name: 'cluster' })
    await expect(backend.chat(entry, ask(), NEVER)).rejects.toMatchObject({ code: 'secret-missing', data: { name: 'cluster' } })
    await secrets.set('cluster', 'sk-secret')
    expect((await backend.chat(entry, ask(), NEVER)).status).toBe(200)
    // The variable is the nearer place: whoever sets it means it.
    const both = remoteEntry({ base_url: server.origin, api_key_name: 'cluster', api_key_env: 'CLUSTER_KEY' })
    await expect(backend.chat(both, ask(), NEVER)).rejects.toMatchObject({
      code: 'backend-unreachable',
      message: expect.stringContaining('refuses our key'),
    })
    await secrets.set('cluster', 'sk-secret\r\nx-evil: 1')
    const refused = await backend.chat(entry, ask(), NEVER).catch((error: Error) => error)
    expect(refused).toMatchObject({ code: 'secret-missing' })
    expect(JSON.stringify(refused)).not.toContain('sk-secret')
  })

  it('one address without consent keeps the whole entry from being used', async () => {
    const server = await startOpenAiServer()
    const urls = [server.origin, 'https://gpu.example/v1', 'https://gpu2.example/v1']
    const backend = servedBackend()
    for (const agreed of [undefined, 'https://gpu.example', ['https://gpu.example']]) {
      const entry = remoteEntry({ base_urls: urls }, { metadata: { endpoint_consent: agreed } })
      await expect(backend.chat(entry, ask(), NEVER)).rejects.toMatchObject({ code: 'endpoint-consent-required' })
    }
    expect(await server.chats()).toEqual([])
    const agreed = remoteEntry({ base_urls: [server.origin] }, { metadata: { endpoint_consent: urls } })
    expect((await backend.chat(agreed, ask(), NEVER)).status).toBe(200)
  })

  it('other routes go to their own path', async () => {
    const server = await startOpenAiServer()
    await readText(await servedBackend().chat(remoteEntry({ base_url: server.origin }), chatRequest({ input: 'x' }, 'embeddings'), NEVER))
    expect((await server.seen()).requests.map(({ path }) => path)).toContain('/v1/embeddings')
  })
})
