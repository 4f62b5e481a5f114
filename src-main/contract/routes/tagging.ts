import { z } from 'zod'
import { photoId, proposal, runFailure, runId, runSummary, stage } from '../model.ts'
import { route } from '../route.ts'

export const taggingRoutes = {
  /** Proposes only; no user file is opened for writing. `models` overrides the model chosen for a stage's role. */
  'tagging.start': route(
    z.object({
      photoIds: z.array(photoId).min(1).max(500_000),
      stages: z.array(stage).min(1),
      models: z.partialRecord(stage, z.string()).optional(),
    }),
    runSummary,
  ),
  'tagging.pause': route(z.object({ runId }), runSummary),
  'tagging.resume': route(z.object({ runId }), runSummary),
  'tagging.cancel': route(z.object({ runId }), runSummary),
  'tagging.retryFailed': route(z.object({ runId }), runSummary),
  /** Newest first, at most 50. */
  'tagging.runs': route(z.object({}), z.array(runSummary)),
  /** The newest proposal of each stage. */
  'tagging.proposals': route(z.object({ photoId }), z.partialRecord(stage, proposal)),
  'tagging.failures': route(z.object({ runId }), z.array(runFailure)),
}
