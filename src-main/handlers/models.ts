import type { ModelService } from '../backends/model-service.ts'
import type { Handlers } from '../contract/routes/index.ts'

type ModelRoutes = Extract<keyof Handlers, `models.${string}` | `profile.${string}`>

export function createModelHandlers(models: ModelService): Pick<Handlers, ModelRoutes> {
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
    'profile.get': () => models.profileState(),
    'profile.set': ({ name }) => models.setProfile(name),
  }
}
