/** What a proposal must pass before it may be approved without being looked at. A gated proposal is shown, marked, and never part of "approve all". */
import { GATES, type Gate } from '../contract/errors/index.ts'
import type { ProposedKeyword, Stage } from '../contract/model.ts'
import { letterShare, oddTokenShare, scriptShares, withoutQuotations, wordsOf } from './text-measures.ts'

export type StageValue =
  | { text: string }
  | { keywords: readonly ProposedKeyword[]; given?: number; twins?: number; tooLong?: number; overCount?: number }

/** Characters. A caption becomes a title, a description must fit the 2,000 bytes of IPTC. */
const MAX_TEXT_CHARS: Record<'caption' | 'description', number> = { caption: 300, description: 2000 }
/** The patterns below read this much of a text; whatever is longer has failed `too-long` already. */
const MAX_MEASURED_CHARS = 3000
/** Words below which a text is too short to measure for noise or repetition. */
const MIN_MEASURED_WORDS = 4

/**
 * Codes of the gates that the value fails, in the order of GATES; empty when it passes.
 * @param options.emptyIsAnswer The model says what it measured: finding no keyword is an answer, not a fault.
 */
export function gates(stage: Stage, value: StageValue, { emptyIsAnswer = false }: { emptyIsAnswer?: boolean } = {}): Gate[] {
  const failed = 'text' in value ? textGates(stage === 'keywords' ? 'caption' : stage, value.text) : keywordGates(value)
  if (emptyIsAnswer && stage === 'keywords') failed.delete('empty')
  return GATES.filter((gate) => failed.has(gate))
}

function textGates(stage: 'caption' | 'description', whole: string): Set<Gate> {
  const failed = new Set<Gate>()
  const text = whole.slice(0, MAX_MEASURED_CHARS)
  if (!/[\p{L}\p{N}]/u.test(text)) return failed.add(text.trim() === '' ? 'empty' : 'not-text')
  if (looksLikeDebris(text)) failed.add('unreadable')
  if ([...text].length > MAX_TEXT_CHARS[stage]) failed.add('too-long')
  if (isRepetitive(text)) failed.add('repetition')
  if (isRefusal(text)) failed.add('refusal')
  if (isNoise(text)) failed.add('not-text')
  if (isSuspicious(text)) failed.add('suspicious-text')
  return failed
}

function keywordGates(value: Extract<StageValue, { keywords: unknown }>): Set<Gate> {
  const failed = new Set<Gate>()
  const words = value.keywords.map(({ keyword }) => keyword)
  if ((value.overCount ?? 0) > 0 || (value.tooLong ?? 0) > 0) failed.add('too-long')
  if (words.length === 0) return failed.add('empty')
  const given = value.given ?? words.length
  if (given >= 8 && (value.twins ?? 0) > given / 2) failed.add('repetition')
  if (words.length >= 8 && mostCommonShare(words.map((word) => wordsOf(word)[0] ?? '')) > 0.6) failed.add('repetition')
  if (words.some((word) => looksLikeDebris(word) || !/[\p{L}\p{N}]/u.test(word))) failed.add('unreadable')
  if (words.some(isRefusal)) failed.add('refusal')
  if (isNoisyList(value.keywords)) failed.add('not-text')
  if (words.some(isSuspicious)) failed.add('suspicious-text')
  return failed
}

// ── Debris: pieces of a reply's structure, or bytes read in the wrong encoding ─────────────────────────────────

