import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createEmbeddedBackend, createOnnxBackend } from '../../../src-main/backends/worker-backends.ts'
import { type WorkerClient, WorkerGone, WorkerTimeout } from '../../../src-main/lib/worker-process.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'
import type { BackendReply, ChatRequest } from '../../../src-main/registry/serving.ts'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempFolder } from '../../helpers/temp-folder.ts'

const completion = {
  id: 'c1',
  object: 'chat.completion',
  created: 5,
  model: 'embedded-basic-facts',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Two dogs.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
}

/** Answers when told to, so that the order of events is the test's. */
class ScriptedWorker implements WorkerClient {
  running = false
  unloads = 0
  calls: { method: string; params: unknown; answer: (value: unknown) => void; fail: (error: unknown) => void }[] = []
  call<T>(method: string, params: unknown): Promise<T> {
    this.running = true
    return new Promise<T>((resolve, reject) => {
      this.calls.push({ method, params, answer: (value) => resolve(value as T), fail: reject })
    })
  }
  async unload() {
    this.unloads += 1
    this.running = false
  }
  dispose = () => this.unload()
}

const entry = entrySchema.parse({ name: 'embedded-basic-facts', backend: 'embedded' })
const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  body: { messages: [] },
  stream: false,
  encode: () => Buffer.from('{}'),
  ...more,
})
const text = async (reply: BackendReply) => {
  let all = ''
  for await (const part of reply.body) all += Buffer.from(part).toString()
  return all
}
const signal = new AbortController().signal
const state = async (backend: ReturnType<typeof createEmbeddedBackend>) => (await backend.availability(entry)).state

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the life of the embedded worker', () => {
  it('must start with the first request, stay while anything is in work, and end one grace period after the last', async () => {
    const worker = new ScriptedWorker()
    const backend = createEmbeddedBackend({ worker, graceMs: () => 1000, callTimeoutMs: 5000 })
    expect(worker.running).toBe(false)
    expect(await state(backend)).toBe('available')
    const first = backend.chat(entry, request(), signal)
    const second = backend.chat(entry, request(), signal)
    expect(await state(backend)).toBe('loading')
    worker.calls[0]?.answer(completion)
    await first
    expect(await state(backend)).toBe('ready')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(worker.unloads).toBe(0)
    worker.calls[1]?.answer(completion)
    await second
    await vi.advanceTimersByTimeAsync(999)
    expect(worker.unloads).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(worker.unloads).toBe(1)
    expect(await state(backend)).toBe('available')
  })

  it('a request within the grace period must put it off, also when it fails', async () => {
    const worker = new ScriptedWorker()
    const backend = createEmbeddedBackend({ worker, graceMs: () => 1000, callTimeoutMs: 5000 })
    const first = backend.chat(entry, request(), signal)
    worker.calls[0]?.answer(completion)
    await first
    await vi.advanceTimersByTimeAsync(900)
    const second = backend.chat(entry, request(), signal)
    await vi.advanceTimersByTimeAsync(5000)
    worker.calls[1]?.fail(new WorkerTimeout(5000))
    await expect(second).rejects.toMatchObject({ code: 'backend-timeout' })
    await vi.advanceTimersByTimeAsync(999)
    expect(worker.unloads).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(worker.unloads).toBe(1)
  })

  it('a crash must be a failure of the request with a code, not an unknown bug', async () => {
    const worker = new ScriptedWorker()
    const backend = createEmbeddedBackend({ worker, graceMs: () => 1000, callTimeoutMs: 5000 })
    const chat = backend.chat(entry, request(), signal)
    worker.calls[0]?.fail(new WorkerGone(139))
    await expect(chat).rejects.toMatchObject({ code: 'backend-failed', data: { exitCode: 139 } })
  })

  it('told to end, it ends at once, but never under a request that is in work', async () => {
    const worker = new ScriptedWorker()
    const backend = createEmbeddedBackend({ worker, graceMs: () => 1000, callTimeoutMs: 5000 })
    const chat = backend.chat(entry, request(), signal)
    await backend.unload()
    expect(worker.unloads).toBe(0)
    worker.calls[0]?.answer(completion)
    await chat
    await backend.unload()
    expect([worker.unloads, await state(backend)]).toEqual([1, 'available'])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(worker.unloads).toBe(1)
  })

  it('disposing must leave no timer behind', async () => {
    const worker = new ScriptedWorker()
    const backend = createEmbeddedBackend({ worker, graceMs: () => 1000, callTimeoutMs: 5000 })
    const chat = backend.chat(entry, request(), signal)
    worker.calls[0]?.answer(completion)
    await chat
    backend.dispose()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the answer', () => {
  const answered = async (more: Partial<ChatRequest>, value: unknown = completion) => {
    const worker = new ScriptedWorker()
    const backend = createEmbeddedBackend({ worker, graceMs: () => 1000, callTimeoutMs: 5000 })
    const chat = backend.chat(entry, request(more), signal)
    worker.calls[0]?.answer(value)
    return chat
  }
  it('as a stream has a role, the text, an ending, the usage when asked for, and [DONE]', async () => {
    const reply = await answered({ stream: true, body: { messages: [], stream_options: { include_usage: true } } })
    expect(reply.headers['content-type']).toMatch(/^text\/event-stream/)
    const events = (await text(reply)).split('\n\n').filter((event) => event !== '')
    expect(events.at(-1)).toBe('data: [DONE]')
    const chunks = events
      .slice(0, -1)
      .map((event) => JSON.parse(event.slice(6)) as { object: string; choices: { delta: unknown; finish_reason: unknown }[]; usage?: unknown })
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([{ role: 'assistant', content: '' }, { content: 'Two dogs.' }, {}, undefined])
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, 'stop', undefined])
    expect(chunks.at(-1)?.usage).toEqual(completion.usage)
  })
  it('in one piece is the completion itself', async () => expect(JSON.parse(await text(await answered({})))).toEqual(completion))
  it('that is no completion must be a failure', async () =>
    await expect(answered({}, { text: 'x' })).rejects.toMatchObject({ code: 'backend-failed' }))
})

