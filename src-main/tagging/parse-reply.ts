/** From what a model wrote to a value of its stage. Pure; every reply gets a value or a named failure, never an exception. */
import type { Stage } from '../contract/model.ts'
import { jsonValues, salvageItems } from './find-json.ts'
import { type NormalisedKeywords, normaliseKeywords, parseKeyword } from './keywords.ts'
import { tidyLine } from './neutralise.ts'

export type ReplyFailure = 'reply-empty' | 'reply-unreadable' | 'reply-truncated'
export type ParsedReply =
  | { kind: 'text'; text: string }
  | ({ kind: 'keywords' /** The list broke off; what was complete is here. */; truncated: boolean } & NormalisedKeywords)
  | { kind: 'failure'; code: ReplyFailure }

/** Replies are read up to here; no stage needs a tenth of it, and a hostile one must not hold up the process. */
const MAX_REPLY_CHARS = 50_000
/** A list inside an object inside a list is as deep as a misunderstood schema gets. */
const MAX_DEPTH = 3

const KEYS: Record<Stage, readonly string[]> = {
  caption: ['caption', 'title', 'text', 'answer'],
  keywords: ['keywords', 'tags', 'labels', 'answer'],
  description: ['description', 'alt_text', 'text', 'answer'],
}

/**
 * `scored`: whether the numbers in this reply are true scores (see `givesScores`); otherwise they are dropped.
 * Text of a caption or description comes back as one tidy line; keywords come back normalised.
 */
export function parseStageReply(stage: Stage, rawText: string, options: { scored: boolean } = { scored: true }): ParsedReply {
  const thought = withoutThinking(rawText.slice(0, MAX_REPLY_CHARS))
  if (thought.open && tidyLine(thought.text) === '') return failure('reply-truncated')
  if (tidyLine(thought.text) === '') return failure('reply-empty')
  return stage === 'keywords' ? parseKeywords(thought.text, options.scored) : parseText(stage, thought.text)
}

const failure = (code: ReplyFailure): ParsedReply => ({ kind: 'failure', code })

/** Reasoning models may put their thoughts first; `open` means that the reply ended inside them. */
function withoutThinking(raw: string): { text: string; open: boolean } {
  const start = /^\s*<(think|thinking)>/i.exec(raw)
  // Chat templates that open the block themselves leave only its end in the reply.
  const end = /<\/(think|thinking)>/i.exec(raw)
  if (end) return { text: raw.slice(end.index + end[0].length), open: false }
  return start ? { text: '', open: true } : { text: raw, open: false }
}

function parseKeywords(text: string, scored: boolean): ParsedReply {
  const found = (items: readonly unknown[], truncated: boolean): ParsedReply => ({
    kind: 'keywords',
    truncated,
    ...normaliseKeywords(items.map((item) => parseKeyword(item, scored)).filter((item) => item !== undefined)),
  })
  for (const value of jsonValues(text)) {
    const items = findList(value)
    if (items) return found(items, false)
  }
  const salvaged = salvageItems(text)
  const usable = salvaged?.items.some((item) => parseKeyword(item, scored) !== undefined)
  if (salvaged && usable) return found(salvaged.items, !salvaged.complete)
  if (looksBrokenOff(text)) return failure('reply-truncated')
  const bullets = bulletLines(text)
  return bullets ? found(bullets, false) : failure('reply-unreadable')
}

/** The keyword list in a JSON value: the list itself, or under one of the known keys, however they are written. */
function findList(value: unknown, depth = 0): readonly unknown[] | undefined {
  if (depth > MAX_DEPTH) return undefined
  const unwrapped = unwrapString(value)
  if (Array.isArray(unwrapped)) {
    if (unwrapped.length === 0 || unwrapped.some((item) => parseKeyword(item, false))) return unwrapped
    return firstDefined(unwrapped, (item) => findList(item, depth + 1))
  }
  const listed = valueAt(unwrapped, KEYS.keywords)
  if (Array.isArray(listed)) return listed
  // "dog, beach, sunset" under the right key is what small models give.
  if (typeof listed === 'string') return listed.split(/[,;\n]/)
  return undefined
}

/** A list written as bullets or numbers, one keyword a line; undefined when any line is something else. */
function bulletLines(text: string): string[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/:\s*$/.test(line) && !/^\s*```/.test(line))
  const items = lines.map((line) => /^\s*(?:[-*\u2022]|\d{1,3}[.)])\s+(.+)$/.exec(line)?.[1])
  return items.length > 0 && items.every((item) => item !== undefined) ? items : undefined
}

function parseText(stage: 'caption' | 'description', text: string): ParsedReply {
  for (const value of jsonValues(text)) {
    const found = findText(value, KEYS[stage])
    if (found !== undefined) return { kind: 'text', text: tidyLine(found) }
  }
  if (looksBrokenOff(text)) return failure('reply-truncated')
  if (/^\s*(```\w*\s*)?[{[]/.test(text)) return failure('reply-unreadable')
  const plain = tidyLine(unquoted(withoutLabel(stage, withoutFences(text))))
  return plain === '' ? failure('reply-empty') : { kind: 'text', text: plain }
}

function findText(value: unknown, keys: readonly string[], depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return undefined
  const unwrapped = unwrapString(value)
  if (typeof unwrapped === 'string') return unwrapped
  if (Array.isArray(unwrapped)) return firstDefined(unwrapped, (item) => findText(item, keys, depth + 1))
  const found = valueAt(unwrapped, keys)
  return typeof found === 'string' ? found : undefined
}

function firstDefined<T>(items: readonly unknown[], find: (item: unknown) => T | undefined): T | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** JSON written into a JSON string: parsed once more. */
function unwrapString(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value
  const [inner] = jsonValues(value)
  return inner === undefined ? value : inner
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  for (const key of keys) {
    const entry = Object.entries(value).find(([name]) => name.trim().toLowerCase() === key)
    if (entry) return entry[1]
  }
  return undefined
}

/** An object or list that was begun and not ended. */
function looksBrokenOff(text: string): boolean {
  const trimmed = withoutFences(text).trim()
  return /^[{[]/.test(trimmed) && !/[}\]]\s*$/.test(trimmed)
}

function withoutFences(text: string): string {
  return text.replace(/^\s*```[\w-]*[ \t]*\n?/, '').replace(/\n?\s*```\s*$/, '')
}

/** "Here is a caption:" on its own line, or "Caption:" before the words. */
function withoutLabel(stage: string, text: string): string {
  const lines = text.trim().split('\n')
  if (lines.length > 1 && /:\s*$/.test(lines[0]!)) lines.shift()
  return lines.join('\n').replace(new RegExp(`^\\s*\\**${stage}\\**\\s*:\\**\\s*`, 'i'), '')
}

/** Takes one pair of quotes that encloses the whole text, and none that belongs to a quotation inside it. */
function unquoted(text: string): string {
  const trimmed = text.trim()
  const match = /^(["\u201C'\u2018])([\s\S]*)(["\u201D'\u2019])$/.exec(trimmed)
  const inner = match?.[2]
  if (inner === undefined || /["\u201C\u201D]/.test(inner)) return trimmed
  const pairs = ['""', "''", '\u201C\u201D', '\u2018\u2019']
  return pairs.includes(`${match![1]}${match![3]}`) ? inner : trimmed
}
