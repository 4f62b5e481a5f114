/**
 * Shapes of common vision models, for entries whose own headers are not at hand. Pure. Source: the models' published configurations.
 * What the entry's headers say always goes first.
 */
import type { ImageRuleName } from './image-tokens.ts'
import type { VisionTower } from './vision-tower.ts'

/** What can be known of a model; absent fields are unknown. */
export interface ModelShape {
  paramsBillion?: number
  layers?: number
  heads?: number
  kvHeads?: number
  keyDim?: number
  valueDim?: number
  hidden?: number
  /** Inner width of the language model's MLP. */
  ffn?: number
  vocab?: number
  /** Embedding and output head are one matrix. */
  tied?: boolean
  slidingWindow?: number
  slidingLayers?: number
  crossLayers?: number
  trainedTokens?: number
  vision?: VisionTower
  imageRule?: ImageRuleName
}

const tower = (given: Partial<VisionTower> & Pick<VisionTower, 'layers' | 'hidden' | 'mlp' | 'heads' | 'patch'>): VisionTower => ({
  gated: false,
  temporal: 1,
  positions: 0,
  merge: 1,
  out: 0,
  deepstack: 0,
  params: null,
  ...given,
})

const qwen3Tower = (size: 'large' | 'small', out: number) =>
  tower({
    ...(size === 'large' ? { layers: 27, hidden: 1152, mlp: 4304 } : { layers: 24, hidden: 1024, mlp: 4096 }),
    ...{ heads: 16, patch: 16, temporal: 2, positions: 2304, merge: 2, out, deepstack: 3 },
  })
const qwen25Tower = (out: number) => tower({ layers: 32, hidden: 1280, mlp: 3420, gated: true, heads: 16, patch: 14, temporal: 2, merge: 2, out })
/** SigLIP so400m, with as many learned positions as its picture has patches. */
const siglip = (edge: number, out: number) =>
  tower({ layers: 27, hidden: 1152, mlp: 4304, heads: 16, patch: 14, positions: Math.floor(edge / 14) ** 2, out })

const qwen3Text = { kvHeads: 8, keyDim: 128, valueDim: 128, vocab: 151_936, heads: 32, imageRule: 'qwen3_vl', trainedTokens: 262_144 } as const
const gemma3Text = {
  keyDim: 256,
  valueDim: 256,
  vocab: 262_208,
  tied: true,
  slidingWindow: 1024,
  imageRule: 'gemma3',
  trainedTokens: 131_072,
} as const
const qwen3Base8b = { layers: 36, hidden: 4096, ffn: 12_288, heads: 32, kvHeads: 8, keyDim: 128, valueDim: 128, vocab: 151_936 } as const

