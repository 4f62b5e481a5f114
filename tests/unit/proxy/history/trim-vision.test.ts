import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../../src-main/proxy/body/look-at-messages.ts'
import { picturesOf } from '../../../../src-main/proxy/history/message-pictures.ts'
import { trimVision, type VisionLimits } from '../../../../src-main/proxy/history/trim-vision.ts'
import { splitTurns } from '../../../../src-main/proxy/history/turns.ts'

/** One token a character, ten a picture: sums that can be done in the head. */
const costs = { textOf: (message: Message) => textIn(message).length, pictureOf: () => 10 }
const NOTE = '[An earlier picture was left out.]'

function textIn(message: Message): string {
  const { content } = message
  if (typeof content === 'string') return content
  return Array.isArray(content) ? (content as { text?: string }[]).map(({ text }) => (text === NOTE ? '' : (text ?? ''))).join('') : ''
}
const picture = (name: string) => ({ type: 'image_url', image_url: { url: name } })
const user = (text: string, ...pictures: string[]): Message => ({
  role: 'user',
  content: pictures.length === 0 ? text : [...pictures.map(picture), { type: 'text', text }],
})
const assistant = (content: string): Message => ({ role: 'assistant', content })
const system = (content: string): Message => ({ role: 'system', content })
const trim = (messages: Message[], limits: Partial<VisionLimits>) =>
  trimVision(messages, { keepLastTurns: 1, maxTokens: Number.POSITIVE_INFINITY, maxPictures: Number.POSITIVE_INFINITY, ...limits }, costs)
const names = (messages: readonly Message[]) => messages.flatMap(picturesOf).map((part) => (part['image_url'] as { url: string }).url)

describe('cutting a conversation with pictures', () => {
  const talk = [system('S'), user('one', 'A'), assistant('aaaa'), user('two', 'B'), assistant('bbbb'), user('three', 'C')]

  it('that fits must come back as the very same list', () => {
    expect(trim(talk, { maxTokens: 100, maxPictures: 3 }).messages).toBe(talk)
    expect(trim([user('x'.repeat(1000))], { maxTokens: 10 }).droppedMessages).toBe(0)
  })

  it('too many pictures: the newest stay in their order, and the text of the older turns stays with a note', () => {
    const { messages, droppedMessages, droppedPictures } = trim(talk, { maxPictures: 2 })
    expect(names(messages)).toEqual(['B', 'C'])
    expect([droppedMessages, droppedPictures]).toEqual([0, 1])
    expect(JSON.stringify(messages[1])).toContain('left out')
    expect(messages[3]).toBe(talk[3])
  })

  it('too many tokens: the oldest turns go, the system message stays where it is', () => {
    const { messages, droppedMessages, droppedPictures } = trim(talk, { maxTokens: 36 })
    expect(messages).toEqual([talk[0], ...talk.slice(3)])
    expect([droppedMessages, droppedPictures]).toEqual([2, 1])
  })

  it('a system message in the middle stays between what stood around it', () => {
    const odd = [user('one', 'A'), system('S1'), user('two', 'B'), system('S2'), user('three')]
    expect(trim(odd, { maxTokens: 24 }).messages.map(textIn)).toEqual(['S1', 'two', 'S2', 'three'])
    expect(trim(odd, { maxTokens: 24 }).messages[1]).toBe(odd[2])
  })

  it('the last turns that must stay do so, however large they are', () => {
    expect(trim(talk, { maxTokens: 1, keepLastTurns: 2 }).messages.map(textIn)).toEqual(['S', 'two', 'bbbb', 'three'])
    expect(names(trim(talk, { maxTokens: 1, keepLastTurns: 2 }).messages)).toEqual(['C'])
  })

  it('a question without a picture keeps the picture that it is about, in front of its text', () => {
    const follow = [user('look', 'A', 'B'), assistant('x'.repeat(50)), user('and the colour?')]
    const { messages } = trim(follow, { maxTokens: 40 })
    expect(messages).toEqual([{ role: 'user', content: [picture('A'), picture('B'), { type: 'text', text: 'and the colour?' }] }])
    expect(names(trim(follow, { maxTokens: 40, maxPictures: 1 }).messages)).toEqual(['B'])
  })

  it('an older question that stays keeps its picture as well where there is room, before the newer one', () => {
    const follow = [user('look', 'A'), assistant('x'.repeat(50)), user('colour?'), assistant('red'), user('this?', 'B')]
    expect(names(trim(follow, { maxTokens: 40 }).messages)).toEqual(['A', 'B'])
    expect(names(trim(follow, { maxTokens: 30 }).messages)).toEqual(['B'])
  })

  it('a tool result is never parted from its call, even with a question in between', () => {
    const call: Message = { role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] }
    const result: Message = { role: 'tool', tool_call_id: 'c1', content: 'r' }
    const talked = [user('one', 'A'), assistant('x'.repeat(60)), user('two'), call, user('wait'), result, assistant('done'), user('three')]
    const kept = trim(talked, { maxTokens: 30 }).messages
    expect(kept.some((message) => message['role'] === 'tool')).toBe(kept.some((message) => 'tool_calls' in message))
    expect(splitTurns(talked).turns).toEqual([[0, 1], [2, 3, 4, 5, 6], [7]])
  })
})

