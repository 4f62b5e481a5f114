import { describe, expect, it } from 'vitest'
import { profileEffects } from '../../../src-main/registry/profile-effects.ts'
import { chooseProfile, fitToMemory, getProfile, recommendProfile } from '../../../src-main/registry/profiles.ts'
import { profiles } from './seeds.ts'

const cards = (...totals: number[]) => totals.map((totalMb, index) => ({ index, name: 'card', totalMb, freeMb: null }))

describe('detection of the profile', () => {
  const cases: [number[], string][] = [
    [[], 'cpu_only'],
    [[8192], 'development'],
    [[12_282], 'development'],
    [[16_047], 'development'],
    [[16_048], 'constrained_16gb'],
    [[16_376], 'constrained_16gb'],
    [[20_480], 'constrained_16gb'],
    [[24_080], 'balanced_24gb'],
    [[32_607], 'balanced_24gb'],
    [[81_559], 'balanced_24gb'],
    [[97_887], 'generous_96gb'],
    [[16_376, 16_376], 'multi_gpu_2x16gb'],
    [[12_282, 12_282], 'development'],
    [[8192, 24_576], 'balanced_24gb'],
    [[24_576, 8192], 'balanced_24gb'],
    [[24_576, 24_576, 24_576], 'generous_96gb'],
    [[16_376, 16_376, 16_376], 'balanced_24gb'],
    [[8192, 8192, 8192], 'constrained_16gb'],
  ]
  for (const [totals, profile] of cases) {
    it(`${totals.join(' + ') || 'no card'} MB must give ${profile}`, () => expect(recommendProfile(cards(...totals))).toBe(profile))
  }
})

describe('a driver that cannot tell', () => {
  const unknown = { index: 1, name: 'MIG slice', totalMb: Number.NaN, freeMb: null }
  it('a card without a number must not decide, nor break the others', () => {
    expect(recommendProfile([unknown])).toBe('cpu_only')
    expect(recommendProfile([unknown, ...cards(24_080)])).toBe('balanced_24gb')
    expect(chooseProfile({ profiles, environmentName: undefined, chosen: null, gpus: [unknown] }).reason).not.toContain('NaN')
  })
})

describe('the budget of a detected profile', () => {
  const budget = (...totals: number[]) => {
    const gpus = cards(...totals)
    return fitToMemory(getProfile(profiles, recommendProfile(gpus)), gpus).max_vram_mb
  }
  it('plain cards keep the figures of their profile', () => {
    expect([budget(16_376), budget(24_080), budget(24_576), budget(16_376, 16_376), budget(97_887), budget(12_282)]).toEqual([
      14_000, 22_000, 22_000, 28_000, 90_000, 10_000,
    ])
    expect(budget()).toBe(0)
  })
  it('8 GB must not be promised 10000 MB, and 80 GB must not be used as 24', () => {
    expect(budget(8192)).toBe(6144)
    expect(budget(81_559)).toBe(79_511)
    expect(budget(12_282, 12_282)).toBe(20_468)
    expect(budget(8192, 24_576)).toBe(22_000)
    expect(budget(24_576, 24_576, 24_576)).toBe(67_584)
  })
  it('a profile that was asked for holds as it is written; the reason tells a changed budget', () => {
    const given = { profiles, environmentName: undefined, chosen: null, gpus: cards(81_559) }
    expect(chooseProfile({ ...given, chosen: 'development' }).active.max_vram_mb).toBe(10_000)
    expect(chooseProfile(given)).toMatchObject({
      active: { max_vram_mb: 79_511 },
      reason: expect.stringContaining('79511 MB for models instead of 22000'),
    })
  })
})

describe('which profile is active', () => {
  const given = { profiles, environmentName: undefined, chosen: null, gpus: cards(24_080) }

  it('environment goes before choice, choice before detection, and the reason says which', () => {
    expect(chooseProfile(given)).toMatchObject({
      active: { name: 'balanced_24gb' },
      detected: 'balanced_24gb',
      reason: expect.stringContaining('24080'),
    })
    expect(chooseProfile({ ...given, chosen: 'development' })).toMatchObject({ active: { name: 'development' }, detected: 'balanced_24gb' })
    const both = chooseProfile({ ...given, chosen: 'development', environmentName: 'generous_96gb' })
    expect(both).toMatchObject({ active: { name: 'generous_96gb' }, reason: expect.stringContaining('IMAGEWORKS_DEPLOYMENT_PROFILE') })
  })

  it('an unknown name in the environment must be an error with the nearest, not a silent fall-back', () => {
    expect(() => chooseProfile({ ...given, environmentName: 'balanced_24' })).toThrow(
      expect.objectContaining({ code: 'profile-unknown', data: expect.objectContaining({ nearest: expect.arrayContaining(['balanced_24gb']) }) }),
    )
  })

  it('a choice whose profile is gone must not lock the studio out', () => {
    expect(chooseProfile({ ...given, chosen: 'gone' })).toMatchObject({ active: { name: 'balanced_24gb' }, reason: expect.stringContaining('gone') })
  })
})

describe('shipped profiles', () => {
  it('all six are there and each says what it does', () => {
    expect(profiles.map(({ name }) => name)).toEqual([
      'constrained_16gb',
      'balanced_24gb',
      'multi_gpu_2x16gb',
      'generous_96gb',
      'development',
      'cpu_only',
    ])
    expect(profileEffects(getProfile(profiles, 'constrained_16gb'))[0]).toContain('14000 MB')
  })

  it('every field that is set must change some sentence, or it is set for nothing', () => {
    const base = { ...getProfile(profiles, 'multi_gpu_2x16gb'), preload_group: ['a'] }
    const other = {
      max_vram_mb: 1,
      max_concurrent_models: 9,
      preferred_quantizations: ['q2_k'],
      strategy: 'load_unload',
      autostart_timeout_seconds: 7,
      grace_period_seconds: 0,
      model_selection_bias: 'balanced',
      preload_group: ['b'],
      gpu_count: 7,
      tensor_parallel_threshold_mb: 1,
    } as const
    const said = profileEffects(base).join()
    for (const [field, value] of Object.entries(other))
      expect(profileEffects({ ...base, [field]: value } as typeof base).join(), field).not.toBe(said)
    const silent = Object.keys(base).filter((field) => !(field in other) && field !== 'name' && field !== 'description')
    expect(silent).toEqual([])
  })
})
