/** One request's conversation by its entry's policies: old thinking first, then turns and pictures. Pure but for asking a tokenizer. */
import type { RegistryEntry } from '../../registry/entry.ts'
import type { ChatBody } from '../body/chat-body.ts'
import { type Message, isRecord } from '../body/look-at-messages.ts'
import type { StandIns } from '../body/stand-ins.ts'
import type { ProxySettings, Trimmed } from '../ports.ts'
import { estimateLongText, estimateTokens, FRAME_TOKENS } from './estimate-tokens.ts'
import { type Part, picturesOf } from './message-pictures.ts'
import { maxPicturesOf, type Policy, policyOf } from './policy.ts'
import { stripReasoning } from './strip-reasoning.ts'
import { trimVision } from './trim-vision.ts'

export interface TrimPorts {
  settings: Pick<ProxySettings, 'visionHistory' | 'reasoningHistory'>
  pictureTokens(part: Part): number
  /** Null where no tokenizer can be asked. */
  countTokens: (text: string) => Promise<number | null>
}

export interface TrimOutcome {
  /** Null: the conversation goes on as it came. */
  messages: readonly Message[] | null
  trimmed: Trimmed | null
}

const WHOLE: TrimOutcome = { messages: null, trimmed: null }

/** Tokens of one text of the skeleton, by the documented estimate. */
export function estimateText(text: string, standIns: StandIns): number {
  if (!standIns.find(text)) return estimateTokens(text)
  return estimateLongText(standIns.bytesOf(text), (from, to) => standIns.rawSlice(text, from, to))
}

function textsOf(message: Message): string[] {
  const content = message['content']
  const parts = Array.isArray(content)
    ? (content as unknown[]).filter(isRecord).flatMap((part) => (typeof part['text'] === 'string' ? [part['text']] : []))
    : []
  const rest = Object.entries(message).flatMap(([key, value]) => {
    if (key === 'role' || (key === 'content' && Array.isArray(value)) || value === null) return []
    return [typeof value === 'string' ? value : JSON.stringify(value)]
  })
  return [...rest, ...parts]
}

/** A tokenizer is asked only where it could change the outcome, and for at most this many messages; the rest is estimated. */
const NEAR = 0.6
const MOST_ASKED = 64

async function countMessages(messages: readonly Message[], maxTokens: number, standIns: StandIns, { pictureTokens, countTokens }: TrimPorts) {
  const counts = new Map<Message, number>()
  let total = 0
  for (const message of messages) {
    const tokens = FRAME_TOKENS + textsOf(message).reduce((sum, text) => sum + estimateText(text, standIns), 0)
    counts.set(message, tokens)
    total += tokens + picturesOf(message).reduce((sum, part) => sum + pictureTokens(part), 0)
  }
  if (total <= maxTokens * NEAR) return counts
  const asked = messages.slice(-MOST_ASKED)
  await Promise.all(
    asked.map(async (message) => {
      const exact = await countTokens(
        textsOf(message)
          .map((text) => standIns.read(text))
          .join('\n'),
      )
      if (exact !== null) counts.set(message, FRAME_TOKENS + exact)
    }),
  )
  return counts
}

const totalOf = (counts: ReadonlyMap<Message, number>, messages: readonly Message[], { pictureTokens }: TrimPorts) =>
  messages.reduce(
    (sum, message) => sum + (counts.get(message) ?? 0) + picturesOf(message).reduce((tokens, part) => tokens + pictureTokens(part), 0),
    0,
  )

export async function trimHistory(body: ChatBody, entry: RegistryEntry, ports: TrimPorts): Promise<TrimOutcome> {
  if (body.messages.length < 2) return WHOLE
  const { settings } = ports
  const vision = policyOf(entry.vision_history, settings.visionHistory, entry, body.json)
  const reasoning = policyOf(entry.reasoning_history, settings.reasoningHistory, entry, body.json)
  const wantsVision = vision.enabled && body.pictures.length > 0
  if (!wantsVision && !reasoning.enabled) return WHOLE

  const trimmed: Trimmed = { messages: 0, images: 0, reasoning: 0 }
  let messages = body.messages
  if (reasoning.enabled && (await isOver(entry.reasoning_history.max_tokens ?? null, body, ports))) {
    const outcome = stripReasoning(messages, reasoning.keepLastTurns, (text) => body.standIns.read(text))
    messages = outcome.messages
    trimmed.reasoning = outcome.stripped
  }
  if (wantsVision) {
    const outcome = await cut(messages, vision, body, entry, ports)
    messages = outcome.messages
    trimmed.messages = outcome.droppedMessages
    trimmed.images = outcome.droppedPictures
  }
  return messages === body.messages ? WHOLE : { messages, trimmed }
}

/** A policy that names a size acts beyond it; one that names none acts always. */
async function isOver(maxTokens: number | null, body: ChatBody, ports: TrimPorts): Promise<boolean> {
  if (maxTokens === null) return true
  const counts = await countMessages(body.messages, maxTokens, body.standIns, ports)
  return totalOf(counts, body.messages, ports) > maxTokens
}

async function cut(messages: readonly Message[], vision: Policy, body: ChatBody, entry: RegistryEntry, ports: TrimPorts) {
  const tools = body.json['tools']
  const aside = tools === undefined ? 0 : estimateTokens(JSON.stringify(tools))
  const maxTokens = vision.maxTokens - aside
  const counts = await countMessages(messages, maxTokens, body.standIns, ports)
  const limits = { keepLastTurns: vision.keepLastTurns, maxTokens, maxPictures: maxPicturesOf(entry) }
  const outcome = trimVision(messages, limits, { textOf: (message) => counts.get(message) ?? 0, pictureOf: (part) => ports.pictureTokens(part) })
  return outcome.droppedMessages + outcome.droppedPictures === 0 ? { ...outcome, messages } : outcome
}

/** `messages=4,images=2,reasoning=1`, only what is not 0; null when nothing was left out. */
export function trimmedHeader(trimmed: Trimmed | null): string | null {
  if (!trimmed) return null
  const said = Object.entries(trimmed).flatMap(([what, count]) => (count > 0 ? [`${what}=${count}`] : []))
  return said.length > 0 ? said.join(',') : null
}
