/** The deployment profile: which one is active and why, and choosing another. */
import { z } from 'zod'
import { StudioError } from '../../lib/studio-error.ts'
import type { ProxyModels } from '../ports.ts'
import { httpRoute, type HttpRoute, notHere } from './http-route.ts'
import * as schema from './schemas.ts'

export function profileRoutes(models: ProxyModels): HttpRoute[] {
  const show = async (): Promise<z.infer<typeof schema.profile>> => {
    const { active, detected, reason, gpus, available } = await models.profileState()
    return {
      active,
      detected,
      reason,
      gpus: gpus.map(({ index, name, totalMb, freeMb }) => ({ index, name, total_vram_mb: totalMb, free_vram_mb: freeMb })),
      available: available.map(({ name, description, maxVramMb, effects }) => ({ name, description, max_vram_mb: maxVramMb, effects })),
    }
  }
  return [
    httpRoute({
      method: 'GET',
      path: '/v1/config/profile',
      summary: 'The deployment profile, and why it is active.',
      reply: schema.profile,
      answer: show,
    }),
    httpRoute({
      method: 'PUT',
      path: '/v1/config/profile',
      summary: 'Chooses a deployment profile, or with null the detected one; models that it has no room for are drained.',
      body: z.object({ profile: schema.name.nullable() }),
      reply: schema.profile,
      async answer({ body: { profile } }) {
        if (!models.setProfile) throw notHere('choosing a profile')
        try {
          await models.setProfile(profile)
        } catch (error) {
          if (!(error instanceof StudioError) || error.code !== 'profile-unknown') throw error
          throw new StudioError(error.code, error.message, { data: { ...error.data, param: 'profile' }, cause: error })
        }
        return show()
      },
    }),
  ]
}
