import { z } from 'zod'
import { modelSummary, profileState, roleRow, selection } from '../model.ts'
import { route } from '../route.ts'

export const modelRoutes = {
  'models.list': route(z.object({}), z.array(modelSummary)),
  /** Ranked and rejected candidates with reasons, the model chosen by hand for the role if any, and what would help when no model can take it. */
  'models.select': route(
    z.object({
      role: z.string(),
      /** A profile for this question alone. */
      profile: z.string().optional(),
      topN: z.int().min(1).max(100).optional(),
      /** Plans for models whose weights are not here yet. */
      assumeInstalled: z.boolean().optional(),
    }),
    selection.extend({ chosen: z.string().nullable(), remedies: z.array(z.string()) }),
  ),
  /** Every role of every model, by role, then name. */
  'models.listRoles': route(z.object({}), z.array(roleRow)),
  /** `model: null` goes back to the automatic choice. */
  'models.choose': route(z.object({ role: z.string(), model: z.string().nullable() }), z.object({})),
  /** Looks for a running Ollama and for running servers of registry entries; nothing leaves loopback. */
  'models.discover': route(
    z.object({}),
    z.object({ ollama: z.object({ running: z.boolean(), baseUrl: z.string(), visionModels: z.array(z.string()) }) }),
  ),
  /** Adds an OpenAI-compatible server. `consent` must be true for an address outside this machine: photos will be sent there. */
  'models.addEndpoint': route(
    z.object({
      name: z.string().min(1).max(80),
      baseUrl: z.url(),
      servedModelId: z.string().min(1).max(200),
      roles: z.array(z.string()).min(1),
      consent: z.boolean(),
    }),
    modelSummary,
  ),
  'models.removeEndpoint': route(z.object({ name: z.string() }), z.object({})),
  'profile.get': route(z.object({}), profileState),
  /** `name: null` goes back to the detected one. */
  'profile.set': route(z.object({ name: z.string().nullable() }), profileState),
}