describe('a vision model in a folder of the user', () => {
  const folderEntry = (folder: string) => entrySchema.parse({ name: 'mine', backend: 'onnx', backend_config: { model_path: folder } })

  it('must be loaded once, again after an unload, and another folder only in its turn', async () => {
    vi.useRealTimers()
    const [a, b] = [tempFolder(), tempFolder()]
    for (const folder of [a, b]) writeFileSync(path.join(folder, 'config.json'), '{}')
    const worker = new ScriptedWorker()
    const backend = createOnnxBackend({ worker, graceMs: () => 60_000, callTimeoutMs: 5000 })
    const answerNext = async (method: string, count: number) => {
      await vi.waitFor(() => expect(worker.calls).toHaveLength(count))
      expect(worker.calls[count - 1]?.method).toBe(method)
      worker.calls[count - 1]?.answer(completion)
    }
    const first = backend.chat(folderEntry(a), request(), signal)
    const other = backend.chat(folderEntry(b), request(), signal)
    await answerNext('load', 1)
    await answerNext('chat', 2)
    await first
    await answerNext('load', 3)
    expect(worker.calls[2]?.params).toEqual({ folder: b })
    await answerNext('chat', 4)
    await other
    const again = backend.chat(folderEntry(b), request(), signal)
    await answerNext('chat', 5)
    await again
    await worker.unload()
    const later = backend.chat(folderEntry(b), request(), signal)
    await answerNext('load', 6)
    await answerNext('chat', 7)
    await later
    backend.dispose()
  })

  it('an empty folder is "not installed" with the reason', async () => {
    const backend = createOnnxBackend({ worker: new ScriptedWorker(), graceMs: () => 1, callTimeoutMs: 1 })
    expect(await backend.availability(folderEntry('/nowhere/at/all'))).toMatchObject({
      state: 'not-installed',
      reason: expect.stringContaining('config.json'),
    })
    await expect(backend.chat(folderEntry('relative'), request(), signal)).rejects.toMatchObject({ code: 'weights-missing' })
  })
})
