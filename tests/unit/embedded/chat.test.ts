import { describe, expect, test } from 'vitest'
import { answerText, buildChatReply, LARGEST_IMAGE_BYTES, parseChatRequest } from '../../../src-main/embedded/chat.ts'
import { factsOf, seen } from './facts-of.ts'

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])
const url = `data:image/jpeg;base64,${jpeg.toString('base64')}`
const image = { type: 'image_url', image_url: { url } }
const ask = (content: unknown, more: object = {}) => ({ model: 'basic-facts', messages: [{ role: 'user', content }], ...more })
const text = (value: string) => ({ type: 'text', text: value })
const codeOf = (body: unknown) => {
  try {
    parseChatRequest(body)
  } catch (error) {
    return (error as { code?: string }).code
  }
  return 'accepted'
}

describe('requests', () => {
  test('picture, stage and context of the last user message', () => {
    const body = {
      model: 'basic-facts',
      messages: [
        { role: 'user', content: 'earlier' },
        { role: 'assistant', content: 'answer' },
        { role: 'user', content: [image, text('Describe.\n<photo-facts>{"latitude":43.36,"longitude":-5.85}</photo-facts>')] },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'imageworks_keywords', schema: {} } },
    }
    expect(parseChatRequest(body)).toEqual({
      model: 'basic-facts',
      stage: 'keywords',
      image: Uint8Array.from(jpeg),
      context: { latitude: 43.36, longitude: -5.85 },
    })
  })

  test.each([
    ['no picture', ask([text('hello')])],
    ['plain string', ask('hello')],
    ['two pictures', ask([image, image])],
    ['an address on the network', ask([{ type: 'image_url', image_url: { url: 'https://example.org/a.jpg' } }])],
    ['a file', ask([{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }])],
    ['an SVG', ask([{ type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,AAAA' } }])],
    ['bytes that are no JPEG', ask([{ type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAAA' } }])],
    ['a schema of somebody else', ask([image], { response_format: { type: 'json_schema', json_schema: { name: 'weather' } } })],
    ['not a request', { messages: [] }],
    ['nothing', undefined],
  ])('refused: %s', (_name, body) => {
    expect(codeOf(body)).toBe('request-invalid')
  })

  test('an oversized picture is refused before it is decoded', () => {
    const huge = `data:image/jpeg;base64,${'A'.repeat(Math.ceil((LARGEST_IMAGE_BYTES * 4) / 3) + 8)}`
    expect(codeOf(ask([{ type: 'image_url', image_url: { url: huge } }]))).toBe('payload-too-large')
  })

  test('a second fence, smuggled in by a title, makes both unbelieved', () => {
    const fence = (latitude: number) => text(`<photo-facts>{"latitude":${latitude},"longitude":1}</photo-facts>`)
    expect(parseChatRequest(ask([image, fence(10), fence(50)])).context).toEqual({})
  })

  test('an implausible entry is dropped, the others stay; broken JSON never fails the photo', () => {
    expect(parseChatRequest(ask([image, text('<photo-facts>{"latitude":999,"longitude":1,"takenAt":"2024-01-01"}</photo-facts>')])).context).toEqual({
      latitude: undefined,
      longitude: 1,
      takenAt: '2024-01-01',
    })
    expect(parseChatRequest(ask([image, text('<photo-facts>{"latitude":</photo-facts>')])).context).toEqual({})
  })
})

describe('replies', () => {
  const facts = factsOf({ objects: [seen('dog', 0.8), seen('cup', 0.42)] })
  test('each stage answers in its own shape', () => {
    expect(JSON.parse(answerText('caption', facts))).toEqual({ caption: 'A dog.' })
    expect(JSON.parse(answerText('description', facts))).toEqual({ description: 'The photo shows a dog. It is a picture in grey.' })
    expect(JSON.parse(answerText('keywords', facts)).keywords.map((each: { keyword: string }) => each.keyword)).toEqual(['dog', 'cup'])
  })
  test('plain text names only what is proposed', () => {
    expect(answerText(null, facts)).toBe('The photo shows a dog. It is a picture in grey.\n\nKeywords: dog')
  })
  test('the envelope is a chat completion', () => {
    expect(buildChatReply('m', 'text', 'x', 1_700_000_000_999)).toMatchObject({
      id: 'chatcmpl-x',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: 'text' }, finish_reason: 'stop' }],
    })
  })
})
