import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type OpenAI from 'openai'
import sharp from 'sharp'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { DEFAULT_PROXY_SETTINGS } from '../../../src-main/proxy/defaults.ts'
import type { PreparePicture, ProxySettings } from '../../../src-main/proxy/ports.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { ask, remote, startProxy } from './studio-proxy.ts'

const settings = (more: Partial<ProxySettings>) => () => ({ ...DEFAULT_PROXY_SETTINGS, ...more })
const tools = [{ type: 'function' as const, function: { name: 'tag', parameters: { type: 'object', properties: {} } } }]
const fenced = '```json\n{"name": "tag", "arguments": {"x": 1, "y": true}}\n```'

describe('completions and embeddings by the official client', () => {
  it('a text, whole and streamed, under the upstream’s own id', async () => {
    const upstream = await startOpenAiServer('--reply', 'Once upon a time.')
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const whole = await client.completions.create({ model: 'Up Stream', prompt: 'tell', max_tokens: 5, seed: 3 })
    expect(whole.choices[0]?.text).toBe('Once upon a time.')
    const texts: string[] = []
    for await (const chunk of await client.completions.create({ model: 'upstream', prompt: 'tell', stream: true })) texts.push(chunk.choices[0]!.text)
    expect(texts).toEqual(['Once ', 'upon ', 'a ', 'time.', ''])
    const sent = (await upstream.seen()).requests.filter(({ path: at }) => at === '/v1/completions').map(({ body }) => JSON.parse(body) as object)
    expect(sent[0]).toEqual({ model: 'fake-vision', prompt: 'tell', max_tokens: 5, seed: 3 })
    expect(await logged()).toMatchObject([
      { tokens_out: 5, tokens_estimated: false, finish_reason: 'stop' },
      { stream: true, tokens_estimated: true },
    ])
  })

  it('vectors, one an input, in the client’s packed form as well', async () => {
    const upstream = await startOpenAiServer()
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const { data } = await client.embeddings.create({ model: 'upstream', input: ['abc', 'de'] })
    expect(data.map(({ embedding }) => [...embedding])).toEqual([
      [3, 0],
      [2, 1],
    ])
    expect((await logged())[0]).toMatchObject({ tokens_in: 3, status: 200, prompt_hash: expect.any(String) })
    await expect(client.embeddings.create({ model: 'nowhere', input: 'x' })).rejects.toMatchObject({ status: 404 })
    await expect(client.embeddings.create({ model: 'upstream' } as OpenAI.EmbeddingCreateParams)).rejects.toMatchObject({
      status: 400,
      param: 'input',
    })
  })

  it('errors of the upstream are mapped as for a chat', async () => {
    const upstream = await startOpenAiServer('--status', '400', '--message', 'maximum context length is 10')
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    await expect(client.completions.create({ model: 'upstream', prompt: 'x' })).rejects.toMatchObject({ status: 400, code: 'context_overflow' })
    await expect(client.embeddings.create({ model: 'upstream', input: 'x' })).rejects.toMatchObject({ code: 'context_overflow' })
  })
})

