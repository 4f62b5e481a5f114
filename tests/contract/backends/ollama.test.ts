import { describe, expect, it } from 'vitest'
import { startOllamaServer } from '../../fakes/start-ollama-server.ts'
import { chatRequest, NEVER, ollamaBackend, ollamaEntry, PICTURE, question, readChunks, readReply, readText, until } from './backend-kit.ts'

const soon = { timeoutMs: 10_000, signal: NEVER }

describe('what reaches Ollama', () => {
  it('temperature 0, a limit, JSON, tools and a seed must all arrive, and how long the model is to stay', async () => {
    const server = await startOllamaServer()
    const tools = [{ type: 'function', function: { name: 'tag', parameters: { type: 'object' } } }]
    const body = { messages: question(), temperature: 0, max_tokens: 5, seed: 1, response_format: { type: 'json_object' }, tools }
    await readText(await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest(body), NEVER))
    expect(await server.bodies('/api/chat')).toEqual([
      {
        model: 'qwen2.5vl:7b',
        messages: [{ role: 'user', content: 'What is this?', images: [PICTURE.slice('data:image/jpeg;base64,'.length)] }],
        stream: false,
        keep_alive: '300s',
        truncate: false,
        options: { temperature: 0, seed: 1, num_predict: 5 },
        format: 'json',
        tools,
      },
    ])
  })

  it('a conversation with tools is taken by a daemon that is as strict as the real one', async () => {
    const server = await startOllamaServer()
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_7', type: 'function', function: { name: 'tag', arguments: '{"x":1}' } }] },
      { role: 'tool', tool_call_id: 'call_7', content: 'done' },
    ]
    const reply = await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest({ messages }), NEVER)
    expect(reply.status).toBe(200)
    expect((await server.bodies('/api/chat'))[0]!['messages']).toEqual([
      { role: 'user', content: 'a\n\nb' },
      { role: 'assistant', content: '', tool_calls: [{ id: 'call_7', function: { name: 'tag', arguments: { x: 1 } } }] },
      { role: 'tool', content: 'done', tool_name: 'tag', tool_call_id: 'call_7' },
    ])
    await readText(reply)
  })

  it('completions and embeddings go to its OpenAI door under its own tag', async () => {
    const server = await startOllamaServer()
    const backend = ollamaBackend(server.origin)
    await readText(await backend.chat(ollamaEntry(), chatRequest({ prompt: 'x' }, 'completions'), NEVER))
    await readText(await backend.chat(ollamaEntry(), chatRequest({ input: 'x' }, 'embeddings'), NEVER))
    expect(await server.bodies('/v1/completions')).toEqual([{ prompt: 'x', model: 'qwen2.5vl:7b' }])
    expect(await server.bodies('/v1/embeddings')).toEqual([{ input: 'x', model: 'qwen2.5vl:7b' }])
  })
})

describe('what comes back', () => {
  it('an answer cut by its limit must say so, with the true count of tokens', async () => {
    const server = await startOllamaServer('--done-reason', 'length', '--eval-count', '99', '--thinking', 'Boats. Dusk.')
    const answer = await readReply(await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER))
    expect(answer.choices[0]).toMatchObject({
      index: 0,
      message: { role: 'assistant', content: 'A harbour at dusk.', reasoning_content: 'Boats. Dusk.' },
      finish_reason: 'length',
    })
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'qwen2.5vl:7b',
      usage: { prompt_tokens: 26, completion_tokens: 99, total_tokens: 125 },
    })
  })

  it('a stream with a picture must be a stream: role, each piece, the ending, the count', async () => {
    const server = await startOllamaServer('--thinking', 'Hm.', '--split', '7', '--no-prompt-count')
    const body = { messages: question(), stream: true, stream_options: { include_usage: true } }
    const reply = await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest(body), NEVER)
    expect(reply.headers['content-type']).toMatch(/^text\/event-stream/)
    const chunks = await readChunks(reply)
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: 'Hm.' },
      { content: 'A ' },
      { content: 'harbour ' },
      { content: 'at ' },
      { content: 'dusk.' },
      {},
      undefined,
    ])
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('stop')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 5, total_tokens: 5 } })
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  it('tool calls keep their order and have JSON text as arguments, whole and in a stream', async () => {
    const server = await startOllamaServer('--tools')
    const backend = ollamaBackend(server.origin)
    const whole = await readReply(await backend.chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER))
    const calls = [
      { id: 'call_tag', type: 'function', function: { name: 'tag', arguments: '{"x":1,"y z":"ü\\""}' } },
      { id: 'call_rate', type: 'function', function: { name: 'rate', arguments: '{"x":2,"y z":"ü\\""}' } },
    ]
    expect(whole.choices[0]).toMatchObject({ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' })
    const chunks = await readChunks(await backend.chat(ollamaEntry(), chatRequest({ messages: question(), stream: true }), NEVER))
    const deltas = chunks.flatMap(({ choices }) => (choices[0]!.delta['tool_calls'] as object[] | undefined) ?? [])
    expect(deltas).toEqual(calls.map((call, index) => ({ index, ...call })))
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('tool_calls')
  })

  it('one line in place of a stream is still answered as a stream', async () => {
    const server = await startOllamaServer('--json-for-stream')
    const chunks = await readChunks(
      await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest({ messages: question(), stream: true }), NEVER),
    )
    expect(chunks.map(({ choices }) => choices[0]!.delta['content'] ?? '').join('')).toBe('A harbour at dusk.')
  })
})