/** Found in a name without its punctuation, so `Qwen2.5-VL-7B` and `qwen2.5vl:7b` are the same. */
const KNOWN: readonly (ModelShape & { found: RegExp })[] = [
  { found: /qwen3vl8b/, ...qwen3Text, paramsBillion: 8.77, layers: 36, hidden: 4096, ffn: 12_288, tied: false, vision: qwen3Tower('large', 4096) },
  { found: /qwen3vl4b/, ...qwen3Text, paramsBillion: 4.44, layers: 36, hidden: 2560, ffn: 9728, tied: true, vision: qwen3Tower('small', 2560) },
  {
    found: /qwen3vl2b/,
    ...qwen3Text,
    paramsBillion: 2.13,
    layers: 28,
    heads: 16,
    hidden: 2048,
    ffn: 6144,
    tied: true,
    vision: qwen3Tower('small', 2048),
  },
  {
    found: /qwen3vl30ba3b/,
    ...{ ...qwen3Text, paramsBillion: 31.1, layers: 48, kvHeads: 4, hidden: 2048, ffn: 6144, tied: false, vision: qwen3Tower('large', 2048) },
  },
  {
    found: /qwen25vl7b/,
    ...{ paramsBillion: 8.29, layers: 28, heads: 28, kvHeads: 4, keyDim: 128, valueDim: 128, hidden: 3584, ffn: 18_944, vocab: 152_064 },
    ...{ tied: false, trainedTokens: 128_000, vision: qwen25Tower(3584), imageRule: 'qwen2_5_vl' },
  },
  {
    found: /qwen25vl3b/,
    ...{ paramsBillion: 3.75, layers: 36, heads: 16, kvHeads: 2, keyDim: 128, valueDim: 128, hidden: 2048, ffn: 11_008, vocab: 151_936 },
    ...{ tied: true, trainedTokens: 128_000, vision: qwen25Tower(2048), imageRule: 'qwen2_5_vl' },
  },
  {
    found: /gemma34b/,
    ...{
      ...gemma3Text,
      paramsBillion: 4.3,
      layers: 34,
      slidingLayers: 29,
      heads: 8,
      kvHeads: 4,
      hidden: 2560,
      ffn: 10_240,
      vision: siglip(896, 2560),
    },
  },
  {
    found: /gemma312b/,
    ...{
      ...gemma3Text,
      paramsBillion: 12.2,
      layers: 48,
      slidingLayers: 40,
      heads: 16,
      kvHeads: 8,
      hidden: 3840,
      ffn: 15_360,
      vision: siglip(896, 3840),
    },
  },
  { found: /minicpmv45/, ...qwen3Base8b, paramsBillion: 8.7, trainedTokens: 40_960, tied: false, vision: siglip(980, 0), imageRule: 'minicpm_v' },
  {
    found: /internvl358b/,
    ...{ ...qwen3Base8b, paramsBillion: 8.5, trainedTokens: 40_960, tied: false, imageRule: 'internvl' },
    vision: tower({ layers: 24, hidden: 1024, mlp: 4096, heads: 16, patch: 14, positions: 1025 }),
  },
  {
    found: /llama32(11bvision|vision11b|visionlatest)/,
    ...{
      paramsBillion: 10.7,
      layers: 40,
      crossLayers: 8,
      heads: 32,
      kvHeads: 8,
      keyDim: 128,
      valueDim: 128,
      hidden: 4096,
      ffn: 14_336,
      vocab: 128_256,
    },
    ...{ tied: false, trainedTokens: 131_072, imageRule: 'mllama' },
    // Positions for one whole picture and for every place in nine shapes of up to four tiles.
    vision: tower({ layers: 40, hidden: 1280, mlp: 5120, heads: 16, patch: 14, positions: 1601 * 37 }),
  },
  {
    found: /smolvlm2?22b/,
    ...{ paramsBillion: 2.25, layers: 24, heads: 32, kvHeads: 32, keyDim: 64, valueDim: 64, hidden: 2048, ffn: 8192, vocab: 49_280 },
    ...{ tied: false, trainedTokens: 8192, vision: siglip(384, 0), imageRule: 'smolvlm2' },
  },
  {
    found: /smolvlm2?500m/,
    ...{ paramsBillion: 0.51, layers: 32, heads: 15, kvHeads: 5, keyDim: 64, valueDim: 64, hidden: 960, ffn: 2560, vocab: 49_280 },
    ...{ tied: true, trainedTokens: 8192, imageRule: 'smolvlm2_500m' },
    vision: tower({ layers: 12, hidden: 768, mlp: 3072, heads: 12, patch: 16, positions: 1024 }),
  },
  {
    found: /moondream2?(?!3)/,
    ...{ paramsBillion: 1.93, layers: 24, heads: 32, kvHeads: 32, keyDim: 64, valueDim: 64, hidden: 2048, ffn: 8192, vocab: 51_200 },
    ...{ tied: false, trainedTokens: 2048, vision: siglip(378, 2048), imageRule: 'moondream2' },
  },
  {
    found: /pixtral12b/,
    ...{ paramsBillion: 12.7, layers: 40, heads: 32, kvHeads: 8, keyDim: 128, valueDim: 128, hidden: 5120, ffn: 14_336, vocab: 131_072 },
    ...{ tied: false, trainedTokens: 131_072, imageRule: 'pixtral' },
    vision: tower({ layers: 24, hidden: 1024, mlp: 4096, gated: true, heads: 16, patch: 16 }),
  },
  {
    found: /florence2large/,
    ...{ paramsBillion: 0.77, layers: 24, crossLayers: 12, heads: 16, kvHeads: 16, keyDim: 64, valueDim: 64, hidden: 1024, ffn: 4096, vocab: 51_289 },
    ...{ tied: true, trainedTokens: 1024, imageRule: 'florence2' },
    vision: tower({ layers: 12, hidden: 2048, mlp: 8192, heads: 64, patch: 32, params: 360e6 }),
  },
  {
    found: /florence2base/,
    ...{ paramsBillion: 0.23, layers: 12, crossLayers: 6, heads: 12, kvHeads: 12, keyDim: 64, valueDim: 64, hidden: 768, ffn: 3072, vocab: 51_289 },
    ...{ tied: true, trainedTokens: 1024, imageRule: 'florence2' },
    vision: tower({ layers: 12, hidden: 1024, mlp: 4096, heads: 32, patch: 32, params: 90e6 }),
  },
]

/** @param names Whatever the model goes by, the surest first. */
export function knownModel(names: readonly (string | null | undefined)[]): ModelShape | undefined {
  for (const name of names) {
    const plain = name?.toLowerCase().replace(/[^a-z0-9]/g, '')
    const model = plain === undefined ? undefined : KNOWN.find((each) => each.found.test(plain))
    if (model) {
      const { found: _, ...shape } = model
      return shape
    }
  }
  return undefined
}
