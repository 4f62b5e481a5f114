/** One edit over a selection: looked at first, then decided exactly as it was shown. */
import type { BulkEdit, BulkPreview } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import { closeDialog, openDialog } from './navigation.ts'
import { forgetAhead, refreshReview, remember } from './review-actions.ts'
import { announce, ask, patch, type Studio } from './studio.ts'

const PHOTOS_A_PREVIEW = 50
const PHOTOS_A_DECISION = 500

export interface BulkSlice {
  photoIds: readonly number[]
  stage: 'editing' | 'looking' | 'ready' | 'deciding'
  previews: readonly BulkPreview[]
}

export function openBulk(studio: Studio, photoIds: readonly number[]): void {
  if (photoIds.length === 0) return
  patch(studio, 'review', { bulk: { photoIds, stage: 'editing', previews: [] } })
  openDialog(studio, 'bulk')
}

function change(studio: Studio, bulk: Partial<BulkSlice>): void {
  const before = studio.store.getState().review.bulk
  if (before) patch(studio, 'review', { bulk: { ...before, ...bulk } })
}

/** Back to the form: what was shown no longer fits what is typed. */
export function editBulk(studio: Studio): void {
  change(studio, { stage: 'editing', previews: [] })
}

export async function previewBulk(studio: Studio, edit: BulkEdit): Promise<void> {
  const photoIds = studio.store.getState().review.bulk?.photoIds ?? []
  const previews: BulkPreview[] = []
  change(studio, { stage: 'looking', previews })
  for (let at = 0; at < photoIds.length; at += PHOTOS_A_PREVIEW) {
    const part = await ask(studio, 'review.previewEdit', { photoIds: photoIds.slice(at, at + PHOTOS_A_PREVIEW), edit })
    if (studio.store.getState().review.bulk?.stage !== 'looking') return
    if (!part) return change(studio, { stage: 'editing' })
    previews.push(...part)
    change(studio, { previews: [...previews] })
  }
  change(studio, { stage: 'ready' })
}

/** Stores what was shown; one undo takes all of it back. */
export async function decideBulk(studio: Studio): Promise<void> {
  const { bulk } = studio.store.getState().review
  if (bulk?.stage !== 'ready') return
  const items = bulk.previews.filter((each) => each.decisions.length > 0).map(({ photoId, decisions }) => ({ photoId, changes: decisions }))
  change(studio, { stage: 'deciding' })
  const done: number[] = []
  for (let at = 0; at < items.length; at += PHOTOS_A_DECISION) {
    const outcomes = await ask(studio, 'review.decideMany', { items: items.slice(at, at + PHOTOS_A_DECISION) })
    if (!outcomes) break
    done.push(...outcomes.filter((outcome) => outcome.done).map((outcome) => outcome.photoId))
  }
  remember(studio, done)
  forgetAhead(studio, done)
  closeBulk(studio)
  announce(studio, words.bulk.done(done.length))
  await refreshReview(studio)
}

export function closeBulk(studio: Studio): void {
  patch(studio, 'review', { bulk: null })
  closeDialog(studio)
}