describe('chat as OpenAI means it', () => {
  it('structured outputs and several choices', async () => {
    const upstream = await startOpenAiServer('--reply', '{"keywords":["dog"]}')
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    const schema = z.toJSONSchema(z.object({ keywords: z.array(z.string()) }))
    const format = { type: 'json_schema' as const, json_schema: { name: 'k', schema, strict: true } }
    const parsed = await client.chat.completions.parse({ ...ask('upstream'), response_format: format, n: 2 })
    expect(parsed.choices.map(({ message }) => message.parsed)).toEqual([{ keywords: ['dog'] }, { keywords: ['dog'] }])
    expect((await upstream.chats())[0]).toMatchObject({ response_format: format, n: 2 })
  })

  it('the streaming helper sees content and the end', async () => {
    const upstream = await startOpenAiServer()
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    const seen: string[] = []
    const runner = client.chat.completions.stream(ask('upstream')).on('content', (delta) => seen.push(delta))
    expect((await runner.finalMessage()).content).toBe('A harbour at dusk.')
    expect(seen.join('')).toBe('A harbour at dusk.')
  })

  it('our request id is the client’s', async () => {
    const upstream = await startOpenAiServer()
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const { _request_id: id } = await client.chat.completions.create(ask('upstream'))
    expect(id).toBe((await logged())[0]?.id)
  })

  it('a fenced call of an offered tool becomes one; without the offer, or streamed, the text stays', async () => {
    const upstream = await startOpenAiServer('--reply', fenced)
    const { client } = await startProxy({ entries: [remote(upstream.origin)] })
    const whole = (await client.chat.completions.create(ask('upstream', { tools }))) as OpenAI.ChatCompletion
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ type: 'function', function: { name: 'tag', arguments: '{"x":1,"y":true}' } }] },
    })
    const plain = (await client.chat.completions.create(ask('upstream'))) as OpenAI.ChatCompletion
    expect(plain.choices[0]?.message).toEqual({ role: 'assistant', content: fenced })
    let streamed = ''
    for await (const chunk of await client.chat.completions.create({ ...ask('upstream'), tools, stream: true }))
      streamed += chunk.choices[0]?.delta.content ?? ''
    expect(streamed).toBe(fenced)
  })

  it('an answer in one piece passes byte for byte, odd numbers and unknown fields included', async () => {
    const file = path.join(tempFolder(), 'answer.json')
    const bytes = '{"id":"x", "choices" :[{"index":0,"message":{"role":"assistant","content":"ü","odd":1.0}}],\n"seed":12345678901234567890}'
    writeFileSync(file, bytes)
    const upstream = await startOpenAiServer('--echo-file', file)
    const { url } = await startProxy({ entries: [remote(upstream.origin)] })
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('upstream')),
    })
    expect(await response.text()).toBe(bytes)
  })

  it('defaults fill only what was left out, by either name of a field', async () => {
    const upstream = await startOpenAiServer()
    const entry = remote(upstream.origin, { generation_defaults: { max_tokens: 2000, temperature: 0.7 } })
    const { client } = await startProxy({ entries: [entry] })
    await client.chat.completions.create(ask('upstream', { max_completion_tokens: 50, temperature: 0 }))
    await client.chat.completions.create(ask('upstream'))
    const [first, second] = await upstream.chats()
    expect(first).not.toHaveProperty('max_tokens')
    expect(first).toMatchObject({ max_completion_tokens: 50, temperature: 0 })
    expect(second).toMatchObject({ max_tokens: 2000, temperature: 0.7 })
  })

  it('a server that does not count: the log says that the numbers are ours', async () => {
    const upstream = await startOpenAiServer('--no-usage')
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    await client.chat.completions.create(ask('upstream'))
    for await (const _ of await client.chat.completions.create({ ...ask('upstream'), stream: true }));
    for (const record of await logged()) {
      expect(record).toMatchObject({ tokens_estimated: true, tokens_in: expect.any(Number), tokens_out: expect.any(Number) })
      expect(record.tokens_out).toBeGreaterThan(3)
    }
  })

  it('the log counts the client’s own tries', async () => {
    const upstream = await startOpenAiServer('--status', '503')
    const { client, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    await client.chat.completions.create(ask('upstream'), { maxRetries: 1 }).catch(() => undefined)
    expect((await logged()).map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  it('silence after the first words is bridged by a comment between two events, never inside one', async () => {
    const upstream = await startOpenAiServer('--pause-ms', '300')
    const { url } = await startProxy({ entries: [remote(upstream.origin)], limits: { keepAliveMs: 50 } })
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('upstream', { stream: true })),
    })
    const events = (await response.text()).split('\n\n')
    const comments = events.filter((event) => event === ': keep-alive')
    expect(comments.length).toBeGreaterThanOrEqual(2)
    expect(events.filter((event) => event !== '' && event !== ': keep-alive').every((event) => event.startsWith('data: '))).toBe(true)
    expect(events.at(-2)).toBe('data: [DONE]')
  })
})

