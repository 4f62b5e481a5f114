import { describe, expect, it } from 'vitest'
import { stripReasoning } from '../../../../src-main/proxy/history/strip-reasoning.ts'

const strip = (messages: Record<string, unknown>[], keep: number) => stripReasoning(messages, keep, (text) => text)
const user = { role: 'user', content: 'q' }

describe('old thinking', () => {
  const old = [
    user,
    { role: 'assistant', content: '<think>hm\n<b></think>\n\nDogs.', reasoning_content: 'hm', reasoning: 'hm' },
    user,
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: 'Cats.' },
      ],
    },
    user,
  ]
  it('goes in every form, and the answer stays', () => {
    const { messages, stripped } = strip(old, 1)
    expect(stripped).toBe(2)
    expect(messages[1]).toEqual({ role: 'assistant', content: 'Dogs.' })
    expect(messages[3]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'Cats.' }] })
  })
  it('of the last turns stays', () => {
    expect(strip(old, 2)).toMatchObject({ stripped: 1 })
    expect(strip(old, 2).messages[3]).toBe(old[3])
    expect(strip(old, 3).messages).toBe(old)
  })
  it('a user who writes about the tag, and a tag that is never closed, are left alone', () => {
    const odd = [{ role: 'user', content: '<think>mine</think>' }, { role: 'assistant', content: 'so <think> is a tag' }, user]
    expect(strip(odd, 0).messages).toBe(odd)
  })
  it('tool calls of the same message stay', () => {
    const call = { role: 'assistant', content: '', reasoning: 'x', tool_calls: [{ id: 'c' }] }
    expect(strip([user, call, user], 1).messages[1]).toEqual({ role: 'assistant', content: '', tool_calls: [{ id: 'c' }] })
  })
})
