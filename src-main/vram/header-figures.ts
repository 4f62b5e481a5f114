/** A model's shape as discovery reads it from the model's own headers into `metadata.architecture`. Pure. */
import type { ImageRuleName } from './image-tokens.ts'
import type { ModelShape } from './known-models.ts'
import type { VisionTower } from './vision-tower.ts'

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined

function number(fields: Fields | undefined, key: string): number | undefined {
  const value = fields?.[key]
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
}

interface FamilyTraits {
  imageRule: ImageRuleName
  /** What headers leave out of the tower. */
  tower?: Partial<Pick<VisionTower, 'gated' | 'temporal' | 'deepstack'>>
}

const QWEN25: FamilyTraits = { imageRule: 'qwen2_5_vl', tower: { gated: true, temporal: 2 } }
const QWEN3: FamilyTraits = { imageRule: 'qwen3_vl', tower: { temporal: 2, deepstack: 3 } }

/** By the configuration's `model_type` or the GGUF architecture, without punctuation. */
const FAMILIES: Readonly<Record<string, FamilyTraits>> = {
  qwen2vl: { imageRule: 'qwen2_5_vl', tower: { temporal: 2 } },
  qwen25vl: QWEN25,
  qwen3vl: QWEN3,
  qwen3vlmoe: QWEN3,
  qwen35: { imageRule: 'qwen3_vl', tower: { temporal: 2 } },
  gemma3: { imageRule: 'gemma3' },
  minicpmv: { imageRule: 'minicpm_v' },
  internvl: { imageRule: 'internvl' },
  internvlchat: { imageRule: 'internvl' },
  mllama: { imageRule: 'mllama' },
  smolvlm: { imageRule: 'smolvlm2' },
  smolvlm2: { imageRule: 'smolvlm2' },
  idefics3: { imageRule: 'smolvlm2' },
  moondream1: { imageRule: 'moondream2' },
  pixtral: { imageRule: 'pixtral', tower: { gated: true } },
  florence2: { imageRule: 'florence2' },
}

function towerOf(vision: Fields | undefined, out: number | undefined, traits: FamilyTraits | undefined): VisionTower | undefined {
  const layers = number(vision, 'num_layers')
  const hidden = number(vision, 'hidden_size')
  const patch = number(vision, 'patch_size')
  if (layers === undefined || hidden === undefined || patch === undefined) return undefined
  const edge = number(vision, 'image_size')
  const millions = number(vision, 'params_million')
  return {
    layers,
    hidden,
    mlp: number(vision, 'intermediate_size') ?? hidden * 4,
    gated: traits?.tower?.gated ?? false,
    heads: Math.max(1, Math.round(hidden / 72)),
    patch,
    temporal: traits?.tower?.temporal ?? 1,
    positions: edge === undefined ? 0 : Math.floor(edge / patch) ** 2,
    merge: number(vision, 'merge') ?? 1,
    out: out ?? 0,
    deepstack: traits?.tower?.deepstack ?? 0,
    params: millions === undefined ? null : millions * 1e6,
  }
}

/** A window whose pattern is not told counts as none: the cache is then an upper bound. */
function slidingOf(architecture: Fields, layers: number | undefined): Pick<ModelShape, 'slidingWindow' | 'slidingLayers'> {
  const sliding = fieldsOf(architecture['sliding_window'])
  const slidingWindow = number(sliding, 'window')
  const every = number(sliding, 'global_every')
  const stated = sliding?.['global_layers']
  const global = typeof stated === 'number' ? stated : every === undefined || layers === undefined ? undefined : Math.floor(layers / every)
  return slidingWindow === undefined || layers === undefined || global === undefined ? {} : { slidingWindow, slidingLayers: layers - global }
}

/** Absent fields are unknown. @param family As the entry names it. */
export function headerShape(metadata: Fields, family: string | null): ModelShape {
  const architecture = fieldsOf(metadata['architecture'])
  if (!architecture) return {}
  const traits = family === null ? undefined : FAMILIES[family.toLowerCase().replace(/[^a-z0-9]/g, '')]
  const layers = number(architecture, 'num_layers')
  const heads = number(architecture, 'num_attention_heads')
  const hidden = number(architecture, 'hidden_size')
  const size = number(architecture, 'head_dim') ?? (hidden !== undefined && heads !== undefined ? hidden / heads : undefined)
  const found: { [Key in keyof ModelShape]: ModelShape[Key] | undefined } = {
    paramsBillion: number(architecture, 'params_billion'),
    layers,
    heads,
    kvHeads: number(architecture, 'num_kv_heads') ?? heads,
    keyDim: size,
    valueDim: size,
    hidden,
    ffn: number(architecture, 'intermediate_size'),
    vocab: number(architecture, 'vocab_size'),
    ...slidingOf(architecture, layers),
    trainedTokens: number(architecture, 'max_position_embeddings') ?? number(architecture, 'context_length'),
    vision: towerOf(fieldsOf(architecture['vision']), hidden, traits),
    imageRule: traits?.imageRule,
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as ModelShape
}
