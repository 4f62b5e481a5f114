import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createBackendSet } from '../../../src-main/backends/backend-set.ts'
import type { ProcessRunner } from '../../../src-main/backends/ports.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import type { WorkerClient } from '../../../src-main/lib/worker-process.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { chatRequest, NEVER, noKeychain, question, readText } from './backend-kit.ts'

const idleWorker: WorkerClient = {
  running: false,
  call: () => Promise.reject(new Error('not in this test')),
  unload: async () => undefined,
  dispose: async () => undefined,
}

function setWith(more: Partial<ProcessRunner> = {}) {
  const addresses = new Map<string, string>()
  const processes: ProcessRunner = {
    canServe: async () => ({ ok: true }),
    start: () => Promise.reject(new Error('a backend never starts a process')),
    stop: () => Promise.reject(new Error('a backend never stops a process')),
    baseUrlOf: (name) => addresses.get(name) ?? null,
    onGone: () => () => undefined,
    recover: async () => [],
    ...more,
  }
  const backends = createBackendSet({
    embeddedWorker: idleWorker,
    onnxWorker: idleWorker,
    graceMs: () => 1_000,
    ollamaBaseUrl: 'http://127.0.0.1:9',
    environment: {},
    secrets: noKeychain,
    processes,
    clock: systemClock,
  })
  onTestFinished(() => backends.dispose())
  return { backends, addresses }
}
const LISTING = JSON.stringify({ object: 'list', data: [{ id: 'fake-vision', object: 'model' }] })
/** Nobody listens at its configured port. */
const entry = (more: Record<string, unknown> = {}) =>
  entrySchema.parse({ name: 'fake-vision', backend: 'vllm', backend_config: { port: 9 }, capabilities: { vision: true }, ...more })

describe('a local model server', () => {
  it('that can be started is available; one whose program is missing says so', async () => {
    const { backends } = setWith()
    expect(await backends.backendFor(entry()).availability(entry())).toEqual({ state: 'available', reason: null })
    const without = setWith({ canServe: async () => ({ ok: false, reason: 'vllm is not installed' }) })
    expect(await without.backends.backendFor(entry()).availability(entry())).toEqual({ state: 'not-installed', reason: 'vllm is not installed' })
  })

  it('that is our child is asked at its own port, as soon as it is ready, and not at the configured one', async () => {
    const { backends, addresses } = setWith()
    const backend = backends.backendFor(entry())
    await expect(backend.chat(entry(), chatRequest({ messages: question() }), NEVER)).rejects.toMatchObject({ code: 'backend-unreachable' })
    const child = await startOpenAiServer()
    addresses.set('fake-vision', child.origin)
    expect((await backend.chat(entry(), chatRequest({ messages: question() }), NEVER)).status).toBe(200)
    expect(await child.chats()).toHaveLength(1)
    expect((await backend.availability(entry())).state).toBe('ready')
    expect(await backends.answersAsConfigured(entry())).toBe(false)
  })

  it('that somebody else runs is used where it is; another model on the port is not, and never sees a photo', async () => {
    const { backends } = setWith()
    const right = await startOpenAiServer()
    const there = entry({ backend_config: { port: right.port } })
    expect(await backends.answersAsConfigured(there)).toBe(true)
    expect((await backends.backendFor(there).availability(there)).state).toBe('ready')
    const wrong = await startOpenAiServer('--models', 'somebody-else')
    const elsewhere = entry({ backend_config: { port: wrong.port } })
    expect(await backends.answersAsConfigured(elsewhere)).toBe(false)
    expect((await backends.backendFor(elsewhere).availability(elsewhere)).state).toBe('available')
    await expect(backends.backendFor(elsewhere).chat(elsewhere, chatRequest({ messages: question() }), NEVER)).rejects.toMatchObject({
      code: 'backend-unreachable',
      data: { serves: ['somebody-else'] },
    })
    expect(await wrong.chats()).toEqual([])
  })

  it('a model that starts a moment after it was found missing must be reachable at once', async () => {
    const { backends, addresses } = setWith()
    const child = await startOpenAiServer()
    await child.kill()
    addresses.set('fake-vision', child.origin)
    const backend = backends.backendFor(entry())
    expect((await backend.availability(entry())).state).toBe('available')
    await startOpenAiServer('--port', String(child.port))
    await readText(await backend.chat(entry(), chatRequest({ messages: question() }), NEVER))
  })

  it('that ends while it answers is told with the cause of its end, before the first byte and within the answer', async () => {
    const gone = new Set<(name: string, error: StudioError) => void>()
    const { backends, addresses } = setWith({
      onGone: (listener) => {
        gone.add(listener)
        return () => void gone.delete(listener)
      },
    })
    const crash = new StudioError('backend-failed', 'fake-vision ended by itself', { data: { cause: 'out-of-memory', logTail: ['no memory'] } })
    const backend = backends.backendFor(entry())
    for (const headFirst of [false, true]) {
      const server = http.createServer((request, response) => {
        if (request.method === 'GET') return void response.end(LISTING)
        if (headFirst) response.write('data: {}\n\n')
        setTimeout(() => {
          response.destroy()
          addresses.delete('fake-vision')
          // The end of a process is seen a little after the end of its connections.
          setTimeout(() => gone.forEach((tell) => tell('fake-vision', crash)), 50)
        }, 150)
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      addresses.set('fake-vision', `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
      const answer = backend.chat(entry(), chatRequest({ messages: question() }), NEVER).then(readText)
      await expect(answer).rejects.toBe(crash)
    }
  })

  it('that has just ended is told so to a request that finds nobody any more, to be sent again', async () => {
    const gone = new Set<(name: string, error: StudioError) => void>()
    const { backends } = setWith({
      onGone: (listener) => {
        gone.add(listener)
        return () => void gone.delete(listener)
      },
    })
    const crash = new StudioError('backend-failed', 'fake-vision ended by itself', { data: { cause: 'out-of-memory' } })
    const answer = backends.backendFor(entry()).chat(entry(), chatRequest({ messages: question() }), NEVER)
    setTimeout(() => gone.forEach((tell) => tell('fake-vision', crash)), 50)
    await expect(answer).rejects.toMatchObject({
      code: 'backend-unreachable',
      message: crash.message,
      data: { cause: 'out-of-memory', retryAfterSeconds: 1 },
    })
  })

  it('whose connection breaks while it lives is told as that', async () => {
    const { backends, addresses } = setWith()
    const server = http.createServer((request, response) => (request.method === 'GET' ? response.end(LISTING) : request.socket.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    addresses.set('fake-vision', `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
    const answer = backends.backendFor(entry()).chat(entry(), chatRequest({ messages: question() }), NEVER)
    await expect(answer).rejects.toMatchObject({ code: 'backend-failed', data: { errno: 'ECONNRESET' } })
  })

  it('an address that was given is not started by us, so its being down is not hidden', async () => {
    const { backends } = setWith()
    const given = entry({ backend_config: { base_url: 'http://127.0.0.1:9/v1' } })
    expect((await backends.backendFor(given).availability(given)).state).toBe('not-installed')
  })

  it('task tokens are an affair of the entry, whatever the server', async () => {
    const { backends } = setWith()
    for (const backend of ['vllm', 'llamacpp', 'lmdeploy', 'remote']) {
      const florence = entry({ backend, adapter: 'task_tokens', backend_config: { base_url: 'http://127.0.0.1:9' } })
      const asked = backends.backendFor(florence).chat(florence, chatRequest({ messages: [{ role: 'user', content: 'no picture' }] }), NEVER)
      await expect(asked).rejects.toMatchObject({ code: 'request-invalid' })
    }
  })
})
