import type { ModelService } from '../backends/model-service.ts'
import type { ModelDetail } from '../contract/engine.ts'
import type { Handlers } from '../contract/routes/index.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { MemoryFigures } from '../vram/memory-figures.ts'

type ModelRoutes = Extract<keyof Handlers, `models.${string}` | `profile.${string}`>
/** Sends one chat request through the proxy and returns the text of the answer. */
export type AskModel = Parameters<ModelService['probe']>[1]

export interface ModelParts {
  models: ModelService
  ask: AskModel
  memoryOf(entry: RegistryEntry): MemoryFigures
}

export function createModelHandlers({ models, ask, memoryOf }: ModelParts): Pick<Handlers, ModelRoutes> {
  const detail = (shown: Awaited<ReturnType<ModelService['show']>>): ModelDetail => ({
    ...shown,
    memory: memoryOf(shown.entry),
    entry: { ...shown.entry },
    provenance: { ...shown.provenance },
  })
  return {
    'models.list': () => models.list(),
    'models.listRoles': () => models.listRoles(),
    'models.select': ({ role, ...options }) => models.select(role, options),
    'models.choose': async ({ role, model }) => {
      await models.choose(role, model)
      return {}
    },
    'models.discover': () => models.discover(),
    'models.addEndpoint': (endpoint) => models.addEndpoint(endpoint),
    'models.removeEndpoint': async ({ name }) => {
      await models.removeEndpoint(name)
      return {}
    },
    'models.show': async ({ name }) => detail(await models.show(name)),
    'models.scan': ({ only }) => models.scan(only),
    'models.probe': async ({ name }) => {
      const entry = await models.resolve(name)
      const { vision_ok: seesPictures, latency_ms: latencyMs, notes } = await models.probe(entry.name, ask)
      return { name: entry.name, seesPictures, latencyMs, notes }
    },
    'models.verify': ({ name }) => models.verify(name),
    'models.lock': ({ name }) => models.lock(name),
    'models.unlock': ({ name }) => models.unlock(name),
    'models.edit': async ({ name, patch }) => detail(await models.editOverlay(name, patch)),
    'models.history': () => models.history(),
    'models.rollback': ({ version }) => models.rollback(version),
    'profile.get': () => models.profileState(),
    'profile.set': ({ name }) => models.setProfile(name),
  }
}
