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
  /** One stage of one photo once more, by another model, another prompt or anew; answers when the words are there. */
  'tagging.again': route(z.object({ photoId, stage, model: z.string().optional(), prompt: z.string().optional() }), proposal),
  /** Names of the prompt profiles; runs use the first. */
  'tagging.prompts': route(z.object({}), z.array(z.object({ name: z.string(), version: z.int() }))),
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
