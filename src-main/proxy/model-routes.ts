/** The questions about models, roles and the profile. Every GET looks and changes nothing. */
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, displayNameOf, type RegistryEntry, rolesOf, seesPictures } from '../registry/entry.ts'
import { resolveModelName } from '../registry/resolve.ts'
import type { Availability } from '../registry/serving.ts'
import type { ProxyModels } from './ports.ts'

function describe(entry: RegistryEntry, available: Availability | undefined) {
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

const usable = (available: Availability | undefined) => available !== undefined && ['ready', 'loading', 'available'].includes(available.state)

function readFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  if (value === null) return false
  if (/^(1|true|yes|on)$/i.test(value)) return true
  if (/^(0|false|no|off)$/i.test(value)) return false
  throw new StudioError('request-invalid', `${name} must be true or false`, { data: { param: name } })
}

function readCount(query: URLSearchParams, name: string, otherwise: number): number {
  const value = query.get(name)
  if (value === null) return otherwise
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value)
  throw new StudioError('request-invalid', `${name} must be a whole number from 1 to 999`, { data: { param: name } })
}

/** Models that can answer; with `include_non_installed=true` all that are not deprecated. */
export async function listModels(models: ProxyModels, query: URLSearchParams): Promise<unknown> {
  const all = readFlag(query, 'include_non_installed')
  const { entries } = await models.registry()
  const current = entries.filter((entry) => !entry.deprecated)
  const availability = await models.availabilityOf(current)
  const shown = current.filter((entry) => all || usable(availability.get(entry.name)))
  return { object: 'list', data: shown.map((entry) => describe(entry, availability.get(entry.name))) }
}

export async function showModel(models: ProxyModels, name: string): Promise<unknown> {
  const entry = resolveModelName(await models.registry(), name)
  return describe(entry, (await models.availabilityOf([entry])).get(entry.name))
}

export async function selectByRole(models: ProxyModels, query: URLSearchParams): Promise<unknown> {
  const role = query.get('role')
  if (role === null || role === '') throw new StudioError('request-invalid', 'role is missing', { data: { param: 'role' } })
  const explain = readFlag(query, 'explain')
  const topN = readCount(query, 'top_n', 3)
  const [selection, profile] = await Promise.all([
    models.select(role, { assumeInstalled: readFlag(query, 'assume_installed'), topN }),
    models.profileState(),
  ])
  const ranked = selection.models.map(({ reasons, ...model }) => ({ id: model.name, ...model, ...(explain ? { reasons } : {}) }))
  return {
    role,
    profile: selection.profile,
    max_vram_mb: profile.available.find(({ name }) => name === selection.profile)?.maxVramMb ?? null,
    top_n: topN,
    models: ranked,
    ...(explain ? { rejected: selection.rejected } : {}),
  }
}

export async function showProfile(models: ProxyModels): Promise<unknown> {
  const { active, detected, reason, gpus, available } = await models.profileState()
  return {
    active,
    detected,
    reason,
    gpus: gpus.map(({ index, name, totalMb, freeMb }) => ({ index, name, total_vram_mb: totalMb, free_vram_mb: freeMb })),
    available: available.map(({ name, description, maxVramMb, effects }) => ({ name, description, max_vram_mb: maxVramMb, effects })),
  }
}
