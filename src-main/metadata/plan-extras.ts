/** What the settings add to planned changes. Pure. */
import type { PlanChange } from '../contract/model.ts'
import { DIGIKAM_TAG, HEADLINE_PLACES, PROVENANCE_TAGS } from './fields.ts'
import type { PlanExtras, WantedFields } from './ports.ts'
import type { WritingRules } from './writing-rules.ts'

export function extrasOf(
  changes: readonly PlanChange[],
  rules: WritingRules,
  wanted: WantedFields,
  made: { createdAtMs: number; models: readonly string[] },
  studioVersion: string,
): PlanExtras {
  const { promptHashes = [], action = 'by hand' } = wanted.origin ?? {}
  const provenance = { models: [...made.models], promptHashes, action, writtenAt: new Date(made.createdAtMs).toISOString(), studioVersion }
  return {
    mirrorHeadline: rules.mirrorHeadline,
    digikamTags: rules.keywords.digikamTags,
    provenance: rules.provenance && changes.length > 0 ? provenance : null,
  }
}

/** The tags of it, for the eye. */
export function alsoWritten(changes: readonly PlanChange[], extras: PlanExtras): string[] {
  const touches = (...fields: PlanChange['field'][]) => changes.some((change) => fields.includes(change.field))
  return [
    ...(extras.mirrorHeadline && touches('title') ? [HEADLINE_PLACES.xmp] : []),
    ...(extras.digikamTags && touches('keywords', 'hierarchicalKeywords') ? [DIGIKAM_TAG] : []),
    ...(extras.provenance === null ? [] : Object.values(PROVENANCE_TAGS)),
  ]
}
