import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type OpenAI from 'openai'
import { describe, expect, it, vi } from 'vitest'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { ask, remote, startProxy } from './studio-proxy.ts'

async function collect(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

describe('the official client', () => {
  it('chat: the answer comes back whole, the upstream gets its own id and everything else as sent', async () => {
    const upstream = await startOpenAiServer()
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const extra = { seed: 7, response_format: { type: 'json_object' as const }, vendor_field: { deep: [1] } }
    const { data, response } = await client.chat.completions.create(ask('up stream', extra)).withResponse()
    expect(data.choices[0]?.message.content).toBe('A harbour at dusk.')
    expect(data.usage?.completion_tokens).toBe(5)
    expect(response.headers.get('x-imageworks-model')).toBe('upstream')
    expect(response.headers.get('x-imageworks-backend')).toBe('remote')
    expect(await upstream.chats()).toEqual([{ ...ask('fake-vision', extra) }])
    const [record] = await logged()
    expect(record).toMatchObject({
      model: 'upstream',
      backend: 'remote',
      role: null,
      stream: false,
      status: 200,
      tokens_in: 7,
      tokens_out: 5,
      finish_reason: 'stop',
      options: { seed: 7 },
      images: { count: 1, bytes: 300 },
      error_code: null,
    })
    expect(JSON.stringify(record)).not.toMatch(/secret|QUJDQUJD|harbour/)
  })

  it('stream: every chunk, role and ending and usage included', async () => {
    const upstream = await startOpenAiServer()
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const chunks = await collect(await client.chat.completions.create({ ...ask('upstream'), stream: true, stream_options: { include_usage: true } }))
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['', 'A ', 'harbour ', 'at ', 'dusk.', undefined, undefined])
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(12)
    expect((await logged())[0]).toMatchObject({ stream: true, tokens_out: 5, finish_reason: 'stop', first_token_ms: expect.any(Number) })
  })

  it('tools: calls arrive as deltas and whole', async () => {
    const upstream = await startOpenAiServer('--tools')
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    const tools = [{ type: 'function' as const, function: { name: 'tag', parameters: { type: 'object', properties: {} } } }]
    const whole = await client.chat.completions.create(ask('upstream', { tools }))
    expect((whole as OpenAI.ChatCompletion).choices[0]?.message.tool_calls?.[0]).toMatchObject({
      id: 'call_1',
      function: { name: 'tag', arguments: '{"x":1}' },
    })
    const final = await client.chat.completions.stream({ ...ask('upstream'), tools }).finalChatCompletion()
    expect(final.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ function: { arguments: '{"x":1}' } }] } })
  })

  it('an answer that looks like a tool call must stay text', async () => {
    const reply = '{"name":"Sunset over sea","keywords":["a"]}'
    const upstream = await startOpenAiServer('--reply', reply)
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    const whole = (await client.chat.completions.create(ask('upstream'))) as OpenAI.ChatCompletion
    expect(whole.choices[0]?.message).toEqual({ role: 'assistant', content: reply })
    const chunks = await collect(await client.chat.completions.create({ ...ask('upstream'), stream: true }))
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(reply)
  })

  it('abort by the caller must end the upstream request', async () => {
    const upstream = await startOpenAiServer('--endless', '--chunk-ms', '5')
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const stream = await client.chat.completions.create({ ...ask('upstream'), stream: true })
    for await (const _ of stream) break
    stream.controller.abort()
    await vi.waitFor(async () => expect(await upstream.seen()).toMatchObject({ aborted: 1, open: 0 }))
    await vi.waitFor(async () => expect((await logged())[0]).toMatchObject({ error_code: 'cancelled' }))
  })

  it('abort while the upstream is silent must end it as well', async () => {
    const upstream = await startOpenAiServer('--stall')
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    const abort = new AbortController()
    const pending = client.chat.completions.create(ask('upstream'), { signal: abort.signal })
    pending.catch(() => undefined)
    await vi.waitFor(async () => expect((await upstream.seen()).open).toBe(1))
    abort.abort()
    await expect(pending).rejects.toThrow()
    await vi.waitFor(async () => expect((await upstream.seen()).open).toBe(0))
  })

  it('models: what can answer is listed; one is shown by any spelling; a role is a model name', async () => {
    const upstream = await startOpenAiServer()
    const { client } = await startProxy({ entries: [remote(upstream.origin), remote('http://127.0.0.1:9', { name: 'down', display_name: 'Down' })] })
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['upstream'])
    expect((await client.models.retrieve('Up Stream')).id).toBe('upstream')
    await expect(client.models.retrieve('upstraem')).rejects.toMatchObject({ status: 404 })
    const { response } = await client.chat.completions.create(ask('role:caption')).withResponse()
    expect(response.headers.get('x-imageworks-model')).toBe('upstream')
  })
})

describe('bytes', () => {
  it('a stream must pass byte for byte, comments, odd spacing and unknown fields included', async () => {
    const file = path.join(tempFolder(), 'stream.txt')
    const bytes =
      ': ping\n\ndata: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n' +
      'event: odd\r\ndata:  {"choices" : [ {"index":0, "delta":{"reasoning_content":"hm ü"}} ], "x":1.0}\r\n\r\n' +
      'data: {"choices":[{"index":0,"delta":{"content":"{\\"name\\":\\"sunset\\"}"},"logprobs":{"content":[]}}]}\n\n' +
      'data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\ndata: [DONE]\n\n'
    writeFileSync(file, bytes)
    const upstream = await startOpenAiServer('--echo-file', file)
    const { url } = await startProxy({ entries: [remote(upstream.origin)] })
    const body = JSON.stringify(ask('upstream', { stream: true }))
    const response = await fetch(`${url}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(await response.text()).toBe(bytes)
  })

  it('the request must arrive with nothing changed but the model', async () => {
    const upstream = await startOpenAiServer()
    const { url } = await startProxy({ entries: [remote(upstream.origin)] })
    const body = '{"seed": 12345678901234567890,\n"model":"upstream",  "messages":[{"role":"user","content":"x"}],"odd":1.0}'
    await fetch(`${url}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const sent = (await upstream.seen()).requests.find(({ path: at }) => at === '/v1/chat/completions')
    expect(sent?.body).toBe(body.replace('"upstream"', '"fake-vision"'))
  })
})

describe('the embedded model', () => {
  const completion = {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'x',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Dogs.' }, finish_reason: 'stop' }],
  }
  it('answers the client in one piece and as a stream, and takes the role when nothing else is here', async () => {
    const { client } = await startProxy({ embedded: () => completion })
    const { data, response } = await client.chat.completions.create(ask('role:caption')).withResponse()
    expect(data.choices[0]?.message.content).toBe('Dogs.')
    expect(response.headers.get('x-imageworks-backend')).toBe('embedded')
    const final = await client.chat.completions.stream(ask('embedded-basic-facts')).finalChatCompletion()
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant', content: 'Dogs.' } })
  })
})
