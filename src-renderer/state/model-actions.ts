/** Profiles, roles and model servers. */
import type { Stage } from '../../src-main/contract/model.ts'
import type { RequestArgument } from '../../src-main/contract/routes/index.ts'
import { ROLES } from './models-slice.ts'
import { ask, patch, type Studio } from './studio.ts'

export async function loadModels(studio: Studio): Promise<void> {
  const [profile, list, ...selections] = await Promise.all([
    ask(studio, 'profile.get', {}),
    ask(studio, 'models.list', {}),
    ...ROLES.map((role) => ask(studio, 'models.select', { role })),
  ])
  const known = Object.fromEntries(ROLES.flatMap((role, index) => (selections[index] ? [[role, selections[index]]] : [])))
  patch(studio, 'models', { ...(profile ? { profile } : {}), ...(list ? { list } : {}), selections: known })
}

export async function setProfile(studio: Studio, name: string): Promise<void> {
  const profile = await ask(studio, 'profile.set', { name })
  if (!profile) return
  patch(studio, 'models', { profile })
  await loadModels(studio)
}

/** `null` goes back to the automatic choice. */
export async function chooseModel(studio: Studio, role: Stage, model: string | null): Promise<void> {
  if (await ask(studio, 'models.choose', { role, model })) await loadModels(studio)
}

export async function discover(studio: Studio): Promise<void> {
  patch(studio, 'models', { discovering: true })
  const discovered = await ask(studio, 'models.discover', {})
  patch(studio, 'models', { discovering: false, ...(discovered ? { discovered } : {}) })
}

export const isLocalAddress = (baseUrl: string): boolean => {
  try {
    return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(baseUrl).hostname)
  } catch {
    return false
  }
}

/** The OpenAI-compatible address of an Ollama server: it answers below /v1. */
export const ollamaAddress = (baseUrl: string): string => `${baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1`

/** Adds a server and lets it do every role it was given. True when it is in use. */
export async function addServer(studio: Studio, endpoint: RequestArgument<'models.addEndpoint'>): Promise<boolean> {
  patch(studio, 'models', { adding: true })
  const model = await ask(studio, 'models.addEndpoint', endpoint)
  if (model) for (const role of endpoint.roles) await ask(studio, 'models.choose', { role, model: model.name })
  patch(studio, 'models', { adding: false })
  await loadModels(studio)
  return model !== undefined
}

export async function removeServer(studio: Studio, name: string): Promise<void> {
  if (await ask(studio, 'models.removeEndpoint', { name })) await loadModels(studio)
}
