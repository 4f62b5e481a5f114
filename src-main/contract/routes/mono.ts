import { z } from 'zod'
import { photoId } from '../model.ts'
import { MONO_STRICTNESSES, monoOutcome } from '../mono.ts'
import { route } from '../route.ts'

export const monoRoutes = {
  /** One outcome a photo, in the order asked for; a photo that cannot be judged says why. Nothing is written. */
  'mono.check': route(
    z.object({ photoIds: z.array(photoId).min(1).max(64), strictness: z.enum(MONO_STRICTNESSES).default('balanced') }),
    z.array(monoOutcome),
  ),
}
