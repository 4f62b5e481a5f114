/** What comes on top of weights and cache when nothing but bare figures is known. Pure. */
import { StudioError } from '../lib/studio-error.ts'

export interface OverheadProfile {
  /** Runtime, graphs, activations. */
  overheadGib: number
  /** Vision tower with its buffers. */
  visionGib: number
  /** Factor on everything, for what the allocator cannot use. */
  fragFactor: number
}

export const OVERHEAD_PROFILES = {
  default: { overheadGib: 1.5, visionGib: 0, fragFactor: 1.1 },
  ada_16gb: { overheadGib: 1.6, visionGib: 0.5, fragFactor: 1.12 },
  hopper_80gb: { overheadGib: 2, visionGib: 1, fragFactor: 1.08 },
  studio_dual: { overheadGib: 2.5, visionGib: 1, fragFactor: 1.15 },
} as const satisfies Record<string, OverheadProfile>

export type OverheadProfileName = keyof typeof OVERHEAD_PROFILES

const isName = (name: string): name is OverheadProfileName => Object.hasOwn(OVERHEAD_PROFILES, name)

/** @throws StudioError `invalid-request` that names the known ones. */
export function overheadProfile(name: string): OverheadProfile {
  if (isName(name)) return OVERHEAD_PROFILES[name]
  const known = Object.keys(OVERHEAD_PROFILES)
  throw new StudioError('invalid-request', `overhead profile "${name}" is not known; known are ${known.join(', ')}`, { data: { name, known } })
}

/**
 * The profile that suits these cards, by measured memory and compute capability: the name on the box tells neither (a 4090 has 24 GB, a
 * laptop 4080 has 12).
 */
export function overheadProfileFor(cards: readonly { totalMb: number; computeCapability: string | null }[]): OverheadProfileName {
  const [first, second] = cards
  if (first === undefined) return 'default'
  if (second !== undefined) return 'studio_dual'
  if (first.totalMb >= 79_000) return 'hopper_80gb'
  return first.computeCapability === '8.9' && first.totalMb >= 15_000 && first.totalMb < 18_000 ? 'ada_16gb' : 'default'
}
