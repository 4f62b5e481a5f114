/** Each field of a deployment profile is flipped alone, and something other than words must come out different. */
import { describe, expect, it } from 'vitest'
import { limitsFrom } from '../../../src-main/proxy/scheduler/limits.ts'
import type { CardReading } from '../../../src-main/proxy/scheduler/ports.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'
import { getProfile, type Profile } from '../../../src-main/registry/profiles.ts'
import { selectByRole } from '../../../src-main/registry/select.ts'
import { createWorld, demand } from '../proxy/scheduler-world.ts'
import { profiles } from './seeds.ts'

const BASE: Profile = {
  ...getProfile(profiles, 'multi_gpu_2x16gb'),
  max_vram_mb: 30_000,
  max_concurrent_models: 2,
  preferred_quantizations: ['fp8', 'q4_k_m'],
  strategy: 'tensor_parallel_or_distributed',
  autostart_timeout_seconds: 100,
  grace_period_seconds: 600,
  model_selection_bias: 'vram_efficient',
  preload_group: ['A'],
  gpu_count: 2,
  tensor_parallel_threshold_mb: 9000,
}
const CARDS: CardReading[] = [0, 1, 2, 3].map((index) => ({ index, totalMb: 16_000, freeMb: null }))

const model = (name: string, quantization: string, priority: number, needMb: number) =>
  entrySchema.parse({
    ...{ name, backend: 'vllm', quantization, capabilities: { vision: true }, roles: ['caption'] },
    ...{ role_priority: { caption: priority }, vram_estimate_mb: needMb },
  })
const MODELS = [
  model('best', 'fp8', 90, 20_000),
  model('half', 'q4_k_m', 86, 9000),
  model('coarse', 'q4_k_m', 80, 5000),
  model('fine', 'fp8', 80, 6000),
]

const ranked = (profile: Profile) =>
  selectByRole({ registry: { entries: MODELS }, profile, role: 'caption', availability: new Map(), assumeInstalled: true }).models.map(
    ({ name }) => name,
  )
/** Which of the loaded models are unloaded to let the next one in. */
function stopsFor(profile: Profile): readonly string[] {
  const world = createWorld({ A: demand(2000), B: demand(2000), C: demand(2000) }, { limits: limitsFrom(profile), cards: CARDS })
  for (const name of ['A', 'B', 'C']) {
    world.request(name)
    world.play()
    world.pass(1000)
  }
  return world.stops
}
/** Cards that a model of so much memory is put on. */
function cardsFor(profile: Profile, needMb: number): number {
  const world = createWorld({ A: demand(needMb) }, { limits: limitsFrom(profile), cards: CARDS })
  world.request('A')
  world.play()
  return world.state.models.get('A')?.claims.length ?? 0
}
/** Loaded models after an idle time. */
function idleAfter(profile: Profile, ms: number): readonly string[] {
  const world = createWorld({ A: demand(2000) }, { limits: limitsFrom(profile), cards: CARDS })
  world.request('A')
  world.play()
  world.pass(ms)
  world.send({ kind: 'tick' })
  return world.stops
}

/** For each field: another value, and what is seen of it. */
const FLIPS: Record<string, { other: unknown; seen: (profile: Profile) => unknown }> = {
  max_vram_mb: { other: 10_000, seen: ranked },
  max_concurrent_models: { other: 3, seen: stopsFor },
  preferred_quantizations: { other: ['q4_k_m', 'fp8'], seen: ranked },
  strategy: { other: 'load_unload', seen: stopsFor },
  autostart_timeout_seconds: { other: 7, seen: (profile) => limitsFrom(profile).startTimeoutMs },
  grace_period_seconds: { other: 60, seen: (profile) => idleAfter(profile, 120_000) },
  model_selection_bias: { other: 'quality', seen: ranked },
  preload_group: { other: ['B'], seen: (profile) => limitsFrom(profile).preload },
  gpu_count: { other: 4, seen: (profile) => cardsFor(profile, 10_000) },
  tensor_parallel_threshold_mb: { other: 20_000, seen: (profile) => cardsFor(profile, 10_000) },
}

describe('a deployment profile', () => {
  for (const [field, { other, seen }] of Object.entries(FLIPS)) {
    it(`${field} must act`, () => {
      const before = seen(BASE)
      expect(seen({ ...BASE, [field]: other } as Profile)).not.toEqual(before)
      expect(seen({ ...BASE })).toEqual(before)
    })
  }
  it('has no field that nobody flips', () => {
    expect(Object.keys(BASE).filter((field) => !(field in FLIPS) && field !== 'name' && field !== 'description')).toEqual([])
  })
})
