/** Facts to modest sentences: nothing in them that was not measured or looked up. Pure. */
import { type Daypart, type Facts, PROPOSE_SCORE } from './facts.ts'
import { countPeople } from './keywords.ts'
import { joinWithAnd, numberWord, pluralOf, withArticle } from './labels.ts'
import { isChromatic } from './light.ts'
import { quoteLines } from './quotes.ts'

/** Counts above this are not to be trusted: crowds are seen in part. */
const LARGEST_OBJECT_COUNT = 4
const MOST_SUBJECTS = 4

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** "a dog", "two people": what was seen surely enough to be said. Best first. */
function subjects(facts: Facts): string[] {
  const sure = new Map<string, number>()
  for (const { label, score } of facts.objects) if (score >= PROPOSE_SCORE) sure.set(label, (sure.get(label) ?? 0) + 1)
  const people = sayPeople(facts, sure.get('person') ?? 0)
  const named = [...sure].map(([label, count]) => (label === 'person' ? people! : sayObjects(label, count)))
  const all = people && !sure.has('person') ? [people, ...named] : named
  return all.slice(0, MOST_SUBJECTS)
}

function sayPeople(facts: Facts, bodies: number): string | null {
  const { count, exact } = countPeople(facts)
  if (count === 0) return bodies === 0 ? null : bodies === 1 ? 'a person' : 'people'
  if (!exact) return bodies > 1 || count > 1 ? 'people' : 'a person'
  return count === 1 ? 'a person' : count <= 6 ? `${numberWord(count)} people` : 'a group of people'
}

function sayObjects(label: string, count: number): string {
  if (count === 1) return withArticle(label)
  // "scissors", "skis", "broccoli": no number goes well with them.
  if (pluralOf(label) === label && label !== 'sheep') return label
  return count <= LARGEST_OBJECT_COUNT ? `${numberWord(count)} ${pluralOf(label)}` : `several ${pluralOf(label)}`
}

const AT_DAYPART: Readonly<Record<Daypart, string>> = {
  dawn: 'at dawn',
  morning: 'in the morning',
  midday: 'around midday',
  afternoon: 'in the afternoon',
  evening: 'in the evening',
  dusk: 'at dusk',
  night: 'at night',
}

/** Only the sun is trusted in a caption; a camera's clock is not. */
function sayTime({ when, light }: Facts): string | null {
  if (!when || when.basis !== 'sun') return null
  const { daypart, season } = when
  if (daypart === 'evening' || daypart === 'morning') {
    const lit = light.warmth === 'neutral' ? null : `in ${light.warmth} ${daypart} light`
    return lit ?? AT_DAYPART[daypart]
  }
  if (daypart) return AT_DAYPART[daypart]
  return season ? `in ${season}` : null
}

function sayPlace({ where }: Facts): string | null {
  if (!where) return null
  if (where.place) return where.country ? `near ${where.place}, ${where.country}` : `near ${where.place}`
  return where.country ? `in ${where.country}` : null
}

/** "a dark black-and-white picture", "a picture in blue and green". */
function sayPicture({ light }: Facts): string {
  const tone = light.key === 'high' ? 'bright ' : light.key === 'low' ? 'dark ' : ''
  if (light.monochrome === 'neutral') return `a ${tone}black-and-white picture`
  if (light.monochrome === 'toned') return `a ${tone}monochrome picture`
  // The eye gives a hue more weight than as much grey.
  const weight = ({ name, share }: { name: string; share: number }) => (isChromatic(name) ? 1.6 : 1) * share
  const names = light.colours
    .toSorted((a, b) => weight(b) - weight(a))
    .slice(0, 2)
    .map(({ name }) => name)
  if (names.length > 0) return `a ${tone}picture in ${joinWithAnd(names)}`
  return `a ${tone}picture in many colours`
}

/** One sentence, e.g. "A dog and two people, in warm evening light, near Oviedo, Spain." */
export function factsToCaption(facts: Facts): string {
  const seen = subjects(facts)
  const parts = [seen.length > 0 ? joinWithAnd(seen) : sayPicture(facts), sayTime(facts), sayPlace(facts)].filter((part) => part !== null)
  return `${capital(parts.join(', '))}.`
}

/** Two to five short sentences, each about one kind of fact. */
export function factsToDescription(facts: Facts): string {
  const seen = subjects(facts)
  const sentences: string[] = []
  if (seen.length > 0) {
    sentences.push(`The photo shows ${joinWithAnd(seen)}.`)
    sentences.push(`It is ${sayPicture(facts)}${sayContrast(facts)}.`)
  } else sentences.push(`This is ${sayPicture(facts)}${sayContrast(facts)}.`)
  const quote = quoteLines(facts.text)
  if (quote) sentences.push(`Text in the picture reads ${quote}.`)
  const taken = [sayPlace(facts), sayWhen(facts)].filter((part) => part !== null)
  if (taken.length > 0) sentences.push(`It was taken ${taken.join(', ')}.`)
  return sentences.join(' ')
}

function sayContrast({ light }: Facts): string {
  return light.contrast === 'normal' ? '' : ` with ${light.contrast} contrast`
}

function sayWhen({ when }: Facts): string | null {
  if (!when) return null
  const { season, daypart, basis } = when
  if (daypart && season) return `${AT_DAYPART[daypart]} in ${season}`
  if (season) return `in ${season}`
  if (!daypart) return null
  return basis === 'sun' ? AT_DAYPART[daypart] : `${AT_DAYPART[daypart]} by the camera's clock`
}