const look = (url: string, text: string) => ({
  role: 'user' as const,
  content: [
    { type: 'image_url' as const, image_url: { url } },
    { type: 'text' as const, text },
  ],
})

describe('long conversations', () => {
  const jpeg = `data:image/jpeg;base64,${'QUJD'.repeat(2000)}`
  const messages = [
    { role: 'system' as const, content: 'be brief' },
    look(jpeg, 'one'),
    { role: 'assistant' as const, content: 'word '.repeat(8000) },
    look(jpeg, 'two'),
    { role: 'assistant' as const, content: 'ok' },
    { role: 'user' as const, content: 'and the colour?' },
  ]

  it('are cut by the entry’s context, told in a header and in the log, and keep the picture that is asked about', async () => {
    const upstream = await startOpenAiServer()
    const entry = remote(upstream.origin, {
      backend_config: { base_url: upstream.origin, max_model_len: 4096 },
      generation_defaults: { max_tokens: 500 },
    })
    const { client, logged } = await startProxy({ entries: [entry] })
    const { response } = await client.chat.completions.create({ model: 'upstream', messages }).withResponse()
    expect(response.headers.get('x-imageworks-trimmed')).toBe('messages=2,images=1')
    expect((await upstream.chats())[0]!['messages']).toEqual([messages[0], ...messages.slice(3)])
    expect((await logged())[0]).toMatchObject({ trimmed: { messages: 2, images: 1, reasoning: 0 }, images: { count: 2 } })
  })

  it('pass whole where cutting is switched off', async () => {
    const upstream = await startOpenAiServer()
    const entry = remote(upstream.origin, { backend_config: { base_url: upstream.origin, max_model_len: 4096 }, vision_history: { enabled: false } })
    const { url } = await startProxy({ entries: [entry] })
    const body = JSON.stringify({ messages, model: 'upstream' }, null, 1)
    const response = await fetch(`${url}/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(response.headers.get('x-imageworks-trimmed')).toBeNull()
    const sent = (await upstream.seen()).requests.find(({ path: at }) => at === '/v1/chat/completions')
    expect(sent?.body).toBe(body.replace('"upstream"', '"fake-vision"'))
  })

  it('a backend with a tokenizer is asked, and its count decides', async () => {
    const upstream = await startOpenAiServer()
    const entry = remote(upstream.origin, {
      backend_config: { base_url: upstream.origin, max_model_len: 15_000 },
      generation_defaults: { max_tokens: 500 },
    })
    const countTokens = async (_: unknown, text: string) =>
      ((await (await fetch(`${upstream.origin}/tokenize`, { method: 'POST', body: JSON.stringify({ prompt: text }) })).json()) as { count: number })
        .count
    const counted = await startProxy({ entries: [entry], options: { countTokens } })
    const { response } = await counted.client.chat.completions.create({ model: 'upstream', messages }).withResponse()
    // 8000 words are 8000 tokens there, and 10000 by our estimate, which with two pictures still fits.
    expect(response.headers.get('x-imageworks-trimmed')).toBeNull()
    expect((await upstream.seen()).requests.some(({ path: at }) => at === '/tokenize')).toBe(true)
  })

  it('more pictures in one question than the model takes: 400 with both numbers', async () => {
    const upstream = await startOpenAiServer()
    const { client } = await startProxy({ entries: [remote(upstream.origin, { metadata: { max_images: 1 } })] })
    const two = [{ role: 'user' as const, content: [look(jpeg, '').content[0]!, ...look(jpeg, 'compare').content] }]
    await expect(client.chat.completions.create({ model: 'upstream', messages: two })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_request',
      message: expect.stringMatching(/at most 1 picture .* 2 were sent/),
    })
    const { response } = await client.chat.completions
      .create({ model: 'upstream', messages: [...messages.slice(0, 2), look(jpeg, 'two')] })
      .withResponse()
    expect(response.headers.get('x-imageworks-trimmed')).toBe('images=1')
  })
})

describe('pictures', () => {
  const picture = async (width: number, height: number) =>
    `data:image/jpeg;base64,${(
      await sharp({ create: { width, height, channels: 3, background: '#864' } })
        .jpeg()
        .toBuffer()
    ).toString('base64')}`
  const preparePicture: PreparePicture = async (bytes, { longEdge, jpegQuality }) => ({
    bytes: await sharp(bytes).resize(longEdge, longEdge, { fit: 'inside' }).jpeg({ quality: jpegQuality }).toBuffer(),
    mime: 'image/jpeg',
  })
  const sentPictures = async (upstream: { chats(): Promise<Record<string, unknown>[]> }) =>
    ((await upstream.chats()).at(-1)!['messages'] as { content: { image_url?: { url: string } }[] }[]).flatMap(({ content }) =>
      content.flatMap((part) => (part.image_url ? [part.image_url.url] : [])),
    )

  it('are made smaller by the entry’s policy, once, and only where they are larger', async () => {
    const upstream = await startOpenAiServer()
    const { client, logged } = await startProxy({
      entries: [remote(upstream.origin, { image_policy: { long_edge: 448, jpeg_quality: 80 } })],
      options: { preparePicture },
    })
    const [large, small] = [await picture(1200, 800), await picture(448, 300)]
    await client.chat.completions.create({ model: 'upstream', messages: [look(large, 'a'), look(small, 'b')] })
    const [first, second] = await sentPictures(upstream)
    expect(second).toBe(small)
    expect(await sharp(Buffer.from(first!.split(',')[1]!, 'base64')).metadata()).toMatchObject({ width: 448, height: 299 })
    const [record] = await logged()
    expect(record!.images.sent_bytes).toBeLessThan(record!.images.bytes)
    expect(record!.images.sent_bytes).toBeGreaterThan(0)
  })

  it('too many pixels or bytes are 413 with the figures', async () => {
    const upstream = await startOpenAiServer()
    const { client } = await startProxy({ entries: [remote(upstream.origin)], limits: { maxPicturePixels: 10_000, maxPictureBytes: 5_000_000 } })
    await expect(client.chat.completions.create({ model: 'upstream', messages: [look(await picture(101, 100), 'a')] })).rejects.toMatchObject({
      status: 413,
      code: 'payload_too_large',
      message: expect.stringContaining('101 x 100'),
    })
    const heavy = `data:image/jpeg;base64,${Buffer.alloc(5_000_001).toString('base64')}`
    await expect(client.chat.completions.create({ model: 'upstream', messages: [look(heavy, 'a')] })).rejects.toMatchObject({
      status: 413,
      message: expect.stringContaining('5000001'),
    })
    expect(await upstream.chats()).toEqual([])
  })

  it('from a listed host pass by name, from any other they are refused, and nobody fetches', async () => {
    const upstream = await startOpenAiServer()
    const { client, logged } = await startProxy({
      entries: [remote(upstream.origin)],
      options: { settings: settings({ pictureHosts: ['pics.example'] }) },
    })
    await client.chat.completions.create({ model: 'upstream', messages: [look('https://pics.example/a.jpg', 'a')] })
    expect(await sentPictures(upstream)).toEqual(['https://pics.example/a.jpg'])
    const elsewhere = client.chat.completions.create({ model: 'upstream', messages: [look(`${upstream.origin}/secret.jpg`, 'a')] })
    await expect(elsewhere).rejects.toMatchObject({ status: 400, param: 'messages.0.content.0' })
    expect((await upstream.seen()).requests.some(({ path: at }) => at.endsWith('.jpg'))).toBe(false)
    await vi.waitFor(async () => expect(await logged()).toHaveLength(2))
  })
})
