import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../src-main/proxy/body/bytes.ts'
import { readChatBody, toChatRequest } from '../../../src-main/proxy/body/chat-body.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const entry = (defaults: object) => entrySchema.parse({ name: 'm', backend: 'vllm', generation_defaults: defaults })
const read = (body: object) =>
  readChatBody(bytesOf([Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...body }))]))
const sent = async (body: object, defaults: object) =>
  JSON.parse(
    toChatRequest(await read(body), entry(defaults))
      .encode('served')
      .toString(),
  ) as Record<string, unknown>
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
  it('fill only what was left out; max_completion_tokens counts as max_tokens', async () => {
    const defaults = { max_tokens: 2000, temperature: 0.7, top_k: 20, context_window: 4096, stop_sequences: ['###'] }
    expect(await sent({ temperature: 0, max_completion_tokens: 50 }, defaults)).toEqual({
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
    it(`${JSON.stringify(url)} must be refused, not fetched by anybody`, async () => {
      await expect(read(picture(url))).rejects.toThrow(expect.objectContaining({ code: 'request-invalid', data: { param: 'messages.0.content.1' } }))
    })
  }
  it('a video by address must be refused as well', async () => {
    await expect(read({ messages: [{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'http://x' } }] }] })).rejects.toThrow(
      /inside the request/,
    )
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
    it(`${what} must name its field`, () => expect(read(body)).rejects.toThrow(expect.objectContaining({ code: 'request-invalid', data: { param } })))
  }
  it('bytes that are not UTF-8', () => expect(readChatBody(bytesOf([Buffer.from([0x7b, 0xff, 0x7d])]))).rejects.toThrow(/UTF-8/))
})

it('fields through which servers run code are taken out', async () => {
  const body = await read({ mm_processor_kwargs: { a: 1 }, chat_template: '{{ x }}', extra: 'kept' })
  expect(body.dropped).toEqual(['mm_processor_kwargs', 'chat_template'])
  const request = toChatRequest(body, entry({}))
  expect(Object.keys(JSON.parse(request.encode('s').toString()) as object)).toEqual(['model', 'messages', 'extra'])
  expect(request.body).not.toHaveProperty('chat_template')
})
