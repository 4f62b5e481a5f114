import { describe, expect, it } from 'vitest'
import { estimate, maxContext } from '../../../src-main/vram/estimate.ts'
import { OVERHEAD_PROFILES, overheadProfile, overheadProfileFor } from '../../../src-main/vram/overhead-profiles.ts'

const eightBillion = { paramsBillion: 8, quant: 'fp8', layers: 36, kvHeads: 8, headDim: 128, kvDtype: 'fp8', batch: 1 }
const codeOf = (work: () => unknown) => {
  try {
    work()
    return undefined
  } catch (error) {
    return error as { code: string; data: { known: string[] } }
  }
}

describe('bare figures', () => {
  // Worked out by hand from the formula: (weights + kv + overhead + vision) × factor.
  it.each([
    ['default', 7.4506, 0.5625, 10.4644],
    ['ada_16gb', 7.4506, 0.5625, 11.3267],
    ['hopper_80gb', 7.4506, 0.5625, 11.8941],
    ['studio_dual', 7.4506, 0.5625, 13.24],
  ] as const)('8 B in fp8 with 8 k under %s', (name, weights, kv, total) => {
    const found = estimate(eightBillion, 8, OVERHEAD_PROFILES[name])
    expect(found.weights_gib).toBeCloseTo(weights, 2)
    expect(found.kv_gib).toBeCloseTo(kv, 2)
    expect(found.total_gib).toBeCloseTo(total, 2)
  })

  it.each([
    ['fp16', 2],
    ['bf16', 2],
    ['fp8', 1],
    ['mxfp8', 1],
    ['mxfp4', 0.5],
    ['int8', 1],
    ['int4', 0.55],
    ['fp4', 0.5],
    ['Q4_K_M', 0.6125],
  ])('%s takes %f bytes a parameter', (quant, bytes) => {
    expect(estimate({ ...eightBillion, quant }, 0, OVERHEAD_PROFILES.default).weights_gib).toBeCloseTo((8e9 * bytes) / 2 ** 30, 6)
  })

  it('an unknown quantization must be refused with the known ones, not counted as one byte', () => {
    const error = codeOf(() => estimate({ ...eightBillion, quant: 'q4_xyz' }, 8, OVERHEAD_PROFILES.default))
    expect(error?.code).toBe('invalid-request')
    expect(error?.data.known).toEqual(expect.arrayContaining(['fp8', 'int4', 'q4_k_m']))
    expect(codeOf(() => estimate({ ...eightBillion, kvDtype: 'fp7' }, 8, OVERHEAD_PROFILES.default))?.data.known).toContain('q8_0')
    expect(codeOf(() => overheadProfile('toString'))?.data.known).toContain('ada_16gb')
  })
  it.each(['paramsBillion', 'layers', 'kvHeads', 'headDim', 'batch'] as const)('%s that is no number must not become an answer of NaN', (key) => {
    expect(codeOf(() => estimate({ ...eightBillion, [key]: Number.NaN }, 8, OVERHEAD_PROFILES.default))?.code).toBe('invalid-request')
  })
})

describe('the largest context', () => {
  const figures = { ...eightBillion, quant: 'bf16', kvDtype: 'fp16' }
  it('fits, and one block more does not', () => {
    const found = maxContext(figures, { totalVramGib: 22, maxContextK: 256 }, OVERHEAD_PROFILES.default)
    expect(found.fits).toBe(true)
    expect(found.context_tokens % 16).toBe(0)
    const at = (tokens: number) => estimate(figures, tokens / 1024, OVERHEAD_PROFILES.default).total_gib
    expect(at(found.context_tokens)).toBeLessThanOrEqual(22)
    expect(at(found.context_tokens + 16)).toBeGreaterThan(22)
    expect(found.total_gib).toBeCloseTo(at(found.context_tokens), 9)
  })
  it('that does not fit says so, and is no context of 0 that looks like an answer', () => {
    expect(maxContext(figures, { totalVramGib: 8, maxContextK: 256 }, OVERHEAD_PROFILES.default)).toMatchObject({ context_tokens: 0, fits: false })
  })
  it('stops at exactly the cap', () => {
    expect(maxContext(figures, { totalVramGib: 1000, maxContextK: 256 }, OVERHEAD_PROFILES.default)).toMatchObject({
      context_tokens: 262_144,
      fits: true,
      limited_by: 'cap',
    })
  })
  it('never falls when memory grows', () => {
    let before = 0
    for (let gib = 16; gib < 40; gib += 0.37) {
      const { context_tokens } = maxContext(figures, { totalVramGib: gib, maxContextK: 64 }, OVERHEAD_PROFILES.ada_16gb)
      expect(context_tokens).toBeGreaterThanOrEqual(before)
      before = context_tokens
    }
    expect(before).toBeGreaterThan(0)
  })
})

describe('the overhead profile of a card', () => {
  it.each([
    ['a 4090 is not a card of 16 GB', [{ totalMb: 24_080, computeCapability: '8.9' }], 'default'],
    ['a laptop 4080 has 12 GB', [{ totalMb: 12_282, computeCapability: '8.9' }], 'default'],
    ['a 4080', [{ totalMb: 16_376, computeCapability: '8.9' }], 'ada_16gb'],
    ['an 80 GB card that tells less than 80000', [{ totalMb: 79_650, computeCapability: '9.0' }], 'hopper_80gb'],
    ['two cards', [16_376, 16_376].map((totalMb) => ({ totalMb, computeCapability: '8.9' })), 'studio_dual'],
    ['none', [], 'default'],
  ])('%s', (_, cards, name) => expect(overheadProfileFor(cards)).toBe(name))
})