describe('what goes wrong', () => {
  const streamed = async (...flags: string[]) => {
    const server = await startOllamaServer(...flags)
    const reply = await ollamaBackend(server.origin, { timeouts: { idleMs: 150 } }).chat(
      ollamaEntry(),
      chatRequest({ messages: question(), stream: true }),
      NEVER,
    )
    let text = ''
    const failure = await (async () => {
      for await (const piece of reply.body) text += Buffer.from(piece).toString('utf8')
    })().then(
      () => undefined,
      (error: unknown) => error,
    )
    return { text, failure }
  }
  const broken: [string, string[], string][] = [
    ['a line that is no JSON', ['--garbage-after', '2'], 'backend-failed'],
    ['an error line', ['--error-after', '2', '--message', 'CUDA error: out of memory'], 'backend-failed'],
    ['an error line about the context', ['--error-after', '2', '--message', 'the input length exceeds the context length'], 'context-overflow'],
    ['a broken connection', ['--cut-after', '2'], 'backend-failed'],
    ['an end without an ending', ['--end-after', '2'], 'backend-failed'],
    ['silence', ['--stall-after', '2'], 'backend-timeout'],
    ['HTML', ['--not-json'], 'backend-failed'],
  ]
  for (const [what, flags, code] of broken) {
    it(`${what} in a stream is ${code}, after what came before it, and never a clean end`, async () => {
      const { text, failure } = await streamed(...flags)
      expect(failure).toMatchObject({ code })
      expect(text).not.toContain('[DONE]')
      if (what !== 'HTML') expect(text).toContain('harbour')
    })
  }

  it('HTML in one piece is backend-failed', async () => {
    const server = await startOllamaServer('--not-json')
    const reply = await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER)
    await expect(readText(reply)).rejects.toMatchObject({ code: 'backend-failed' })
  })

  it('its own refusal keeps status and words; its full queue is backend-overloaded', async () => {
    const bad = await startOllamaServer('--status', '400', '--message', '"x" does not support tools')
    const reply = await ollamaBackend(bad.origin).chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER)
    expect([reply.status, await readText(reply)]).toEqual([400, '{"error":"\\"x\\" does not support tools"}'])
    const full = await startOllamaServer('--status', '503', '--message', 'server busy')
    await expect(ollamaBackend(full.origin).chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER)).rejects.toMatchObject({
      code: 'backend-overloaded',
    })
  })

  it('a daemon that is down is backend-unreachable, and one without the model says how to get it', async () => {
    const server = await startOllamaServer('--models', 'other:1b')
    const backend = ollamaBackend(server.origin)
    const ask = () => backend.chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER)
    await expect(ask()).rejects.toMatchObject({ code: 'weights-missing', message: expect.stringContaining('ollama pull qwen2.5vl:7b') })
    await server.kill()
    backend.forget()
    await expect(ask()).rejects.toMatchObject({ code: 'backend-unreachable' })
    await expect(backend.load(ollamaEntry(), soon)).rejects.toMatchObject({ code: 'backend-unreachable' })
    expect(await backend.unload(ollamaEntry())).toBe(true)
    expect(await backend.residence(ollamaEntry())).toBe('absent')
  })

  it('a caller that goes away in the middle ends the request at the daemon', async () => {
    const server = await startOllamaServer('--endless', '--chunk-ms', '5')
    const caller = new AbortController()
    const reply = await ollamaBackend(server.origin).chat(ollamaEntry(), chatRequest({ messages: question(), stream: true }), caller.signal)
    const reading = (async () => {
      for await (const _ of reply.body) caller.abort()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
    await until(async () => (await server.seen()).aborted === 1)
  })
})

