/** Deployment profiles: how much graphics memory the studio may count on, and what it prefers within it. */
import { z } from 'zod'
import type { Gpu } from '../contract/model.ts'
import { nearestNames } from '../lib/nearest.ts'
import { StudioError } from '../lib/studio-error.ts'

const BIASES = ['vram_efficient', 'balanced', 'quality'] as const
const STRATEGIES = ['load_unload', 'concurrent_limited', 'tensor_parallel_or_distributed', 'concurrent_full'] as const

const profileSchema = z.looseObject({
  name: z.string().regex(/^[a-z0-9_]{1,64}$/),
  description: z.string().min(1).max(400),
  /** Graphics memory in MB that one model may need. */
  max_vram_mb: z.int().nonnegative(),
  max_concurrent_models: z.int().min(1),
  /** Best first. */
  preferred_quantizations: z.array(z.string().min(1)),
  strategy: z.enum(STRATEGIES),
  autostart_timeout_seconds: z.int().positive(),
  grace_period_seconds: z.int().nonnegative(),
  model_selection_bias: z.enum(BIASES),
  /** Models loaded when the studio starts. */
  preload_group: z.array(z.string()).default([]),
  gpu_count: z.int().positive().optional(),
  /** A model needing more than this is spread over the cards. */
  tensor_parallel_threshold_mb: z.int().positive().optional(),
})
export type Profile = z.output<typeof profileSchema>

export const profilesFileSchema = z.looseObject({ profiles: z.array(profileSchema).min(1) })

/** @throws StudioError `registry-invalid` naming the file and the field. */
export function parseProfiles(text: string, file: string): Profile[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new StudioError('registry-invalid', `${file}: is not JSON`, { data: { file, reason: 'is not JSON' }, cause: error })
  }
  const parsed = profilesFileSchema.safeParse(json)
  if (parsed.success) return parsed.data.profiles
  const issue = parsed.error.issues[0]
  const field = issue?.path.map(String).join('.') ?? ''
  throw new StudioError('registry-invalid', `${file}: field ${field}: ${issue?.message}`, { data: { file, field, reason: issue?.message } })
}

/** @throws StudioError `profile-unknown` with data {name, known, nearest}. */
export function getProfile(profiles: readonly Profile[], name: string): Profile {
  const found = profiles.find((profile) => profile.name === name)
  if (found) return found
  const known = profiles.map((profile) => profile.name)
  const nearest = nearestNames(name.slice(0, 200), known)
  throw new StudioError('profile-unknown', `no deployment profile is called "${name}"; known: ${known.join(', ')}`, {
    data: { name, known, nearest },
  })
}

/** What choosing the profile changes, in sentences; only what really acts is listed. */
export function profileEffects(profile: Profile): string[] {
  const effects = [
    profile.max_vram_mb === 0
      ? 'No model that needs graphics memory is chosen by itself.'
      : `A model that needs more than ${profile.max_vram_mb} MB of graphics memory is never chosen by itself.`,
  ]
  if (profile.preferred_quantizations.length > 0) {
    effects.push(`Between models of the same priority, the quantisation decides: ${profile.preferred_quantizations.join(', then ')}.`)
  }
  const bias: Record<Profile['model_selection_bias'], string> = {
    vram_efficient: 'A model nearly as good that needs at most half the memory goes first.',
    balanced: 'Among equals the smaller model goes first.',
    quality: 'Among equals the model of higher precision goes first.',
  }
  return [...effects, bias[profile.model_selection_bias]]
}

/** Left to the driver, the desktop and fragments on each card. */
const RESERVE_MB = 2048

function recommendForOne(totalMb: number): string {
  const usableMb = Math.max(0, totalMb - RESERVE_MB)
  if (usableMb >= 85_000) return 'generous_96gb'
  if (usableMb >= 20_000) return 'balanced_24gb'
  if (usableMb >= 14_000) return 'constrained_16gb'
  return 'development'
}

/** The profile for the cards that are really there, by measured memory and never by a card's name. */
export function recommendProfile(gpus: readonly Gpu[]): string {
  const totals = gpus.map((gpu) => gpu.totalMb).sort((a, b) => b - a)
  const [largest, second] = totals
  if (largest === undefined) return 'cpu_only'
  if (second === undefined) return recommendForOne(largest)
  const sumMb = totals.reduce((sum, total) => sum + total, 0)
  if (totals.length === 2) {
    // Unequal cards cannot share a model evenly: the larger one decides alone.
    if (largest / second >= 1.2) return recommendForOne(largest)
    return sumMb / 2 >= 14_000 ? 'multi_gpu_2x16gb' : 'development'
  }
  const usableMb = Math.max(0, sumMb - RESERVE_MB * totals.length)
  if (usableMb >= 60_000) return 'generous_96gb'
  return usableMb >= 40_000 ? 'balanced_24gb' : 'constrained_16gb'
}

export const PROFILE_VARIABLE = 'IMAGEWORKS_DEPLOYMENT_PROFILE'

export interface ProfileChoice {
  active: Profile
  detected: string
  /** Why the active one is active, in one sentence. */
  reason: string
}

/**
 * Environment before choice before detection.
 * @throws StudioError `profile-unknown` when the environment names none of the profiles.
 */
export function chooseProfile(given: {
  profiles: readonly Profile[]
  environmentName: string | undefined
  chosen: string | null
  gpus: readonly Gpu[]
}): ProfileChoice {
  const { profiles, environmentName, chosen, gpus } = given
  const detected = recommendProfile(gpus)
  if (environmentName !== undefined && environmentName !== '') {
    return { active: getProfile(profiles, environmentName), detected, reason: `set by the environment variable ${PROFILE_VARIABLE}` }
  }
  const kept = chosen === null ? undefined : profiles.find((profile) => profile.name === chosen)
  if (kept) return { active: kept, detected, reason: 'chosen by hand' }
  const gone = chosen === null ? '' : `; the chosen profile "${chosen}" no longer exists`
  return { active: getProfile(profiles, detected), detected, reason: `detected: ${describeGpus(gpus)}${gone}` }
}

function describeGpus(gpus: readonly Gpu[]): string {
  if (gpus.length === 0) return 'no graphics card that can serve models'
  return gpus.map((gpu) => `${gpu.name} with ${gpu.totalMb} MB`).join(', ')
}
