/** Makes a model's keyword list fit to be shown: clean, bounded, each once. Which words are good ones is not decided here. */
import type { DroppedKeyword, ProposedKeyword } from '../contract/model.ts'
import { tidyLine } from './neutralise.ts'

export const MAX_KEYWORDS = 50
/** Characters (code points). */
export const MAX_KEYWORD_CHARS = 64

const SOURCES = new Set(['object', 'faces', 'text', 'colour', 'light', 'season', 'daypart', 'place', 'country', 'model'])

export interface NormalisedKeywords {
  keywords: ProposedKeyword[]
  /** How many the model gave before anything was left out. */
  given: number
  /** Left out as case twins of an earlier one. */
  twins: number
  /** Left out because longer than MAX_KEYWORD_CHARS. */
  tooLong: number
  /** Left out beyond MAX_KEYWORDS. */
  overCount: number
  /** The same, word by word, in the order of the reply. */
  dropped: DroppedKeyword[]
}

/** One keyword of a reply: a string, or an object with `keyword` (or `name`, `tag`, `label`). Anything else is undefined. */
export function parseKeyword(item: unknown, scored: boolean): ProposedKeyword | undefined {
  if (typeof item === 'string') return { keyword: item, confidence: null, source: 'model', level: 'propose' }
  if (typeof item !== 'object' || item === null) return undefined
  const record = item as Record<string, unknown>
  const keyword = [record['keyword'], record['name'], record['tag'], record['label']].find((value) => typeof value === 'string')
  if (keyword === undefined) return undefined
  if (!scored) return { keyword, confidence: null, source: 'model', level: 'propose' }
  const { confidence, source, level } = record
  return {
    keyword,
    confidence: typeof confidence === 'number' && confidence >= 0 && confidence <= 1 ? confidence : null,
    source: typeof source === 'string' && SOURCES.has(source) ? source : 'model',
    level: level === 'maybe' ? 'maybe' : 'propose',
  }
}

/** Two keywords with the same key are one. */
export function keywordKey(keyword: string): string {
  return keyword.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

/** Order is kept; of case twins the first stays. Idempotent. */
export function normaliseKeywords(raw: readonly ProposedKeyword[]): NormalisedKeywords {
  const result: NormalisedKeywords = { keywords: [], given: raw.length, twins: 0, tooLong: 0, overCount: 0, dropped: [] }
  const seen = new Set<string>()
  for (const item of raw) {
    const keyword = tidyLine(item.keyword)
    if (keyword === '') continue
    if ([...keyword].length > MAX_KEYWORD_CHARS) {
      result.tooLong += 1
      result.dropped.push({ keyword, reason: 'too-long' })
      continue
    }
    const key = keywordKey(keyword)
    if (seen.has(key)) {
      result.twins += 1
      result.dropped.push({ keyword, reason: 'twin' })
      continue
    }
    if (result.keywords.length === MAX_KEYWORDS) {
      result.overCount += 1
      result.dropped.push({ keyword, reason: 'over-count' })
      continue
    }
    seen.add(key)
    result.keywords.push({ ...item, keyword })
  }
  return result
}
