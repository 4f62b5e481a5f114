/** From what a file holds and what was decided to an explicit list of changes. Pure: nothing here touches a disk. */
import path from 'node:path'
import { type MetadataSnapshot, type PhotoKind, type Plan, type PlanChange, type Problem, TEXT_FIELDS, type TextField } from '../contract/model.ts'
import { findUnwritable } from './exiftool-arguments.ts'
import { HEADLINE_PLACES, isMonoField, KEYWORD_PLACES, MIRRORED_KINDS, TEXT_PLACES } from './fields.ts'
import type { Signature } from './file-signature.ts'
import { cutFor, placesDisagree } from './mirrors.ts'
import { keywordChanges } from './plan-keywords.ts'
import { monoChanges, withMonoKeyword } from './plan-mono.ts'
import type { HeldTag, WantedFields, WantedText } from './ports.ts'
import { type FoundSidecar, newSidecarPath } from './sidecars.ts'
import { DEFAULT_RULES, goesBeside, type WritingRules } from './writing-rules.ts'

export type Target = Pick<Plan, 'target' | 'targetPath'>

const NOTHING_HELD: HeldTag = () => null

/**
 * The changes that make `current` what is wanted; empty when it already is.
 * A replaced field whose places in the file disagree is listed even when its value stays: writing brings them together.
 */
export function planChanges(
  current: MetadataSnapshot,
  wanted: WantedFields,
  target: Plan['target'] = 'embedded',
  rules: WritingRules = DEFAULT_RULES,
  held: HeldTag = NOTHING_HELD,
): PlanChange[] {
  const changes: PlanChange[] = []
  for (const field of TEXT_FIELDS) {
    const wish = wanted[field]
    const to = wish && wantedText(wish, current[field], field, rules)
    if (to === undefined) continue
    const from = current[field]
    const isElsewhere = field === 'title' && rules.mirrorHeadline && held(HEADLINE_PLACES.xmp) !== to
    if (from !== to || isElsewhere || (target === 'embedded' && placesDisagree(current, field))) changes.push({ field, from, to })
  }
  const keywords = rules.monoKeyword && wanted.mono !== undefined ? withMonoKeyword(wanted.keywords, wanted.mono) : wanted.keywords
  if (keywords !== undefined) changes.push(...keywordChanges(current, keywords, target, rules, held))
  if (wanted.mono !== undefined) changes.push(...monoChanges(current, wanted.mono))
  return changes
}

/** The text that the field gets; undefined leaves it alone. */
function wantedText(wish: WantedText, from: string | null, field: TextField, rules: WritingRules): string | null | undefined {
  const to = wish.text === '' ? null : wish.text
  if (wish.policy === 'replace') return to
  const policy = rules.policies[field]
  const isEmpty = from === null || from.trim() === ''
  if (to === null || policy === 'keep' || (policy === 'fill' && !isEmpty)) return undefined
  if (policy !== 'merge' || isEmpty) return to
  if (from.includes(to)) return undefined
  return field === 'description' || field === 'extendedDescription' ? `${from}\n\n${to}` : `${from} – ${to}`
}

/**
 * Where a photo's words go. RAW never changes: its sidecar does, an existing one in its own naming style, else a new one as the settings
 * name it. A bare JPEG XL stream gets a sidecar too, since embedding would wrap it into another kind of file.
 */
export function targetOf(
  photo: { path: string; kind: PhotoKind; signature?: Signature },
  sidecars: readonly FoundSidecar[],
  stemTaken = false,
  rules: WritingRules = DEFAULT_RULES,
): Target {
  if (!goesBeside(photo.kind, rules) && photo.signature !== 'jxl-codestream') return { target: 'embedded', targetPath: photo.path }
  const naming = rules.sidecarNaming
  const existing = sidecars.find((sidecar) => sidecar.style === naming) ?? sidecars[0]
  return { target: 'sidecar', targetPath: existing?.path ?? newSidecarPath(photo.path, stemTaken ? 'full-name' : naming) }
}

/** What the person should know before writing; nothing here stops it. */
export function planWarnings(input: {
  kind: PhotoKind
  target: Target
  changes: readonly PlanChange[]
  current: MetadataSnapshot
  sidecars: readonly FoundSidecar[]
  hasC2pa: boolean
  /** Names that the target file has on its disk. */
  linkCount?: number
  mirrorHeadline?: boolean
}): Problem[] {
  const { kind, target, changes, current, sidecars, hasC2pa, linkCount = 1, mirrorHeadline = false } = input
  if (changes.length === 0) return []
  const warnings: Problem[] = []
  if (target.target === 'embedded' && MIRRORED_KINDS.has(kind)) warnings.push(...changes.flatMap((change) => truncations(change, mirrorHeadline)))
  if (target.target === 'embedded' && hasC2pa) {
    warnings.push({ code: 'c2pa-present', message: 'The file carries content credentials (C2PA); changing it makes them invalid.', data: {} })
  }
  if (linkCount > 1) {
    warnings.push({
      code: 'hard-link-parted',
      message: `The file has ${linkCount} names on the disk; only this one gets the new words, the others keep the old file.`,
      data: { path: target.targetPath, linkCount },
    })
  }
  // Embedded and sidecar that disagree, and two sidecars that do, are named; nothing is merged.
  const fields = current.conflicts.filter((conflict) => conflict.values.some((place) => place.tag.startsWith('sidecar '))).map(({ field }) => field)
  const names = sidecars.map((sidecar) => path.basename(sidecar.path))
  const isBeside = target.target === 'sidecar'
  if (sidecars.length > 1 || (!isBeside && sidecars.length === 1)) {
    const written = isBeside ? path.basename(target.targetPath) : 'the photo itself'
    warnings.push({
      code: 'sidecar-conflict',
      message: `${names.join(' and ')} belong to this photo; ${written} is written, ${isBeside ? 'the other stays' : 'sidecars stay'} as they are.`,
      data: { sidecars: names, fields, written },
    })
  } else if (isBeside && fields.length > 0) {
    warnings.push({
      code: 'sidecar-conflict',
      message: `The photo and its sidecar ${names.join()} disagree about ${fields.join(', ')}; the sidecar counts and is written.`,
      data: { sidecars: names, fields, written: names[0] },
    })
  }
  return warnings
}

function truncations(change: PlanChange, mirrorHeadline: boolean): Problem[] {
  const { field, to } = change
  if (to === null || field === 'hierarchicalKeywords' || isMonoField(field)) return []
  const places = field === 'keywords' ? [KEYWORD_PLACES.iptc] : [TEXT_PLACES[field].iptc, TEXT_PLACES[field].exif].filter((place) => place !== null)
  if (field === 'title' && mirrorHeadline) places.push(HEADLINE_PLACES.iptc)
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
