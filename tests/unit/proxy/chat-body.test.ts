import { describe, expect, it } from 'vitest'
import { readChatBody, toChatRequest } from '../../../src-main/proxy/chat-body.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const entry = (defaults: object) => entrySchema.parse({ name: 'm', backend: 'vllm', generation_defaults: defaults })
const read = (body: object) => readChatBody(Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...body })))
const sent = (body: object, defaults: object) =>
  JSON.parse(toChatRequest(read(body), entry(defaults)).encode('served').toString()) as Record<string, unknown>
const picture = (url: unknown) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'what' },
        { type: 'image_url', image_url: url },
      ],
    },
  ],
})

describe('defaults of the entry', () => {
  it('fill only what was left out; max_completion_tokens counts as max_tokens', () => {
    const defaults = { max_tokens: 2000, temperature: 0.7, top_k: 20, context_window: 4096, stop_sequences: ['###'] }
    expect(sent({ temperature: 0, max_completion_tokens: 50 }, defaults)).toEqual({
      model: 'served',
      messages: [{ role: 'user', content: 'x' }],
      temperature: 0,
      max_completion_tokens: 50,
      top_k: 20,
      stop: ['###'],
    })
  })
})

describe('pictures', () => {
  for (const url of [
    { url: 'http://169.254.169.254/x' },
    { url: 'https://a.example/b.jpg' },
    { url: 'file:///etc/passwd' },
    { url: 'data:text/html,x' },
    'ftp://x',
    { url: 5 },
    {},
  ]) {
    it(`${JSON.stringify(url)} must be refused, not fetched by anybody`, () => {
      expect(() => read(picture(url))).toThrow(expect.objectContaining({ code: 'request-invalid', data: { param: 'messages.0.content.1' } }))
    })
  }
  it('a video by address must be refused as well', () => {
    expect(() => read({ messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'http://x' } }] }] })).toThrow(
      /inside the request/,
    )
  })
  it('are counted and measured, never kept as text', () => {
    const body = read(picture({ url: `data:image/jpeg;base64,${'A'.repeat(400)}` }))
    expect(body.images).toEqual({ count: 1, bytes: 300, hash: expect.stringMatching(/^[0-9a-f]{16}$/) })
  })
})

describe('what is not a chat request', () => {
  const bad: [string, object, string][] = [
    ['no model', { model: undefined }, 'model'],
    ['an empty model', { model: ' ' }, 'model'],
    ['messages as text', { messages: 'hello' }, 'messages'],
    ['no messages', { messages: [] }, 'messages'],
    ['a message that is a number', { messages: [1] }, 'messages.0'],
    ['a part that is a text', { messages: [{ role: 'user', content: ['x'] }] }, 'messages.0.content.0'],
    ['stream as text', { stream: 'yes' }, 'stream'],
  ]
  for (const [what, body, param] of bad) {
    it(`${what} must name its field`, () => expect(() => read(body)).toThrow(expect.objectContaining({ code: 'request-invalid', data: { param } })))
  }
  it('bytes that are not UTF-8', () => expect(() => readChatBody(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(/UTF-8/))
})

it('fields through which servers run code are taken out', () => {
  const body = read({ mm_processor_kwargs: { a: 1 }, chat_template: '{{ x }}', extra: 'kept' })
  expect(body.dropped).toEqual(['mm_processor_kwargs', 'chat_template'])
  const request = toChatRequest(body, entry({}))
  expect(Object.keys(JSON.parse(request.encode('s').toString()) as object)).toEqual(['model', 'messages', 'extra'])
  expect(request.body).not.toHaveProperty('chat_template')
})
