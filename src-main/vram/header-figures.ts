/**
 * What a model's own headers say of its shape, as discovery keeps them in an entry's metadata. Pure. Three spellings are read:
 * `architecture` (flat, as the registry's files have it), `config` (a `config.json`), `gguf` or `model_info` (GGUF keys).
 */
import type { ImageRuleName } from './image-tokens.ts'
import type { ModelShape } from './known-models.ts'
import type { VisionTower } from './vision-tower.ts'

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined

/** The first of these that is a positive number (a list counts by its largest number). */
function number(fields: Fields | undefined, ...keys: string[]): number | undefined {
  for (const key of keys) {
    const found = fields?.[key]
    const value = Array.isArray(found) && found.length > 0 && found.every((each) => typeof each === 'number') ? Math.max(...found) : found
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  }
  return undefined
}

/** Families by the configuration's own `model_type` or GGUF architecture. */
const RULES: Readonly<Record<string, ImageRuleName>> = {
  qwen2_vl: 'qwen2_5_vl',
  qwen2vl: 'qwen2_5_vl',
  qwen2_5_vl: 'qwen2_5_vl',
  qwen25vl: 'qwen2_5_vl',
  qwen3_vl: 'qwen3_vl',
  qwen3vl: 'qwen3_vl',
  qwen3_vl_moe: 'qwen3_vl',
  qwen3vlmoe: 'qwen3_vl',
  qwen3_5: 'qwen3_vl',
  gemma3: 'gemma3',
  minicpmv: 'minicpm_v',
  internvl: 'internvl',
  internvl_chat: 'internvl',
  mllama: 'mllama',
  smolvlm: 'smolvlm2',
  idefics3: 'smolvlm2',
  moondream1: 'moondream2',
  pixtral: 'pixtral',
  florence2: 'florence2',
}
const GATED = new Set(['qwen2_5_vl', 'qwen25vl', 'pixtral'])
/** One global layer in so many, where the header tells the window but not the pattern. */
const SLIDING_PATTERN: Readonly<Record<string, number>> = { gemma3: 6, gemma3_text: 6, gemma2: 2 }

const defined = (shape: { [Key in keyof ModelShape]: ModelShape[Key] | undefined }): ModelShape =>
  Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as ModelShape

function headSizes(hidden: number | undefined, heads: number | undefined, stated: number | undefined): number | undefined {
  return stated ?? (hidden !== undefined && heads !== undefined ? hidden / heads : undefined)
}

function slidingLayers(type: string | undefined, layers: number | undefined, pattern: number | undefined): number | undefined {
  const every = pattern ?? (type === undefined ? undefined : SLIDING_PATTERN[type])
  return layers === undefined || every === undefined ? undefined : layers - Math.floor(layers / every)
}

function visionOf(type: string | undefined, vision: Fields | undefined, out: number | undefined): VisionTower | undefined {
  const layers = number(vision, 'depth', 'num_hidden_layers', 'num_layers')
  const hidden = type === 'qwen2_vl' ? number(vision, 'embed_dim') : number(vision, 'hidden_size')
  const patch = number(vision, 'patch_size')
  if (layers === undefined || hidden === undefined || patch === undefined) return undefined
  const merge = number(vision, 'spatial_merge_size') ?? (type?.startsWith('internvl') === true ? 2 : 1)
  const edge = number(vision, 'image_size')
  const deepstack = vision?.['deepstack_visual_indexes']
  const rotary = type?.startsWith('qwen2') === true || type === 'pixtral'
  return {
    layers: layers + (number(vision, 'num_global_layers') ?? 0),
    hidden,
    mlp: number(vision, 'intermediate_size') ?? hidden * (number(vision, 'mlp_ratio') ?? 4),
    gated: type !== undefined && GATED.has(type),
    heads: number(vision, 'num_heads', 'num_attention_heads', 'attention_heads') ?? Math.max(1, Math.round(hidden / 64)),
    patch,
    temporal: number(vision, 'temporal_patch_size') ?? 1,
    positions: number(vision, 'num_position_embeddings') ?? (rotary || edge === undefined ? 0 : Math.floor(edge / patch) ** 2),
    merge,
    out: number(vision, 'out_hidden_size') ?? (type === 'qwen2_vl' ? number(vision, 'hidden_size') : out) ?? 0,
    deepstack: Array.isArray(deepstack) ? deepstack.length : 0,
    params: null,
  }
}

