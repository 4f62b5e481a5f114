import { describe, expect, it } from 'vitest'
import { entrySchema } from '../../../src-main/registry/entry.ts'
import { getProfile } from '../../../src-main/registry/profiles.ts'
import { listRoles } from '../../../src-main/registry/roles.ts'
import { remediesFor, selectByRole } from '../../../src-main/registry/select.ts'
import type { Availability } from '../../../src-main/registry/serving.ts'
import { profiles, seeds, shippedRegistry } from './seeds.ts'

const QWEN3 = 'qwen3-vl-8b-instruct_(FP8)'
const QWEN25 = 'qwen25vl_8.3b_(Q4_K_M)'
const FLORENCE = 'florence-2-large_(FP16)'
const nothing = new Map<string, Availability>()

function plan(role: string, profileName: string, registry: Parameters<typeof selectByRole>[0]['registry'] = seeds) {
  return selectByRole({ registry, profile: getProfile(profiles, profileName), role, availability: nothing, assumeInstalled: true })
}
const names = (selection: ReturnType<typeof plan>) => selection.models.map(({ name }) => name)

function model(name: string, more: Record<string, unknown>) {
  return entrySchema.parse({
    name,
    backend: 'vllm',
    capabilities: { vision: true },
    roles: ['caption'],
    role_priority: { caption: 80 },
    vram_estimate_mb: 5000,
    ...more,
  })
}

describe('selection on the three seed entries, assuming they are installed', () => {
  for (const profile of ['constrained_16gb', 'balanced_24gb', 'multi_gpu_2x16gb', 'generous_96gb']) {
    it(`${profile}: an empty or unranked list would leave every role without a model`, () => {
      expect(names(plan('caption', profile))).toEqual([QWEN3, QWEN25, FLORENCE])
      expect(names(plan('keywords', profile))).toEqual([FLORENCE, QWEN3, QWEN25])
    })
  }

  it('development: a model that does not fit must be rejected with the figures', () => {
    const selection = plan('caption', 'development')
    expect(names(selection)).toEqual([QWEN25, FLORENCE])
    expect(selection.rejected).toEqual([{ name: QWEN3, reason: 'needs 10600 of 10000 MB' }])
  })

  it('what else ships must not change the order of the three', () => {
    for (const profile of ['constrained_16gb', 'balanced_24gb', 'multi_gpu_2x16gb', 'generous_96gb']) {
      expect(names(plan('caption', profile, shippedRegistry)).slice(0, 3)).toEqual([QWEN3, QWEN25, FLORENCE])
      expect(names(plan('keywords', profile, shippedRegistry)).slice(0, 3)).toEqual([FLORENCE, QWEN3, QWEN25])
    }
    const selection = plan('caption', 'development', shippedRegistry)
    expect(names(selection).slice(0, 2)).toEqual([QWEN25, FLORENCE])
    expect(selection.rejected).toContainEqual({ name: QWEN3, reason: 'needs 10600 of 10000 MB' })
  })

  it('no role may be without a candidate under any profile that has graphics memory', () => {
    for (const profile of profiles.filter(({ name }) => name !== 'cpu_only'))
      for (const role of ['caption', 'keywords', 'description', 'narration']) {
        const vision = names(plan(role, profile.name, shippedRegistry)).filter((name) => name !== 'embedded-basic-facts')
        expect(vision.length, `${role} under ${profile.name}`).toBeGreaterThan(0)
      }
  })

  it('cpu_only: models that need graphics memory must not be chosen, the embedded one must', () => {
    expect(names(plan('caption', 'cpu_only', shippedRegistry))).toEqual(['embedded-basic-facts'])
  })

  it('the embedded model must never come before a vision-language model', () => {
    for (const role of ['caption', 'keywords', 'description'])
      expect(names(plan(role, 'balanced_24gb', shippedRegistry)).at(-1)).toBe('embedded-basic-facts')
  })

  it('list-roles must show exactly 13 rows, by role, then name', () => {
    const rows = listRoles(seeds).map(({ role, model: name }) => `${role} ${name}`)
    expect(rows).toHaveLength(13)
    expect(rows).toEqual([...rows].sort())
  })
})

describe('selection by what is here', () => {
  const profile = getProfile(profiles, 'balanced_24gb')
  const request = { registry: seeds, profile, role: 'caption', assumeInstalled: false }

  it('without weights nothing may be offered, and each refusal says how to get them', () => {
    const availability = new Map<string, Availability>([[QWEN25, { state: 'not-installed', reason: 'get it with: ollama pull qwen2.5vl:7b' }]])
    const selection = selectByRole({ ...request, availability })
    expect(selection.models).toEqual([])
    expect(selection.rejected).toContainEqual({ name: QWEN25, reason: 'not installed: get it with: ollama pull qwen2.5vl:7b' })
    expect(selection.rejected.find(({ name }) => name === QWEN3)?.reason).toMatch(/^not installed/)
    expect(remediesFor({ ...request, availability }, profiles).join('\n')).toContain(QWEN3)
  })

  it('only the models that answer are offered', () => {
    const availability = new Map<string, Availability>([[FLORENCE, { state: 'ready', reason: null }]])
    expect(names(selectByRole({ ...request, availability }))).toEqual([FLORENCE])
  })

  it('an unknown role must be an error that names the known ones, not an empty list', () => {
    expect(() => plan('captions', 'balanced_24gb')).toThrow(
      expect.objectContaining({
        code: 'role-unknown',
        data: expect.objectContaining({ nearest: expect.arrayContaining(['caption']), known: expect.arrayContaining(['narration']) }),
      }),
    )
  })

  it('topN cuts the offered, never the explained', () => {
    const selection = selectByRole({
      ...request,
      profile: getProfile(profiles, 'development'),
      availability: nothing,
      assumeInstalled: true,
      topN: 1,
    })
    expect(selection.models).toHaveLength(1)
    expect(selection.rejected).toHaveLength(1)
  })
})

