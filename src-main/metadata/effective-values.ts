/**
 * The value of every field that counts, and where places disagree. Pure.
 * Inside one file by the Metadata Working Group's rules of 2010: EXIF text before the others (unless it is only the camera's name),
 * IPTC before XMP when the stored IPTC digest shows that IPTC was edited alone, else XMP before IPTC.
 */
import { type Field, type MetadataSnapshot, TEXT_FIELDS, type TextField } from '../contract/model.ts'
import { HIERARCHY_TAG, IPTC_DIGEST, isCameraPlaceholder, isMachineText, KEYWORD_PLACES, TEXT_PLACES } from './fields.ts'
import { cutToBytes } from './iptc-text.ts'
import { asList, asText, type RawTags } from './raw-tags.ts'

interface Place<T> {
  tag: string
  value: T
}

/** One file that carries fields: the photo itself or a sidecar, whose tags are shown with its name's prefix. */
export interface FieldSource {
  prefix: '' | 'sidecar '
  raw: RawTags
}

/** IPTC was edited by a program that left XMP and the digest alone. */
export function isIptcNewer(raw: RawTags): boolean {
  const stored = asText(raw.tags.get(IPTC_DIGEST))
  const current = asText(raw.tags.get('File:CurrentIPTCDigest'))
  return stored !== null && current !== null && stored !== current
}

/** `sources` in order of precedence: the first that has a field decides it. */
export function effectiveSnapshot(sources: readonly FieldSource[]): MetadataSnapshot {
  const snapshot: MetadataSnapshot = {
    title: null,
    description: null,
    altText: null,
    keywords: [],
    hierarchicalKeywords: [],
    sources: {},
    conflicts: [],
  }
  for (const field of TEXT_FIELDS) {
    const places = sources.flatMap((source) => textPlaces(source, field))
    const winner = places.find((place) => place.value !== '') ?? places[0]
    if (winner === undefined) continue
    snapshot[field] = winner.value
    snapshot.sources[field] = places.filter((place) => place.value === winner.value).map((place) => place.tag)
    if (places.some((place) => !sameText(field, winner, place))) snapshot.conflicts.push({ field, values: places })
  }
  putList(snapshot, 'keywords', sources.flatMap(keywordPlaces))
  putList(
    snapshot,
    'hierarchicalKeywords',
    sources.flatMap(({ prefix, raw }) => {
      const list = asList(raw.tags.get(HIERARCHY_TAG))
      return list === null ? [] : [{ tag: prefix + HIERARCHY_TAG, value: list }]
    }),
  )
  return snapshot
}

function putList(snapshot: MetadataSnapshot, field: Extract<Field, 'keywords' | 'hierarchicalKeywords'>, places: Place<string[]>[]): void {
  const winner = places.find((place) => place.value.length > 0) ?? places[0]
  if (winner === undefined) return
  snapshot[field] = winner.value
  snapshot.sources[field] = places.filter((place) => sameList(place.value, winner.value)).map((place) => place.tag)
  if (places.some((place) => !sameKeywords(winner, place))) snapshot.conflicts.push({ field, values: places })
}

function textPlaces({ prefix, raw }: FieldSource, field: TextField): Place<string>[] {
  const { xmp, iptc, exif } = TEXT_PLACES[field]
  const found = (tag: string | undefined | null): Place<string>[] => {
    const value = tag ? findText(raw, tag) : null
    return value === null ? [] : [{ tag: prefix + tag, value }]
  }
  const exifPlaces = found(exif).filter((place) => !isCameraPlaceholder(place.value) && !isMachineText(place.value))
  const xmpPlaces = found(xmp)
  const iptcPlaces = found(iptc?.tag)
  const [xmpPlace] = xmpPlaces
  const [iptcPlace] = iptcPlaces
  const isCut = iptc !== null && xmpPlace !== undefined && iptcPlace !== undefined && iptcPlace.value === cutToBytes(xmpPlace.value, iptc.limitBytes)
  return [...exifPlaces, ...(isIptcNewer(raw) && !isCut ? [...iptcPlaces, ...xmpPlaces] : [...xmpPlaces, ...iptcPlaces])]
}

/** The default language, else the first one there is. */
function findText(raw: RawTags, tag: string): string | null {
  const value = asText(raw.tags.get(tag))
  if (value !== null || !tag.startsWith('XMP-')) return value
  const other = [...raw.tags.keys()].find((key) => key.startsWith(`${tag}-`))
  return other === undefined ? null : asText(raw.tags.get(other))
}

function keywordPlaces({ prefix, raw }: FieldSource): Place<string[]>[] {
  const place = (tag: string): Place<string[]>[] => {
    const list = asList(raw.tags.get(tag))
    return list === null ? [] : [{ tag: prefix + tag, value: list.filter((word) => word !== '') }]
  }
  const xmp = place(KEYWORD_PLACES.xmp)
  const iptc = place(KEYWORD_PLACES.iptc.tag)
  const isCut = xmp[0] !== undefined && iptc[0] !== undefined && sameKeywords(xmp[0], iptc[0])
  return isIptcNewer(raw) && !isCut ? [...iptc, ...xmp] : [...xmp, ...iptc]
}

function sameText(field: TextField, winner: Place<string>, other: Place<string>): boolean {
  if (winner.value === other.value) return true
  const iptc = TEXT_PLACES[field].iptc
  return iptc !== null && other.tag.endsWith(iptc.tag) && other.value === cutToBytes(winner.value, iptc.limitBytes)
}

const cutKeyword = (word: string) => cutToBytes(word, KEYWORD_PLACES.iptc.limitBytes)
const sameList = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((item, at) => item === b[at])

/** The same words in any order, IPTC's cut to its limit. */
function sameKeywords(a: Place<string[]>, b: Place<string[]>): boolean {
  const words = (place: Place<string[]>) => [...new Set(place.value.map(cutKeyword))].sort()
  return sameList(words(a), words(b))
}