const turn = fc.record({
  text: fc.string({ minLength: 1, maxLength: 30 }),
  pictures: fc.integer({ min: 0, max: 3 }),
  answer: fc.string({ maxLength: 40 }),
  tool: fc.boolean(),
  system: fc.boolean(),
})
const conversation = fc.array(turn, { minLength: 1, maxLength: 8 }).map((turns) =>
  turns.flatMap(({ text, pictures, answer, tool, system: instructed }, i): Message[] => [
    ...(instructed ? [system(`S${i}`)] : []),
    user(text, ...Array.from({ length: pictures }, (_, j) => `p${i}.${j}`)),
    ...(i === turns.length - 1
      ? []
      : tool
        ? [
            { role: 'assistant', content: null, tool_calls: [{ id: `c${i}`, type: 'function', function: { name: 'f', arguments: '{}' } }] },
            { role: 'tool', tool_call_id: `c${i}`, content: answer },
          ]
        : [assistant(answer)]),
  ]),
)
const limits = fc.record({
  keepLastTurns: fc.integer({ min: 0, max: 4 }),
  maxTokens: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(Number.POSITIVE_INFINITY)),
  maxPictures: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Number.POSITIVE_INFINITY)),
})

describe('whatever the conversation and the settings', () => {
  const check = (property: (messages: Message[], given: VisionLimits, after: ReturnType<typeof trimVision>) => void) =>
    fc.assert(
      fc.property(conversation, limits, (messages, given) => property(messages, given, trimVision(messages, given, costs))),
      { numRuns: 400 },
    )

  it('the order of messages and pictures is the old one, and the counts are true', () =>
    check((messages, _, { messages: after, droppedMessages, droppedPictures }) => {
      const order = names(messages)
      const left = names(after).map((name) => order.indexOf(name))
      expect(left).toEqual(left.toSorted((a, b) => a - b))
      expect(left).not.toContain(-1)
      const texts = messages.map(textIn)
      let at = -1
      for (const text of after.map(textIn)) {
        at = texts.indexOf(text, at + 1)
        expect(at).toBeGreaterThanOrEqual(0)
      }
      expect(after.length).toBe(messages.length - droppedMessages)
      expect(left.length).toBe(order.length - droppedPictures)
    }))

  it('instructions and the last turns are all there', () =>
    check((messages, { keepLastTurns }, { messages: after }) => {
      const { instructions, turns } = splitTurns(messages)
      const must = [...instructions, ...turns.slice(-Math.max(1, keepLastTurns)).flat()].sort((a, b) => a - b)
      const texts = after.map(textIn)
      let at = -1
      for (const i of must) {
        at = texts.indexOf(textIn(messages[i]!), at + 1)
        expect(at).toBeGreaterThanOrEqual(0)
      }
      const last = turns.at(-1)!.flatMap((i) => names([messages[i]!]))
      expect(names(after).slice(-last.length || Number.POSITIVE_INFINITY)).toEqual(last)
    }))

  it('the budgets hold, but for what must stay', () =>
    check((messages, given, { messages: after }) => {
      if (names(messages).length === 0) return
      const { turns } = splitTurns(messages)
      const ownPictures = turns.at(-1)!.flatMap((i) => names([messages[i]!])).length
      expect(names(after).length).toBeLessThanOrEqual(Math.max(given.maxPictures, ownPictures))
      const kept = splitTurns(after).turns.length
      const tokens = after.reduce((sum, message) => sum + costs.textOf(message), 0) + names(after).length * 10
      if (kept > Math.max(1, given.keepLastTurns)) expect(tokens).toBeLessThanOrEqual(given.maxTokens)
    }))

  it('calls and results stay together, and a last question about a picture still has one', () =>
    check((messages, given, { messages: after }) => {
      const calls = after.flatMap((message) => ('tool_calls' in message ? (message['tool_calls'] as { id: string }[]).map(({ id }) => id) : []))
      expect(after.flatMap((message) => ('tool_call_id' in message ? [message['tool_call_id']] : []))).toEqual(calls)
      if (names(messages).length > 0 && given.maxPictures > 0) expect(names(after).length).toBeGreaterThan(0)
    }))

  it('cutting twice cuts nothing more', () =>
    check((_, given, { messages: after }) => {
      const again = trimVision(after, given, costs)
      expect(names(again.messages)).toEqual(names(after))
      expect(again.messages.map(textIn)).toEqual(after.map(textIn))
    }))
})
