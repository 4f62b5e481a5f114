/** Facts to proposed keywords, with the scores they really have. Pure. */
import type { ProposedKeyword } from '../contract/model.ts'
import { type Facts, PROPOSE_SCORE } from './facts.ts'
import { isChromatic } from './light.ts'
import { isQuotable } from './quotes.ts'

/** A colour names the picture from this share on; below it is one colour among others. */
const MAIN_COLOUR_SHARE = 0.45
const SOME_COLOUR_SHARE = 0.3
const MOST_TEXT_KEYWORDS = 3
const TEXT_KEYWORD_CONFIDENCE = 0.9

/**
 * Objects carry the detector's score, faces and text the lowest score they rest on; measured or looked-up facts carry null, since
 * no model scored them. Text found in the picture is never more than `maybe`: what a sign says must not approve itself.
 */
export function factsToKeywords(facts: Facts): ProposedKeyword[] {
  const proposed: ProposedKeyword[] = [
    ...objectKeywords(facts),
    ...peopleKeywords(facts),
    ...placeKeywords(facts),
    ...timeKeywords(facts),
    ...lightKeywords(facts),
    ...textKeywords(facts),
  ]
  const seen = new Set<string>()
  return proposed.filter(({ keyword }) => {
    const key = keyword.toLowerCase()
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function objectKeywords({ objects }: Facts): ProposedKeyword[] {
  const best = new Map<string, number>()
  for (const { label, score } of objects) best.set(label, Math.max(score, best.get(label) ?? 0))
  return [...best]
    .sort((a, b) => b[1] - a[1])
    .map(([keyword, score]) => ({ keyword, confidence: round(score), source: 'object', level: score >= PROPOSE_SCORE ? 'propose' : 'maybe' }))
}

/** How many people can be said: at least the faces; an exact number only when the people seen as objects are not more. */
export function countPeople(facts: Facts): { count: number; exact: boolean } {
  const bodies = facts.objects.filter(({ label }) => label === 'person').length
  return { count: facts.faces.length, exact: facts.faces.length > 0 && bodies <= facts.faces.length }
}

function peopleKeywords(facts: Facts): ProposedKeyword[] {
  const { count, exact } = countPeople(facts)
  if (count === 0) return []
  const confidence = round(Math.min(...facts.faces))
  const say = (keyword: string): ProposedKeyword => ({ keyword, confidence, source: 'faces', level: 'propose' })
  const certain = facts.objects.some(({ label, score }) => label === 'person' && score >= PROPOSE_SCORE)
  // A face alone may be painted or carved; with a person around it it is somebody.
  const first = certain ? [] : [{ ...say('person'), level: facts.faces.some((score) => score >= 0.95) ? 'propose' : 'maybe' } as ProposedKeyword]
  if (count >= 3) return [...first, say('group of people')]
  if (!exact) return first
  return [...first, say(count === 1 ? 'one person' : 'two people')]
}

function placeKeywords({ where }: Facts): ProposedKeyword[] {
  if (!where) return []
  const keywords: ProposedKeyword[] = []
  if (where.place) {
    keywords.push({ keyword: where.place, confidence: null, source: 'place', level: where.inTown ? 'propose' : 'maybe' })
  }
  if (where.country) keywords.push({ keyword: where.country, confidence: null, source: 'country', level: 'propose' })
  return keywords
}

function timeKeywords({ when }: Facts): ProposedKeyword[] {
  if (!when) return []
  const keywords: ProposedKeyword[] = []
  if (when.season) keywords.push({ keyword: when.season, confidence: null, source: 'season', level: 'propose' })
  // Camera clocks are often hours off; the sun over a known place is not.
  if (when.daypart) keywords.push({ keyword: when.daypart, confidence: null, source: 'daypart', level: when.basis === 'sun' ? 'propose' : 'maybe' })
  return keywords
}

function lightKeywords({ light }: Facts): ProposedKeyword[] {
  const say = (keyword: string, source: string, level: ProposedKeyword['level'] = 'propose'): ProposedKeyword => ({
    keyword,
    confidence: null,
    source,
    level,
  })
  const keywords: ProposedKeyword[] = []
  if (light.monochrome === 'neutral') keywords.push(say('black and white', 'colour'))
  if (light.monochrome === 'toned') keywords.push(say('monochrome', 'colour'))
  for (const { name, share } of light.colours) {
    if (isChromatic(name) && share >= SOME_COLOUR_SHARE) keywords.push(say(name, 'colour', share >= MAIN_COLOUR_SHARE ? 'propose' : 'maybe'))
  }
  if (light.key === 'high') keywords.push(say('high key', 'light'))
  if (light.key === 'low') keywords.push(say('low key', 'light'))
  return keywords
}

/** One to three words of letters, or a code such as a number plate: things a person would search for. */
const WORDS = /^\p{L}[\p{L}'’-]+(?: [\p{L}&][\p{L}'’-]*){0,2}$/u
const CODE = /^(?=.*\d)(?=.*\p{Lu})[\p{Lu}\d]+(?:[- ][\p{Lu}\d]+){0,2}$/u

function textKeywords({ text }: Facts): ProposedKeyword[] {
  return text
    .filter((line) => line.confidence >= TEXT_KEYWORD_CONFIDENCE && line.text.length >= 3 && line.text.length <= 30)
    .filter((line) => isQuotable(line.text) && (WORDS.test(line.text) || CODE.test(line.text)))
    .slice(0, MOST_TEXT_KEYWORDS)
    .map((line) => ({ keyword: line.text, confidence: round(line.confidence), source: 'text', level: 'maybe' }))
}

const round = (score: number) => Math.min(1, Math.round(score * 1000) / 1000)
