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
  /** Loaded when the studio starts, as far as it is installed and fits: names of models, or `role:<role>` for whoever takes that role. */
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

/** Left to the driver, the desktop and fragments on each card. */
const RESERVE_MB = 2048

function recommendForOne(totalMb: number): string {
  const usableMb = usableOf(totalMb)
  if (usableMb >= 85_000) return 'generous_96gb'
  if (usableMb >= 20_000) return 'balanced_24gb'
  if (usableMb >= 14_000) return 'constrained_16gb'
  return 'development'
}

/** Memory that a model can use on one card. */
const usableOf = (totalMb: number) => Math.max(0, Math.floor(totalMb) - RESERVE_MB)

/** Cards whose memory is known, the largest first. A driver that cannot tell gives no number. */
function measuredTotals(gpus: readonly Gpu[]): number[] {
  return gpus
    .map((gpu) => gpu.totalMb)
    .filter((totalMb) => Number.isFinite(totalMb) && totalMb > 0)
    .sort((a, b) => b - a)
}

/** Two cards that cannot share a model evenly: the larger one decides alone. */
const areUnequalPair = (totals: readonly number[]) => totals.length === 2 && (totals[0] ?? 0) / (totals[1] ?? 1) >= 1.2

/** The profile for the cards that are really there, by measured memory and never by a card's name. */
export function recommendProfile(gpus: readonly Gpu[]): string {
  const totals = measuredTotals(gpus)
  const [largest] = totals
  if (largest === undefined) return 'cpu_only'
  if (totals.length === 1 || areUnequalPair(totals)) return recommendForOne(largest)
  const sumMb = totals.reduce((sum, total) => sum + total, 0)
  if (totals.length === 2) return sumMb / 2 >= 14_000 ? 'multi_gpu_2x16gb' : 'development'
  const usableMb = Math.max(0, sumMb - RESERVE_MB * totals.length)
  if (usableMb >= 60_000) return 'generous_96gb'
  return usableMb >= 40_000 ? 'balanced_24gb' : 'constrained_16gb'
}

/** A budget that uses at least nine tenths of the memory is left as it is. */
const WASTED_SHARE = 0.1

/**
 * The detected profile with the budget that the memory really allows: less on a card smaller than the profile was made for, more on
 * one that is clearly larger. Only the budget changes.
 */
export function fitToMemory(profile: Profile, gpus: readonly Gpu[]): Profile {
  const totals = measuredTotals(gpus)
  if (totals.length === 0 || profile.max_vram_mb === 0) return profile
  const shared = areUnequalPair(totals) ? totals.slice(0, 1) : totals
  const usableMb = shared.reduce((sum, totalMb) => sum + usableOf(totalMb), 0)
  const fits = profile.max_vram_mb <= usableMb && profile.max_vram_mb >= usableMb * (1 - WASTED_SHARE)
  return fits ? profile : { ...profile, max_vram_mb: usableMb }
}

export const PROFILE_VARIABLE = 'IMAGEWORKS_DEPLOYMENT_PROFILE'

export interface ProfileChoice {
  active: Profile
  detected: string
  /** Why the active one is active, in one sentence. */
  reason: string
}

/**
 * Environment before choice before detection. A profile that was asked for holds as it is written; a detected one is fitted to the memory.
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
  const listed = getProfile(profiles, detected)
  const active = fitToMemory(listed, gpus)
  const budget = active.max_vram_mb === listed.max_vram_mb ? '' : `, so ${active.max_vram_mb} MB for models instead of ${listed.max_vram_mb}`
  return { active, detected, reason: `detected: ${describeGpus(gpus)}${budget}${gone}` }
}

function describeGpus(gpus: readonly Gpu[]): string {
  if (gpus.length === 0) return 'no graphics card that can serve models'
  return gpus.map((gpu) => (Number.isFinite(gpu.totalMb) ? `${gpu.name} with ${gpu.totalMb} MB` : `${gpu.name} with unknown memory`)).join(', ')
}
