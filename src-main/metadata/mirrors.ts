/** Whether two places say the same, given that IPTC and EXIF hold only the beginning of a long text. Pure. */
import type { MetadataSnapshot, PlanChange } from '../contract/model.ts'
import { HEADLINE_PLACES, KEYWORD_PLACES, type LimitedTag, TEXT_PLACES } from './fields.ts'
import { cutToBytes } from './iptc-text.ts'

export interface Place<T extends string | string[] = string | string[]> {
  tag: string
  value: T
}

const LIMITED: LimitedTag[] = [
  KEYWORD_PLACES.iptc,
  HEADLINE_PLACES.iptc,
  ...Object.values(TEXT_PLACES).flatMap(({ iptc, exif }) => [iptc, exif].filter((place) => place !== null)),
]

/** `full` cut as the place of `tag` has to. A sidecar's tags are XMP and have no limit. */
export function cutFor(tag: string, full: string): string {
  const limit = LIMITED.find((place) => place.tag === tag)
  return limit === undefined ? full : cutToBytes(full, limit.limitBytes)
}

/** The same text, or one the beginning of the other as far as its place reaches; the same words in any order. */
export function placesAgree(a: Place, b: Place): boolean {
  if (typeof a.value === 'string' && typeof b.value === 'string') return cutFor(b.tag, a.value) === b.value || cutFor(a.tag, b.value) === a.value
  if (!Array.isArray(a.value) || !Array.isArray(b.value)) return false
  const limit = KEYWORD_PLACES.iptc.tag
  const words = (list: readonly string[]) => JSON.stringify([...new Set(list.map((word) => cutFor(limit, word)))].sort())
  const exact = (list: readonly string[]) => JSON.stringify([...list].sort())
  const hasLimit = a.tag === limit || b.tag === limit
  return hasLimit ? words(a.value) === words(b.value) : exact(a.value) === exact(b.value)
}

/** The places of a field inside the photo, as far as they differ. */
export function embeddedPlaces(current: MetadataSnapshot, field: PlanChange['field']) {
  const conflict = current.conflicts.find((entry) => entry.field === field)
  return conflict?.values.filter((place) => !place.tag.startsWith('sidecar ')) ?? []
}

export function placesDisagree(current: MetadataSnapshot, field: PlanChange['field']): boolean {
  const [first, ...others] = embeddedPlaces(current, field)
  return first !== undefined && others.some((place) => !placesAgree(first, place))
}
