import { z } from 'zod'
import { journalEntry, photoId, plan, planId, writeId, writeOutcome } from '../model.ts'
import { route } from '../route.ts'

export const metadataRoutes = {
  /** Stores one plan a photo from what the files hold now and what was decided. What was shown is what is written. */
  'metadata.plan': route(z.object({ photoIds: z.array(photoId).min(1) }), z.array(plan)),
  /** The newest plan of each photo that was not carried out: what somebody may have looked at before. */
  'metadata.lastPlans': route(z.object({ photoIds: z.array(photoId).min(1) }), z.array(plan.nullable())),
  'metadata.write': route(z.object({ planIds: z.array(planId).min(1) }), z.array(writeOutcome)),
  'metadata.cancelWrite': route(z.object({}), z.object({})),
  'metadata.journal': route(
    z.object({ offset: z.int().nonnegative().default(0), limit: z.int().min(1).max(1000).default(200) }),
    z.object({ total: z.int(), items: z.array(journalEntry) }),
  ),
  'metadata.revert': route(z.object({ writeIds: z.array(writeId).min(1) }), z.array(writeOutcome)),
}
