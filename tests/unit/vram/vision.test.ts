import { describe, expect, it } from 'vitest'
import { IMAGE_RULES, imageTokens, largestImage, LLAMACPP_MAX_PIXELS } from '../../../src-main/vram/image-tokens.ts'
import { knownModel } from '../../../src-main/vram/known-models.ts'
import { encoderBytes, visionTowerParams } from '../../../src-main/vram/vision-tower.ts'

const MIB = 2 ** 20
const towerMib = (name: string) => (visionTowerParams(knownModel([name])!.vision!) * 2) / MIB

describe('vision towers', () => {
  // Size in 16 bits as logged, or as counted from the published configuration.
  it.each([
    ['Qwen/Qwen3-VL-8B-Instruct', 1098],
    ['Qwen/Qwen3-VL-4B-Instruct', 792],
    ['qwen2.5vl:7b', 1289],
    ['gemma3:12b', 795.9],
    ['openbmb/MiniCPM-V-4_5', 410e6 / 2 ** 19],
    ['OpenGVLab/InternVL3_5-8B', 304e6 / 2 ** 19],
    ['meta-llama/Llama-3.2-11B-Vision-Instruct', 860e6 / 2 ** 19],
    ['mistralai/Pixtral-12B-2409', 400e6 / 2 ** 19],
  ])('%s within 3 %%', (name, mib) => {
    expect(Math.abs(towerMib(name) / mib - 1)).toBeLessThan(0.03)
  })
  it('a projector file of a 24 × 1024 tower without deep mergers (logged: 644.26 MiB; 223.30 MiB of work at 1472²)', () => {
    const tower = { ...knownModel(['qwen3-vl-4b'])!.vision!, deepstack: 0 }
    expect(Math.abs((visionTowerParams(tower) * 2) / MIB / 644.26 - 1)).toBeLessThan(0.03)
    expect(Math.abs(encoderBytes(tower, (1472 / 16) ** 2, { flashAttention: true, bytesPerNumber: 4 }) / MIB / 223.3 - 1)).toBeLessThan(0.01)
  })
  it('without flash attention the scores of 4096 patches in 16 heads alone take a GiB', () => {
    const tower = knownModel(['gemma-3-12b'])!.vision!
    const more =
      encoderBytes(tower, 4096, { flashAttention: false, bytesPerNumber: 4 }) - encoderBytes(tower, 4096, { flashAttention: true, bytesPerNumber: 4 })
    expect(more / MIB).toBe(1024)
  })
})

describe('tokens of a picture', () => {
  it.each([
    [1536, 1024, 1536, 2035],
    [1024, 683, 672, 888],
    [448, 299, 126, 176],
  ])('%i × %i: %i for Qwen3-VL, %i for Qwen2.5-VL, and two markers', (width, height, qwen3, qwen25) => {
    expect(imageTokens(IMAGE_RULES.qwen3_vl, { width, height }).tokens).toBe(qwen3 + 2)
    expect(imageTokens(IMAGE_RULES.qwen2_5_vl, { width, height }).tokens).toBe(qwen25 + 2)
  })
  it('a picture above the cap is made smaller, one below the floor larger', () => {
    const huge = imageTokens(IMAGE_RULES.qwen3_vl, { width: 12_000, height: 8000 }, LLAMACPP_MAX_PIXELS)
    expect(huge.pixels).toBeLessThanOrEqual(LLAMACPP_MAX_PIXELS)
    expect(huge.tokens).toBeLessThanOrEqual(4098)
    expect(imageTokens(IMAGE_RULES.qwen3_vl, { width: 32, height: 32 }).pixels).toBeGreaterThanOrEqual(65_536)
    expect(largestImage(IMAGE_RULES.qwen2_5_vl).tokens).toBe(16_384 + 2)
  })
  it.each([
    ['gemma3', 1536, 1024, 256],
    ['minicpm_v', 1536, 1024, 9 * 64],
    ['minicpm_v', 400, 400, 64],
    ['internvl', 448, 448, 256],
    ['internvl', 1536, 1024, 256 * 7],
    ['mllama', 2000, 2000, 4 * 1601],
    ['smolvlm2', 1536, 1024, 13 * 81],
    ['moondream2', 1536, 1024, 729],
    ['pixtral', 1024, 1024, 4160],
    ['florence2', 1536, 1024, 577],
  ] as const)('%s at %i × %i', (rule, width, height, tokens) => expect(imageTokens(IMAGE_RULES[rule], { width, height }).tokens).toBe(tokens))
  it('InternVL at most 12 tiles with a thumbnail', () => expect(largestImage(IMAGE_RULES.internvl).tokens).toBe(3328))
})