describe('loading and unloading', () => {
  it('a load sends no prompt, the same context as a chat, and is believed when the daemon lists it', async () => {
    const server = await startOllamaServer('--load-ms', '30', '--vram-mb', '5123')
    const backend = ollamaBackend(server.origin)
    const entry = ollamaEntry({ backend_config: { num_ctx: 8192 } })
    expect((await backend.availability(entry)).state).toBe('available')
    expect(await backend.load(entry, soon)).toEqual({ tag: 'qwen2.5vl:7b', vramMb: 5123, contextLength: 8192 })
    expect((await backend.availability(entry)).state).toBe('ready')
    await readText(await backend.chat(entry, chatRequest({ messages: question() }), NEVER))
    expect((await server.bodies('/api/generate'))[0]).toEqual({
      model: 'qwen2.5vl:7b',
      stream: false,
      keep_alive: '300s',
      options: { num_ctx: 8192 },
    })
    expect((await server.bodies('/api/chat'))[0]!['options']).toEqual({ num_ctx: 8192 })
  })

  it('an unload sends keep_alive 0 without a prompt and is believed when the list is empty', async () => {
    const server = await startOllamaServer('--loaded', 'qwen2.5vl:7b')
    const backend = ollamaBackend(server.origin)
    expect(await backend.unload(ollamaEntry())).toBe(true)
    expect(await server.loaded()).toEqual([])
    expect(await server.bodies('/api/generate')).toEqual([{ model: 'qwen2.5vl:7b', stream: false, keep_alive: 0 }])
    expect(await backend.unload(ollamaEntry())).toBe(true)
  })

  it('a pinned model stays for ever', async () => {
    const server = await startOllamaServer()
    await ollamaBackend(server.origin).load(ollamaEntry({ pinned: true }), soon)
    expect((await server.bodies('/api/generate'))[0]!['keep_alive']).toBe(-1)
  })

  it('a model that only embeds is loaded by its own route', async () => {
    const server = await startOllamaServer('--models', 'embed-small')
    expect(await ollamaBackend(server.origin).load(ollamaEntry({ served_model_id: 'embed-small' }), soon)).toMatchObject({ tag: 'embed-small' })
  })

  it('a daemon too old to list what it holds is taken at its word', async () => {
    const server = await startOllamaServer('--no-ps')
    const backend = ollamaBackend(server.origin)
    expect(await backend.load(ollamaEntry(), soon)).toBeNull()
    expect(await backend.residence(ollamaEntry())).toBe('unknown')
  })

  it('a load that fails says why and what to do', async () => {
    const server = await startOllamaServer('--load-error', 'model requires more system memory (9.1 GiB) than is available (4.2 GiB)')
    await expect(ollamaBackend(server.origin).load(ollamaEntry(), soon)).rejects.toMatchObject({
      code: 'model-does-not-fit',
      data: { needMb: 9318, offersMb: 4301, memory: 'system', remedy: expect.stringContaining('smaller') },
    })
    const crashed = await startOllamaServer('--load-error', 'llama runner process has terminated: cudaMalloc failed: out of memory')
    await expect(ollamaBackend(crashed.origin).load(ollamaEntry(), soon)).rejects.toMatchObject({
      code: 'backend-start-failed',
      data: { cause: 'out-of-memory', remedy: expect.stringContaining('smaller') },
    })
  })

  it('a chat for which there is too little memory says how much is needed and how much is free', async () => {
    const said = 'model requires more system memory (9.1 GiB) than is available (4.2 GiB)'
    const server = await startOllamaServer('--status', '500', '--message', said)
    const backend = ollamaBackend(server.origin)
    const wanted = { code: 'model-does-not-fit', retry: 'later', data: { name: ollamaEntry().name, needMb: 9318, offersMb: 4301 } }
    for (const stream of [false, true])
      await expect(backend.chat(ollamaEntry(), chatRequest({ messages: question(), stream }), NEVER)).rejects.toMatchObject(wanted)
    const other = await startOllamaServer('--status', '500', '--message', 'something else')
    const reply = await ollamaBackend(other.origin).chat(ollamaEntry(), chatRequest({ messages: question() }), NEVER)
    expect([reply.status, await readText(reply)]).toEqual([500, '{"error":"something else"}'])
  })

  it('a load that nobody waits for any more is cancelled, and one that takes too long is a timeout', async () => {
    const server = await startOllamaServer('--load-ms', '5000')
    const backend = ollamaBackend(server.origin)
    const caller = new AbortController()
    const loading = backend.load(ollamaEntry(), { timeoutMs: 10_000, signal: caller.signal })
    await until(async () => (await server.bodies('/api/generate')).length === 1)
    caller.abort()
    await expect(loading).rejects.toMatchObject({ code: 'cancelled' })
    await expect(backend.load(ollamaEntry(), { timeoutMs: 100, signal: NEVER })).rejects.toMatchObject({ code: 'backend-timeout' })
  })
})