describe('ranking', () => {
  const rank = (profileName: string, ...entries: ReturnType<typeof model>[]) => names(plan('caption', profileName, { entries }))

  it('vram_efficient: half the memory within 5 points goes first, 6 points or more memory does not', () => {
    const best = model('big', { vram_estimate_mb: 8000, role_priority: { caption: 90 } })
    expect(rank('constrained_16gb', best, model('half', { vram_estimate_mb: 4000, role_priority: { caption: 85 } }))).toEqual(['half', 'big'])
    expect(rank('constrained_16gb', best, model('half', { vram_estimate_mb: 4000, role_priority: { caption: 84 } }))).toEqual(['big', 'half'])
    expect(rank('constrained_16gb', best, model('more', { vram_estimate_mb: 4001, role_priority: { caption: 85 } }))).toEqual(['big', 'more'])
    expect(rank('generous_96gb', best, model('half', { vram_estimate_mb: 4000, role_priority: { caption: 85 } }))).toEqual(['big', 'half'])
  })

  it('the quantisation order of the profile decides between equal priorities', () => {
    const fp8 = model('a', { quantization: 'fp8' })
    const q4 = model('b', { quantization: 'Q4_K_M' })
    expect(rank('constrained_16gb', fp8, q4)).toEqual(['b', 'a'])
    expect(rank('balanced_24gb', q4, fp8)).toEqual(['a', 'b'])
  })

  it('balanced takes the smaller of equals, quality the more precise, and the name breaks the last tie', () => {
    const small = model('z-small', { vram_estimate_mb: 3000, quantization: 'q3_k_m' })
    const exact = model('a-exact', { vram_estimate_mb: 9000, quantization: 'q8_0' })
    expect(rank('balanced_24gb', exact, small)).toEqual(['z-small', 'a-exact'])
    expect(rank('generous_96gb', small, exact)).toEqual(['a-exact', 'z-small'])
    expect(rank('generous_96gb', model('b', {}), model('a', {}))).toEqual(['a', 'b'])
  })

  it('quality: the winner of measured comparisons goes before the more precise, for its role alone', () => {
    const winner = model('winner', { quantization: 'q4_k_m', metadata: { duel_rank: { caption: 1, keywords: 2 } } })
    const second = model('second', { quantization: 'q4_k_m', metadata: { duel_rank: 2 } })
    const exact = model('exact', { quantization: 'q8_0' })
    expect(rank('generous_96gb', exact, second, winner)).toEqual(['winner', 'second', 'exact'])
    expect(rank('balanced_24gb', exact, second, winner)[0]).not.toBe('winner')
  })

  it("a measured or estimated need goes before the registry's figure, both ways", () => {
    const entries = [model('grown', { vram_estimate_mb: 5000 }), model('unknown', { vram_estimate_mb: null })]
    const needMbOf = new Map([
      ['grown', 10_001],
      ['unknown', 9000],
    ])
    const profile = getProfile(profiles, 'development')
    const selection = selectByRole({ registry: { entries }, profile, role: 'caption', availability: nothing, assumeInstalled: true, needMbOf })
    expect(selection.models).toMatchObject([{ name: 'unknown', vram_estimate_mb: 9000 }])
    expect(selection.rejected).toEqual([{ name: 'grown', reason: 'needs 10001 of 10000 MB' }])
  })

  it('every failing condition is told at once, or the remedies come one by one', () => {
    const request = { registry: seeds, profile: getProfile(profiles, 'development'), role: 'caption', availability: nothing, assumeInstalled: false }
    expect(selectByRole(request).rejected.find(({ name }) => name === QWEN3)?.reason).toBe('not installed; needs 10600 of 10000 MB')
  })

  it('deprecated, blind and unmeasured models are refused with a reason', () => {
    const entries = [
      model('old', { deprecated: true }),
      model('blind', { capabilities: {} }),
      model('failed-probe', { probes: { vision: { vision_ok: false } } }),
      model('unmeasured', { vram_estimate_mb: null }),
      model('elsewhere', { backend: 'remote', vram_estimate_mb: null }),
    ]
    const selection = plan('caption', 'cpu_only', { entries })
    expect(names(selection)).toEqual(['elsewhere'])
    expect(selection.rejected.map(({ name }) => name)).toEqual(['blind', 'failed-probe', 'old', 'unmeasured'])
  })
})
