/** Takes old thinking out of a conversation: fields, parts, and `<think>…</think>` in the text of older answers. Pure. */
import { isRecord, type Message } from '../body/look-at-messages.ts'
import { splitTurns } from './turns.ts'

const FIELDS = ['reasoning', 'reasoning_content', 'reasoning_details', 'thinking', 'thinking_blocks'] as const
const PARTS = new Set(['thinking', 'redacted_thinking', 'reasoning'])
const THOUGHT = /<(think|thinking)>[\s\S]*?<\/\1>\s*/g

const hasThinkingPart = (content: unknown): content is unknown[] =>
  Array.isArray(content) && (content as unknown[]).some((part) => isRecord(part) && PARTS.has(String(part['type'])))

/** `readText` gives the true text of a value of the skeleton. */
function stripMessage(message: Message, readText: (text: string) => string): Message {
  let stripped = message
  const set = (change: Record<string, unknown>) => {
    stripped = { ...stripped, ...change }
  }
  const present = FIELDS.filter((field) => message[field] !== undefined && message[field] !== null)
  if (present.length > 0) stripped = Object.fromEntries(Object.entries(message).filter(([key]) => !present.some((field) => field === key)))
  const withoutThoughts = (text: string) => {
    const whole = readText(text)
    const rest = whole.replace(THOUGHT, '')
    return rest === whole ? text : rest
  }
  const content = message['content']
  if (typeof content === 'string') {
    const rest = withoutThoughts(content)
    if (rest !== content) set({ content: rest })
  }
  if (!Array.isArray(content)) return stripped
  let parts = content as unknown[]
  if (hasThinkingPart(content)) parts = content.filter((part) => !(isRecord(part) && PARTS.has(String(part['type']))))
  let changed = parts !== content
  parts = parts.map((part) => {
    if (!isRecord(part) || typeof part['text'] !== 'string') return part
    const rest = withoutThoughts(part['text'])
    if (rest === part['text']) return part
    changed = true
    return { ...part, text: rest }
  })
  if (changed) set({ content: parts.length > 0 ? parts : '' })
  return stripped
}

export interface ReasoningTrim {
  messages: readonly Message[]
  /** Messages that lost something. */
  stripped: number
}

/** The last `keepLastTurns` turns keep their thinking. */
export function stripReasoning(messages: readonly Message[], keepLastTurns: number, readText: (text: string) => string): ReasoningTrim {
  const { turns } = splitTurns(messages)
  const old = new Set(turns.slice(0, Math.max(0, turns.length - keepLastTurns)).flat())
  let stripped = 0
  const left = messages.map((message, i) => {
    if (!old.has(i) || message['role'] !== 'assistant') return message
    const rest = stripMessage(message, readText)
    if (rest !== message) stripped += 1
    return rest
  })
  return { messages: stripped > 0 ? left : messages, stripped }
}
