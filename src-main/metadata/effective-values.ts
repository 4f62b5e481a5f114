/**
 * The value of every field that counts, and where places disagree. Pure.
 * Inside one file by the Metadata Working Group's rules of 2010: EXIF text before the others (unless it is only the camera's name),
 * IPTC before XMP when the stored IPTC digest shows that IPTC was edited alone, else XMP before IPTC.
 */
import { type Field, type MetadataSnapshot, MONO_FIELDS, TEXT_FIELDS, type TextField } from '../contract/model.ts'
import {
  DIGIKAM_TAG,
  HIERARCHY_TAG,
  IPTC_DIGEST,
  isCameraPlaceholder,
  isMachineText,
  isMonoField,
  KEYWORD_PLACES,
  MONO_TAGS,
  TEXT_PLACES,
} from './fields.ts'
import { fromDigikamTags, isPath } from './keyword-trees.ts'
import { type Place, placesAgree } from './mirrors.ts'
import { asList, asText, type RawTags } from './raw-tags.ts'

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

export const emptySnapshot = (): MetadataSnapshot => ({
  title: null,
  description: null,
  altText: null,
  extendedDescription: null,
  keywords: [],
  hierarchicalKeywords: [],
  monoVerdict: null,
  monoMode: null,
  monoStrictness: null,
  sources: {},
  conflicts: [],
})

/** `sources` in order of precedence: the first that has a field decides it. */
export function effectiveSnapshot(sources: readonly FieldSource[]): MetadataSnapshot {
  const snapshot = emptySnapshot()
  for (const field of [...TEXT_FIELDS, ...MONO_FIELDS]) {
    const places = sources.flatMap((source) => (isMonoField(field) ? ownPlaces(source, MONO_TAGS[field]) : textPlaces(source, field)))
    const winner = places.find((place) => place.value !== '') ?? places[0]
    if (winner === undefined) continue
    snapshot[field] = winner.value
    snapshot.sources[field] = places.filter((place) => place.value === winner.value).map((place) => place.tag)
    if (places.some((place) => !placesAgree(winner, place))) snapshot.conflicts.push({ field, values: places })
  }
  putList(snapshot, 'keywords', sources.flatMap(keywordPlaces))
  putList(
    snapshot,
    'hierarchicalKeywords',
    sources.flatMap(({ prefix, raw }) => {
      const list = asList(raw.tags.get(HIERARCHY_TAG))
      if (list !== null) return [{ tag: prefix + HIERARCHY_TAG, value: list }]
      // digiKam's list stands in where there is no tree; its words without levels are no tree.
      const paths = fromDigikamTags(asList(raw.tags.get(DIGIKAM_TAG)) ?? []).filter(isPath)
      return paths.length === 0 ? [] : [{ tag: prefix + DIGIKAM_TAG, value: paths }]
    }),
  )
  return snapshot
}

function ownPlaces({ prefix, raw }: FieldSource, tag: string): Place<string>[] {
  const value = asText(raw.tags.get(tag))
  return value === null ? [] : [{ tag: prefix + tag, value }]
}

function putList(snapshot: MetadataSnapshot, field: Extract<Field, 'keywords' | 'hierarchicalKeywords'>, places: Place<string[]>[]): void {
  const winner = places.find((place) => place.value.length > 0) ?? places[0]
  if (winner === undefined) return
  snapshot[field] = winner.value
  snapshot.sources[field] = places.filter((place) => sameList(place.value, winner.value)).map((place) => place.tag)
  if (places.some((place) => !placesAgree(winner, place))) snapshot.conflicts.push({ field, values: places })
}

function textPlaces({ prefix, raw }: FieldSource, field: TextField): Place<string>[] {
  const { xmp, iptc, exif } = TEXT_PLACES[field]
  const found = (tag: string | undefined): Place<string>[] => {
    const value = tag ? findText(raw, tag) : null
    return value === null ? [] : [{ tag: prefix + tag, value }]
  }
  const exifPlaces = found(exif?.tag).filter((place) => !isCameraPlaceholder(place.value) && !isMachineText(place.value))
  const [xmpPlace] = found(xmp)
  const iptcPlaces = found(iptc?.tag)
  if (xmpPlace === undefined) return [...exifPlaces, ...iptcPlaces]
  // The shortened copy of a long text never stands for it.
  const isOther = (place: Place) => !placesAgree(xmpPlace, place)
  const first = [...exifPlaces, ...(isIptcNewer(raw) ? iptcPlaces : [])].filter(isOther)
  return [...first, xmpPlace, ...[...exifPlaces, ...iptcPlaces].filter((place) => !first.includes(place))]
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
  const isCopy = xmp[0] !== undefined && iptc[0] !== undefined && placesAgree(xmp[0], iptc[0])
  return isIptcNewer(raw) && !isCopy ? [...iptc, ...xmp] : [...xmp, ...iptc]
}

const sameList = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((item, at) => item === b[at])
