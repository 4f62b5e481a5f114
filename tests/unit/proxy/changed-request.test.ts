import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../src-main/proxy/body/bytes.ts'
import { readChatBody, toChatRequest } from '../../../src-main/proxy/body/chat-body.ts'
import { fingerprintsOf } from '../../../src-main/proxy/body/fingerprints.ts'
import { readAttempt, readCaller, readPriority } from '../../../src-main/proxy/request-headers.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const entry = entrySchema.parse({ name: 'm', backend: 'vllm' })
const PICTURE = `data:image/jpeg;base64,${'QUJD'.repeat(3000)}`
const look = (url: string, text: string) => ({
  role: 'user',
  content: [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text },
  ],
})
const written = (value: object) => Buffer.from(JSON.stringify(value, null, 1))
const whole = (value: object) => bytesOf([written(value)])

describe('a request that is changed on its way', () => {
  const given = { messages: [look(PICTURE, 'one'), look(PICTURE, 'x'.repeat(9000))], model: 'm', big: 1 }
  it('pictures that were made smaller take the place of the old ones, every other byte stays', async () => {
    const body = await readChatBody(whole(given))
    const [first] = body.pictures
    const request = toChatRequest(body, entry, { pictures: new Map([[first!.data!, Buffer.from('"data:image/jpeg;base64,AA"')]]) })
    expect(request.encode('m').toString()).toBe(written(given).toString().replace(`"${PICTURE}"`, '"data:image/jpeg;base64,AA"'))
    expect(request.body).toEqual(JSON.parse(request.encode('m').toString()))
  })
  it('a conversation that was cut is written with its long texts and the new pictures', async () => {
    const body = await readChatBody(whole(given))
    const messages = body.messages.slice(1)
    const request = toChatRequest(body, entry, {
      messages,
      pictures: new Map([[body.pictures[1]!.data!, Buffer.from('"data:image/png;base64,BB"')]]),
    })
    expect(JSON.parse(request.encode('served').toString())).toEqual({
      ...given,
      model: 'served',
      messages: [look('data:image/png;base64,BB', 'x'.repeat(9000))],
    })
  })
  it('nothing to change: the very same bytes', async () => {
    const body = await readChatBody(whole(given))
    expect(toChatRequest(body, entry).encode('m').equals(written(given))).toBe(true)
  })
  it('completions and embeddings are read by their own fields', async () => {
    const read = (value: object, route: 'completions' | 'embeddings') => readChatBody(whole({ model: 'm', ...value }), { route })
    expect((await read({ prompt: ['a', 'b'] }, 'completions')).texts).toEqual(['a', 'b'])
    expect(await read({ input: [1, 2, 3], stream: true }, 'embeddings')).toMatchObject({ texts: [], stream: false })
    await expect(read({ input: [] }, 'embeddings')).rejects.toMatchObject({ data: { param: 'input' } })
    await expect(read({ messages: [{}] }, 'completions')).rejects.toMatchObject({ data: { param: 'prompt' } })
    const embedding = await read({ input: 'a' }, 'embeddings')
    const talkative = entrySchema.parse({ name: 'm', backend: 'vllm', generation_defaults: { max_tokens: 5 } })
    expect(JSON.parse(toChatRequest(embedding, talkative).encode('m').toString())).toEqual({ model: 'm', input: 'a' })
  })
})

describe('pictures from elsewhere', () => {
  const read = (url: string) => readChatBody(whole({ model: 'm', messages: [look(url, 'x')] }), { pictureHosts: ['pics.example'] })
  it('pass untouched when their host is listed', async () => {
    const body = await read('https://pics.example/a.jpg')
    expect(body.pictures).toEqual([{ param: 'messages.0.content.0', address: 'https://pics.example/a.jpg', data: null }])
  })
  for (const url of [
    'https://pics.example.evil/a',
    'https://evil/pics.example',
    'https://u:p@pics.example/',
    'ftp://pics.example/',
    'https://evil@pics.example/',
    'file:///pics.example',
  ]) {
    it(`${url} does not`, () => expect(read(url)).rejects.toMatchObject({ code: 'request-invalid' }))
  }
  it('two addresses in one part are refused: which one counts would be a guess', async () => {
    const part = { type: 'image_url', image_url: { url: PICTURE }, video_url: { url: 'http://x' } }
    await expect(readChatBody(whole({ model: 'm', messages: [{ role: 'user', content: [part] }] }))).rejects.toMatchObject({
      code: 'request-invalid',
    })
  })
})

describe('what the log tells', () => {
  const printOf = async (url: string, text: string) => fingerprintsOf(await readChatBody(whole({ model: 'm', messages: [look(url, text)] })))
  it('equal prompts and pictures have equal hashes, others have others', async () => {
    const large = `data:image/jpeg;base64,${'QUJD'.repeat(50_000)}`
    const [a, b, c] = [
      await printOf(large, 'one'),
      await printOf(large, 'two'),
      await printOf(`${large.slice(0, 100_000)}RRRR${large.slice(100_004)}`, 'one'),
    ]
    expect(a.pictures).toBe(b.pictures)
    expect(a.prompt).not.toBe(b.prompt)
    expect(a.prompt).toBe(c.prompt)
    expect(a.pictures).not.toBe(c.pictures)
    expect(a.pictures).toMatch(/^[0-9a-f]{16}$/)
  })
  it('priority, attempt and caller from headers', () => {
    expect(readPriority({})).toBe('interactive')
    expect(readPriority({ 'x-imageworks-priority': 'Batch' })).toBe('batch')
    expect(() => readPriority({ 'x-imageworks-priority': 'urgent' })).toThrow(/interactive, batch, prefetch/)
    expect(readAttempt({})).toBe(1)
    expect(readAttempt({ 'x-stainless-retry-count': '2' })).toBe(3)
    expect(readAttempt({ 'x-imageworks-attempt': '4' })).toBe(4)
    expect(readAttempt({ 'x-imageworks-attempt': '-1' })).toBe(1)
    expect(readCaller({ 'user-agent': 'a\u0007b' })).toBe('ab')
  })
})
