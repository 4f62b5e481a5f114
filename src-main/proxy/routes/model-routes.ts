/** The questions about models and roles. */
import { z } from 'zod'
import { backendOf, displayNameOf, type RegistryEntry, rolesOf, seesPictures } from '../../registry/entry.ts'
import { resolveModelName } from '../../registry/resolve.ts'
import type { Availability } from '../../registry/serving.ts'
import type { ProxyModels } from '../ports.ts'
import { httpRoute, type HttpRoute } from './http-route.ts'
import * as schema from './schemas.ts'

function describe(entry: RegistryEntry, available: Availability | undefined): z.infer<typeof schema.model> {
  return {
    id: entry.name,
    object: 'model',
    created: 0,
    owned_by: 'imageworks',
    extensions: {
      display_name: displayNameOf(entry),
      backend: backendOf(entry),
      quantization: entry.quantization,
      vram_estimate_mb: entry.vram_estimate_mb,
      roles: rolesOf(entry),
      modalities: seesPictures(entry) ? ['text', 'vision'] : ['text'],
      state: available?.state ?? 'not-installed',
      state_reason: available?.reason ?? null,
    },
  }
}

const usable = (available: Availability | undefined) =>
  available !== undefined && ['ready', 'loading', 'available', 'failed'].includes(available.state)

export function modelRoutes(models: ProxyModels): HttpRoute[] {
  return [
    httpRoute({
      method: 'GET',
      path: '/v1/models',
      summary: 'Models that are here, each with its state; with include_non_installed all that are not deprecated.',
      query: z.object({ include_non_installed: schema.flag }),
      reply: schema.modelList,
      async answer({ query }) {
        const { entries } = await models.registry()
        const current = entries.filter((entry) => !entry.deprecated)
        const availability = await models.availabilityOf(current)
        const shown = current.filter((entry) => query.include_non_installed || usable(availability.get(entry.name)))
        return { object: 'list' as const, data: shown.map((entry) => describe(entry, availability.get(entry.name))) }
      },
    }),
    httpRoute({
      method: 'GET',
      path: '/v1/models/select_by_role',
      summary: 'The best models for a role within the memory that is there; with explain, why these and why not the others.',
      query: z.strictObject({ role: schema.name, top_n: schema.count(3), explain: schema.flag, assume_installed: schema.flag }),
      reply: schema.selection,
      async answer({ query: { role, top_n: topN, explain, assume_installed: assumeInstalled } }) {
        const [selection, profile] = await Promise.all([models.select(role, { assumeInstalled, topN }), models.profileState()])
        return {
          role,
          profile: selection.profile,
          max_vram_mb: profile.available.find((each) => each.name === selection.profile)?.maxVramMb ?? null,
          top_n: topN,
          models: selection.models.map(({ reasons, ...model }) => ({ id: model.name, ...model, ...(explain ? { reasons } : {}) })),
          ...(explain ? { rejected: selection.rejected } : {}),
        }
      },
    }),
    httpRoute({
      method: 'GET',
      path: '/v1/models/{id}',
      summary: 'One model by any spelling of its name.',
      reply: schema.model,
      async answer({ name }) {
        const entry = resolveModelName(await models.registry(), name)
        return describe(entry, (await models.availabilityOf([entry])).get(entry.name))
      },
    }),
  ]
}
