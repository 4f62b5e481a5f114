import { describe, expect, it } from 'vitest'
import { bytesOf } from '../../../../src-main/proxy/body/bytes.ts'
import { readChatBody } from '../../../../src-main/proxy/body/chat-body.ts'
import { estimateLongText, estimateTokens } from '../../../../src-main/proxy/history/estimate-tokens.ts'
import { pictureTokens } from '../../../../src-main/proxy/history/picture-tokens.ts'
import { answerTokensOf, contextTokensOf } from '../../../../src-main/proxy/history/policy.ts'
import { trimHistory, trimmedHeader } from '../../../../src-main/proxy/history/trim-history.ts'
import { entrySchema } from '../../../../src-main/registry/entry.ts'

const entry = (more: object = {}) => entrySchema.parse({ name: 'm', backend: 'vllm', capabilities: { vision: true }, ...more })
const settings = { visionHistory: { enabled: true, keepLastTurns: 1 }, reasoningHistory: { enabled: false, keepLastTurns: 1 } }
const look = (text: string) => ({
  role: 'user',
  content: [
    { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAAA' } },
    { type: 'text', text },
  ],
})
const words = (count: number) => 'word '.repeat(count)
const talk = [look(words(400)), { role: 'assistant', content: words(2000) }, look('and this?'), { role: 'assistant', content: 'ok' }, look('last')]

async function trim(messages: object[], own: object, more: Partial<Parameters<typeof trimHistory>[2]> = {}, body: object = {}) {
  const read = await readChatBody(bytesOf([Buffer.from(JSON.stringify({ model: 'm', messages, ...body }))]))
  const asked: string[] = []
  const countTokens = async (text: string) => {
    asked.push(text)
    return null
  }
  return { ...(await trimHistory(read, entry(own), { settings, pictureTokens: () => 100, countTokens, ...more })), asked }
}

describe('policy of the entry over the defaults', () => {
  it('nothing known of the context, nothing cut', async () => {
    expect(await trim(talk, {})).toEqual({ messages: null, trimmed: null, asked: [] })
  })
  it('a context that is too small for all cuts, the answer set aside', async () => {
    const { trimmed } = await trim(talk, { backend_config: { max_model_len: 2500 } })
    expect(trimmed).toEqual({ messages: 2, images: 1, reasoning: 0 })
    expect((await trim(talk, { backend_config: { max_model_len: 4500 } })).trimmed).toBeNull()
    expect((await trim(talk, { backend_config: { max_model_len: 4500 } }, {}, { max_tokens: 3000 })).trimmed).toMatchObject({ messages: 2 })
  })
  it('switched off by the entry, the request passes whole', async () => {
    expect((await trim(talk, { vision_history: { enabled: false, max_tokens: 300 } })).messages).toBeNull()
  })
  it('max_images of the entry cuts the oldest pictures', async () => {
    expect((await trim(talk, { metadata: { max_images: 2 } })).trimmed).toEqual({ messages: 0, images: 1, reasoning: 0 })
  })
  it('thinking goes only where it is asked for, and with a size only beyond it', async () => {
    const thought = [look('a'), { role: 'assistant', content: `<think>${words(1500)}</think>yes` }, look('b')]
    expect((await trim(thought, {})).messages).toBeNull()
    const { messages, trimmed } = await trim(thought, { reasoning_history: { enabled: true } })
    expect(trimmed).toEqual({ messages: 0, images: 0, reasoning: 1 })
    expect(messages?.[1]).toEqual({ role: 'assistant', content: 'yes' })
    expect((await trim(thought, { reasoning_history: { enabled: true, max_tokens: 100_000 } })).messages).toBeNull()
    expect((await trim(thought, { reasoning_history: { enabled: true, max_tokens: 500 } })).trimmed).toMatchObject({ reasoning: 1 })
  })
  it('a tokenizer is asked only near the limit, and its word counts', async () => {
    expect((await trim(talk, { backend_config: { max_model_len: 100_000 } })).asked).toEqual([])
    const counting = { countTokens: async () => 5 }
    expect((await trim(talk, { backend_config: { max_model_len: 2500 } }, counting)).trimmed).toBeNull()
  })
})

describe('figures', () => {
  it('context: from the field, the flags, or nowhere', () => {
    expect(contextTokensOf(entry({ generation_defaults: { context_window: 4096 }, backend_config: { max_model_len: 1000 } }))).toBe(4096)
    expect(contextTokensOf(entry({ backend_config: { extra_args: ['--kv-cache-dtype', 'fp8', '--max-model-len', '6144'] } }))).toBe(6144)
    expect(contextTokensOf(entry({ backend_config: { extra_args: ['--ctx-size=8192'] } }))).toBe(8192)
    expect(contextTokensOf(entry({ backend_config: { extra_args: ['--max-model-len'] } }))).toBeNull()
  })
  it('answer: the caller by either name, then the entry', () => {
    expect(answerTokensOf({ max_completion_tokens: 50, max_tokens: 70 }, entry())).toBe(50)
    expect(answerTokensOf({}, entry({ generation_defaults: { max_tokens: 2000 } }))).toBe(2000)
  })
  it('the estimate: four letters, two of another alphabet, one ideograph', () => {
    expect(estimateTokens('abcdefgh')).toBe(2)
    expect(estimateTokens('привет')).toBe(3)
    expect(estimateTokens('夕焼けの港')).toBe(5)
    expect(estimateTokens('🙂')).toBe(1)
    const long = 'abcd'.repeat(100_000)
    expect(estimateLongText(long.length, (from, to) => long.slice(from, to))).toBe(100_000)
  })
  it('pictures by family: published examples of a 1536 x 1024 photo', () => {
    const photo = { width: 1536, height: 1024 }
    expect(Math.abs(pictureTokens('qwen3-vl', photo) - 1536)).toBeLessThan(10)
    expect(Math.abs(pictureTokens('qwen25vl', photo) - 2035)).toBeLessThan(30)
    expect(pictureTokens('gemma3', photo)).toBe(256)
    expect(pictureTokens('florence-2', photo)).toBe(577)
    expect(pictureTokens('never heard of', photo)).toBe(1024)
    expect(pictureTokens('qwen3-vl', null)).toBe(1024)
  })
  it('the header says only what happened', () => {
    expect(trimmedHeader({ messages: 4, images: 2, reasoning: 1 })).toBe('messages=4,images=2,reasoning=1')
    expect(trimmedHeader({ messages: 0, images: 2, reasoning: 0 })).toBe('images=2')
    expect(trimmedHeader(null)).toBeNull()
  })
})
