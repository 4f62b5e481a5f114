import { describe, expect, it } from 'vitest'
import { chooseProfile, getProfile, profileEffects, recommendProfile } from '../../../src-main/registry/profiles.ts'
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
})
