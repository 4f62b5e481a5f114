/** What the settings say about writing, as the planner and the writer use it. Pure. */
import type { PhotoKind, TextField } from '../contract/model.ts'
import type { KeywordStyle } from './keyword-trees.ts'

/**
 * What an approved proposal does to a field that holds something: `keep` leaves the field alone always, `fill` writes only into an empty
 * one, `replace` takes its place, `merge` adds to it. What was decided by hand always replaces.
 */
export type FieldPolicy = 'keep' | 'fill' | 'replace' | 'merge'

export interface WritingRules {
  policies: Record<TextField | 'keywords', FieldPolicy>
  /** Kinds whose words go beside the photo. RAW always does. */
  sidecarKinds: readonly PhotoKind[]
  /** Of a new sidecar, and of the one that counts where both are there. */
  sidecarNaming: 'stem' | 'full-name'
  keywords: KeywordStyle
  mirrorHeadline: boolean
  /** Whether a mono verdict is a keyword too. */
  monoKeyword: boolean
  provenance: boolean
  /** `part`: a photo with several names is written under this one; the others keep the old file. */
  hardLinks: 'refuse' | 'part'
  modificationTime: 'new' | 'keep'
  keepBackups: boolean
}

export const DEFAULT_RULES: WritingRules = {
  policies: { title: 'fill', description: 'fill', altText: 'fill', extendedDescription: 'fill', keywords: 'merge' },
  sidecarKinds: ['dng'],
  sidecarNaming: 'stem',
  keywords: { tree: 'given', flat: 'every-level', digikamTags: false },
  mirrorHeadline: false,
  monoKeyword: false,
  provenance: false,
  hardLinks: 'refuse',
  modificationTime: 'new',
  keepBackups: false,
}

export const goesBeside = (kind: PhotoKind, rules: Pick<WritingRules, 'sidecarKinds'>): boolean => kind === 'raw' || rules.sidecarKinds.includes(kind)