function fromConfig(config: Fields): ModelShape {
  const text = fieldsOf(config['text_config']) ?? fieldsOf(config['llm_config']) ?? config
  const type = typeof config['model_type'] === 'string' ? config['model_type'] : undefined
  const all = number(text, 'num_hidden_layers')
  const kinds = Array.isArray(text['layer_types']) ? text['layer_types'] : []
  const recurrent = kinds.filter((kind) => kind === 'linear_attention' || kind === 'mamba' || kind === 'recurrent').length
  const layers = all === undefined ? undefined : all - recurrent
  const heads = number(text, 'num_attention_heads')
  const hidden = number(text, 'hidden_size')
  const size = headSizes(hidden, heads, number(text, 'head_dim'))
  const window = text['use_sliding_window'] === false ? undefined : number(text, 'sliding_window')
  const named = kinds.filter((kind) => kind === 'sliding_attention').length
  // A window without a pattern holds for every layer (Mistral).
  const local = window === undefined ? undefined : named || (slidingLayers(type, layers, number(text, 'sliding_window_pattern')) ?? layers)
  const cross = text['cross_attention_layers']
  const tied = config['tie_word_embeddings'] ?? text['tie_word_embeddings']
  return defined({
    layers,
    heads,
    kvHeads: number(text, 'num_key_value_heads') ?? heads,
    keyDim: size,
    valueDim: number(text, 'v_head_dim') ?? size,
    hidden,
    ffn: number(text, 'intermediate_size'),
    vocab: number(text, 'vocab_size') ?? number(config, 'vocab_size'),
    tied: typeof tied === 'boolean' ? tied : undefined,
    slidingWindow: local === undefined ? undefined : window,
    slidingLayers: local,
    crossLayers: Array.isArray(cross) && cross.length > 0 ? cross.length : undefined,
    trainedTokens: number(text, 'max_position_embeddings'),
    vision: visionOf(type, fieldsOf(config['vision_config']), hidden),
    imageRule: type === undefined ? undefined : RULES[type],
  })
}

function fromGguf(gguf: Fields): ModelShape {
  const type = typeof gguf['general.architecture'] === 'string' ? gguf['general.architecture'] : undefined
  const at = (key: string) => (type === undefined ? undefined : number(gguf, `${type}.${key}`))
  const layers = at('block_count')
  const heads = at('attention.head_count')
  const hidden = at('embedding_length')
  const window = at('attention.sliding_window')
  const local = window === undefined ? undefined : slidingLayers(type, layers, at('attention.sliding_window_pattern'))
  const params = number(gguf, 'general.parameter_count')
  const size = headSizes(hidden, heads, at('attention.key_length'))
  const tower = {
    num_layers: at('vision.block_count'),
    hidden_size: at('vision.embedding_length'),
    intermediate_size: at('vision.feed_forward_length'),
    num_heads: at('vision.attention.head_count'),
    patch_size: at('vision.patch_size'),
    image_size: at('vision.image_size'),
    spatial_merge_size: at('vision.spatial_merge_size'),
  }
  return defined({
    paramsBillion: params === undefined ? undefined : params / 1e9,
    layers,
    heads,
    kvHeads: at('attention.head_count_kv') ?? heads,
    keyDim: size,
    valueDim: at('attention.value_length') ?? size,
    hidden,
    ffn: at('feed_forward_length'),
    vocab: at('vocab_size'),
    slidingWindow: local === undefined ? undefined : window,
    slidingLayers: local,
    trainedTokens: at('context_length'),
    vision: visionOf(undefined, tower, hidden),
    imageRule: type === undefined ? undefined : RULES[type],
  })
}

function fromFlat(flat: Fields, type: string | undefined): ModelShape {
  const heads = number(flat, 'num_attention_heads')
  const hidden = number(flat, 'hidden_size')
  const size = headSizes(hidden, heads, number(flat, 'head_dim'))
  return defined({
    paramsBillion: number(flat, 'params_billion'),
    layers: number(flat, 'num_layers'),
    heads,
    kvHeads: number(flat, 'num_kv_heads') ?? heads,
    keyDim: size,
    valueDim: size,
    hidden,
    ffn: number(flat, 'intermediate_size'),
    vocab: number(flat, 'vocab_size'),
    trainedTokens: number(flat, 'max_position_embeddings', 'context_length'),
    vision: visionOf(type, fieldsOf(flat['vision']), hidden),
    imageRule: type === undefined ? undefined : RULES[type],
  })
}

/** Absent fields are unknown. Where spellings disagree, `config` goes before GGUF keys before the flat form. */
export function headerShape(metadata: Fields): ModelShape {
  const config = fieldsOf(metadata['config'])
  const gguf = fieldsOf(metadata['gguf']) ?? fieldsOf(metadata['model_info'])
  const flat = fieldsOf(metadata['architecture'])
  const type = typeof metadata['model_type'] === 'string' ? metadata['model_type'] : undefined
  return { ...(flat && fromFlat(flat, type)), ...(gguf && fromGguf(gguf)), ...(config && fromConfig(config)) }
}
