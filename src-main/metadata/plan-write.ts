/** From what a file holds and what was decided to an explicit list of changes. Pure: nothing here touches a disk. */
import path from 'node:path'
import { type MetadataSnapshot, type PhotoKind, type Plan, type PlanChange, type Problem, TEXT_FIELDS } from '../contract/model.ts'
import { findUnwritable } from './exiftool-arguments.ts'
import { KEYWORD_PLACES, MIRRORED_KINDS, TEXT_PLACES } from './fields.ts'
import type { Signature } from './file-signature.ts'
import { addKeywords, keywordKey, removeKeywords } from './keyword-sets.ts'
import { cutFor, placesAgree } from './mirrors.ts'
import type { WantedFields } from './ports.ts'
import { type FoundSidecar, newSidecarPath } from './sidecars.ts'

export type Target = Pick<Plan, 'target' | 'targetPath'>

/**
 * The changes that make `current` what is wanted; empty when it already is.
 * A replaced field whose places in the file disagree is listed even when its value stays: writing brings them together.
 */
export function planChanges(current: MetadataSnapshot, wanted: WantedFields, target: Plan['target'] = 'embedded'): PlanChange[] {
  const changes: PlanChange[] = []
  for (const field of TEXT_FIELDS) {
    const wish = wanted[field]
    if (wish === undefined) continue
    const from = current[field]
    const to = wish.text === '' ? null : wish.text
    if (wish.policy === 'fill' && (to === null || (from !== null && from.trim() !== ''))) continue
    if (from !== to || (target === 'embedded' && placesDisagree(current, field))) changes.push({ field, from, to })
  }
  if (wanted.keywords !== undefined) {
    const { list, add, remove } = wanted.keywords
    const from = current.keywords
    const kept = list === null ? foldEmbeddedKeywords(current, target) : addKeywords([], list)
    const to = addKeywords(removeKeywords(kept, remove), add)
    const isSame = to.length === from.length && to.every((word, at) => word === from[at])
    if (!isSame || (target === 'embedded' && placesDisagree(current, 'keywords'))) changes.push({ field: 'keywords', from, to })
  }
  return changes
}

function embeddedPlaces(current: MetadataSnapshot, field: PlanChange['field']) {
  const conflict = current.conflicts.find((entry) => entry.field === field)
  return conflict?.values.filter((place) => !place.tag.startsWith('sidecar ')) ?? []
}

function placesDisagree(current: MetadataSnapshot, field: PlanChange['field']): boolean {
  const [first, ...others] = embeddedPlaces(current, field)
  return first !== undefined && others.some((place) => !placesAgree(first, place))
}

/** A word that only IPTC (or only XMP) holds would be lost when both are written from one list; it joins the list, in the open. */
function foldEmbeddedKeywords(current: MetadataSnapshot, target: Plan['target']): readonly string[] {
  if (target === 'sidecar') return current.keywords
  const known = new Set(current.keywords.map((word) => keywordKey(cutKeyword(word))))
  const others = embeddedPlaces(current, 'keywords').flatMap((place) => place.value)
  return addKeywords(
    current.keywords,
    others.filter((word) => !known.has(keywordKey(word))),
  )
}

const cutKeyword = (word: string) => cutFor(KEYWORD_PLACES.iptc.tag, word)

/**
 * Where a photo's words go. RAW and DNG never change: their sidecar does, an existing one in its own naming style, else `photo.xmp`.
 * A bare JPEG XL stream gets a sidecar too, since embedding would wrap it into another kind of file.
 */
export function targetOf(
  photo: { path: string; kind: PhotoKind; signature?: Signature },
  sidecars: readonly FoundSidecar[],
  stemTaken = false,
): Target {
  const isSidecar = photo.kind === 'raw' || photo.kind === 'dng' || photo.signature === 'jxl-codestream'
  if (!isSidecar) return { target: 'embedded', targetPath: photo.path }
  const [existing] = sidecars
  return { target: 'sidecar', targetPath: existing?.path ?? newSidecarPath(photo.path, stemTaken ? 'full-name' : 'stem') }
}

/** What the person should know before writing; nothing here stops it. */
export function planWarnings(input: {
  kind: PhotoKind
  target: Target
  changes: readonly PlanChange[]
  current: MetadataSnapshot
  sidecars: readonly FoundSidecar[]
  hasC2pa: boolean
}): Problem[] {
  const { kind, target, changes, current, sidecars, hasC2pa } = input
  if (changes.length === 0) return []
  const warnings: Problem[] = []
  if (target.target === 'embedded' && MIRRORED_KINDS.has(kind)) warnings.push(...changes.flatMap(truncations))
  if (target.target === 'embedded' && hasC2pa) {
    warnings.push({ code: 'c2pa-present', message: 'The file carries content credentials (C2PA); changing it makes them invalid.', data: {} })
  }
  if (sidecars.length > 1) {
    const names = sidecars.map((sidecar) => path.basename(sidecar.path))
    warnings.push({
      code: 'sidecar-conflict',
      message: `Two sidecars belong to this photo; ${path.basename(target.targetPath)} is written, the other stays.`,
      data: { sidecars: names },
    })
  } else if (target.target === 'embedded' && sidecars.length === 1) {
    const fields = current.conflicts.filter((conflict) => conflict.values.some((place) => place.tag.startsWith('sidecar '))).map(({ field }) => field)
    warnings.push({
      code: 'sidecar-conflict',
      message: `The sidecar ${path.basename(sidecars[0]!.path)} is not changed: the words go into the photo itself.`,
      data: { sidecars: [path.basename(sidecars[0]!.path)], fields },
    })
  }
  return warnings
}

function truncations(change: PlanChange): Problem[] {
  const { field, to } = change
  if (to === null || field === 'hierarchicalKeywords') return []
  const places = field === 'keywords' ? [KEYWORD_PLACES.iptc] : [TEXT_PLACES[field].iptc, TEXT_PLACES[field].exif].filter((place) => place !== null)
  return places.flatMap(({ tag, limitBytes }) =>
    (Array.isArray(to) ? to : [to])
      .filter((text) => cutFor(tag, text) !== text)
      .map((text) => ({
        code: 'value-truncated',
        message: `${tag} holds at most ${limitBytes} bytes: it gets the beginning, XMP gets all.`,
        data: { field, tag, limitBytes, sizeBytes: new TextEncoder().encode(text).length },
      })),
  )
}

/** The first wanted value that no metadata block can hold. */
export function findValueProblem(changes: readonly PlanChange[]): Problem | null {
  for (const { field, to } of changes) {
    for (const text of to === null ? [] : Array.isArray(to) ? to : [to]) {
      const found = findUnwritable(text)
      if (found !== null)
        return { code: 'value-not-writable', message: `The new ${field} holds ${found}, which metadata cannot store.`, data: { field, found } }
    }
  }
  return null
}
