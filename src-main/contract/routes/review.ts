import { z } from 'zod'
import { decisionChange, itemOutcome, photoId, review } from '../model.ts'
import { route } from '../route.ts'

export const reviewRoutes = {
  'review.get': route(z.object({ photoId }), review),
  'review.decide': route(z.object({ photoId, change: decisionChange }), review),
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
