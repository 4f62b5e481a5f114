import { z } from 'zod'
import { bulkEdit, bulkPreview, decisionChange, itemOutcome, photoId, proposal, review } from '../model.ts'
import { route } from '../route.ts'

export const reviewRoutes = {
  'review.get': route(z.object({ photoId }), review),
  /** Every different answer to this photo, the newest of each first: by other models, other prompts, asked again. At most 60. */
  'review.alternatives': route(z.object({ photoId }), z.array(proposal)),
  /** Makes an earlier answer the proposal of its stage again. */
  'review.prefer': route(z.object({ photoId, proposalId: z.int().positive() }), review),
  'review.decide': route(z.object({ photoId, change: decisionChange }), review),
  /** Works one edit out for each photo; nothing is stored. */
  'review.previewEdit': route(z.object({ photoIds: z.array(photoId).min(1).max(200), edit: bulkEdit }), z.array(bulkPreview)),
  /** Stores the decisions of many photos, one step of undo each. */
  'review.decideMany': route(
    z.object({
      items: z
        .array(z.object({ photoId, changes: z.array(decisionChange).min(1).max(10) }))
        .min(1)
        .max(1000),
    }),
    z.array(itemOutcome),
  ),
  'review.undo': route(z.object({ photoId }), review),
  'review.redo': route(z.object({ photoId }), review),
  /** One step back or forward on each photo. */
  'review.step': route(z.object({ photoIds: z.array(photoId).min(1), by: z.enum(['undo', 'redo']) }), z.array(itemOutcome)),
  /** Accepts every undecided passing proposal of each photo (fill if empty) and marks the photo approved. */
  'review.approve': route(z.object({ photoIds: z.array(photoId).min(1) }), z.array(itemOutcome)),
  /** Takes approval or rejection back; what was decided word by word stays. */
  'review.reopen': route(z.object({ photoIds: z.array(photoId).min(1) }), z.array(itemOutcome)),
  'review.reject': route(z.object({ photoIds: z.array(photoId).min(1) }), z.array(itemOutcome)),
}