function looksLikeDebris(text: string): boolean {
  return /\uFFFD|```|"\s*:\s*["[{]|^\s*[{[]\s*["{[]|\\[nu"]|\{\{|\}\}/.test(text)
}

// ── Repetition ────────────────────────────────────────────────────────────────────────────────────────────────

function isRepetitive(text: string): boolean {
  if (/(\p{L})\1{5,}/u.test(text)) return true
  const words = wordsOf(text)
  for (let at = 3; at < words.length; at += 1)
    if (words[at] === words[at - 1] && words[at] === words[at - 2] && words[at] === words[at - 3]) return true
  if (words.length < 9) return false
  const sentences = text
    .split(/[.!?\u3002]+\s*/u)
    .map((sentence) => wordsOf(sentence).join(' '))
    .filter((sentence) => sentence.split(' ').length >= 3)
  if (new Set(sentences).size < sentences.length) return true
  const triples = words.slice(2).map((word, at) => `${words[at]} ${words[at + 1]} ${word}`)
  if (mostCommonCount(triples) >= 4) return true
  return words.length >= 20 && new Set(words).size / words.length < 0.35
}

function mostCommonCount(items: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

const mostCommonShare = (items: readonly string[]): number => mostCommonCount(items) / items.length

// ── Refusals: a model that talks about itself instead of the photo ─────────────────────────────────────────────

const REFUSALS = [
  /^\W*(i['\u2019]?m|i am) (very |really |so )?(sorry|unable|afraid)\b/i,
  /^\W*(sorry|apologies)\b[,.!]? ?(but )?(i|we|the|as|this|there)?\b.*\b(can['\u2019]?t|cannot|unable|not able|won['\u2019]?t)\b/i,
  /^\W*i apologi[sz]e\b/i,
  /^\W*(i|we) (can['\u2019]?t|cannot|can not|could ?n['\u2019]?t|am not able to|won['\u2019]?t|do ?n['\u2019]?t have|must decline)\b/i,
  /\bas an? (ai|artificial intelligence|language model|large language model|assistant)\b/i,
  /\bi['\u2019]?m (just |only )?an? (ai|language model|text-based)\b/i,
  /\b(no|without an?|did ?n['\u2019]?t (see|receive) an?y?) (image|picture|photo) (was |has been |is )?(provided|attached|included|given|uploaded|supplied)\b/i,
  /\bplease (provide|upload|share|attach) (the|an?|your) (image|picture|photo)/i,
]

function isRefusal(text: string): boolean {
  return REFUSALS.some((pattern) => pattern.test(text))
}

// ── Noise: not the writing of any one language ─────────────────────────────────────────────────────────────────

function isNoise(text: string): boolean {
  if (letterShare(text) < 0.6) return true
  const prose = withoutQuotations(text)
  if (mixesScripts(prose)) return true
  return wordsOf(prose).length >= MIN_MEASURED_WORDS && oddTokenShare(prose) > 0.25
}

/** Three script families, or two of which the lesser has a fifth of the letters: no one writes a caption that way outside quotation marks. */
function mixesScripts(text: string): boolean {
  const shares = scriptShares(text)
  const total = shares.reduce((sum, { letters }) => sum + letters, 0)
  if (shares.length >= 3) return true
  return shares.length === 2 && shares[1]!.letters >= 3 && shares[1]!.letters / total >= 0.2
}

/** Words read from the picture (source `text`) may be in any script; the model's own words may not mix them. */
function isNoisyList(keywords: readonly ProposedKeyword[]): boolean {
  const own = keywords.filter(({ source }) => source !== 'text').map(({ keyword }) => keyword)
  if (own.length === 0) return false
  const joined = own.join(' ')
  if (letterShare(joined) < 0.6 || mixesScripts(joined)) return true
  return own.length >= MIN_MEASURED_WORDS && own.filter((word) => oddTokenShare(word) > 0.3).length / own.length > 0.2
}

// ── Suspicious: text that wants something ──────────────────────────────────────────────────────────────────────

const SUSPICIOUS = [
  /\b[a-z][a-z0-9+.-]{1,20}:\/\//i,
  /\b(?:javascript|data|vbscript|mailto):\S/i,
  /\bwww\.[\w-]+/i,
  /\b[\w-]{2,63}\.(?:com|org|net|info|biz|app|dev|shop|online|site|xyz|co\.uk|de|fr|eu|ru|cn|io|ly|me)(?![\w-])/i,
  /[\w.+-]+@[\w-]+\.[\w.-]+/,
  /<\/?[a-z!][^>]{0,200}>|&(?:lt|gt|amp|quot|#\d+);/i,
  /<\|.{0,40}\|>|\[\/?INST\]|<\/?(?:s|system|photo-facts)>/i,
  /(?<!\d)\+?\d(?:[\s().-]{0,2}\d){8,14}(?!\d)/,
  /\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|all|your|these|system)\b.{0,30}\b(?:instructions?|prompts?|rules?|context|directions?)\b/i,
  /\b(?:system|developer) (?:prompt|message|instructions?)\b/i,
  /\byou are now\b|\bnew instructions?\s*:|\b(?:output|respond with|reply with|set) (?:only |exactly )?(?:the )?(?:keywords?|rating|caption|description)\b/i,
]

function isSuspicious(text: string): boolean {
  return SUSPICIOUS.some((pattern) => pattern.test(text))
}
