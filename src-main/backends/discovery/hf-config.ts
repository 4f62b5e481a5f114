/** A Hugging Face `config.json` as the registry's facts. Pure. */
import { findJsonFault } from '../../registry/strict-json.ts'
import { type Architecture, compact, type VisionTower } from './found-model.ts'

type Values = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)

function countAt(values: Values | undefined, ...keys: string[]): number | undefined {
  for (const key of keys) {
    const value = values?.[key]
    const number = Array.isArray(value) ? Number(value[0]) : value
    if (typeof number === 'number' && Number.isFinite(number) && number > 0) return number
  }
  return undefined
}

const recordAt = (values: Values, ...keys: string[]): Values | undefined => keys.map((key) => values[key]).find(isRecord)

/** The language model's part; in older families it is the file itself. */
const textPart = (config: Values): Values => recordAt(config, 'text_config', 'llm_config', 'language_config', 'language_model_config') ?? config

const visionPart = (config: Values): Values | undefined => recordAt(config, 'vision_config', 'vision_encoder_config', 'img_processor')

function slidingWindowOf(text: Values): Architecture['sliding_window'] {
  const window = countAt(text, 'sliding_window')
  if (window === undefined || text['use_sliding_window'] === false) return undefined
  const types = text['layer_types']
  if (Array.isArray(types)) {
    const globalLayers = types.filter((type) => type === 'full_attention').length
    return globalLayers === types.length ? undefined : { window, global_layers: globalLayers }
  }
  const every = countAt(text, 'sliding_window_pattern')
  if (every !== undefined) return { window, global_every: every }
  // Files of the Gemma 3 family name the window alone; one layer in six is global.
  return String(text['model_type']).startsWith('gemma3') ? { window, global_every: 6 } : { window }
}

function visionTowerOf(config: Values): VisionTower | undefined {
  const vision = visionPart(config)
  if (!vision) return undefined
  const shuffle = countAt(config, 'downsample_ratio')
  return compact({
    image_size: countAt(vision, 'image_size'),
    patch_size: countAt(vision, 'patch_size'),
    merge: countAt(vision, 'spatial_merge_size') ?? countAt(config, 'scale_factor') ?? (shuffle === undefined ? undefined : Math.round(1 / shuffle)),
    // Qwen2-VL calls the tower's own width `embed_dim` and its output `hidden_size`.
    hidden_size: countAt(vision, 'embed_dim', 'hidden_size'),
    num_layers: countAt(vision, 'depth', 'num_hidden_layers'),
    intermediate_size: countAt(vision, 'intermediate_size'),
  })
}

/** @param parameters In all tensors, when they were counted. */
export function architectureOf(config: Values, parameters: number | null): Architecture | undefined {
  const text = textPart(config)
  const heads = countAt(text, 'num_attention_heads', 'n_head', 'decoder_attention_heads')
  const hiddenSize = countAt(text, 'hidden_size', 'n_embd', 'd_model')
  return compact<Architecture>({
    num_layers: countAt(text, 'num_hidden_layers', 'n_layer', 'decoder_layers'),
    num_attention_heads: heads,
    num_kv_heads: countAt(text, 'num_key_value_heads') ?? heads,
    head_dim: countAt(text, 'head_dim') ?? (hiddenSize !== undefined && heads !== undefined ? Math.floor(hiddenSize / heads) : undefined),
    hidden_size: hiddenSize,
    intermediate_size: countAt(text, 'intermediate_size', 'decoder_ffn_dim'),
    vocab_size: countAt(text, 'vocab_size') ?? countAt(config, 'vocab_size'),
    context_length: countAt(text, 'max_position_embeddings', 'n_positions'),
    params_billion: parameters ? Math.round(parameters / 1e6) / 1000 : undefined,
    sliding_window: slidingWindowOf(text),
    vision: visionTowerOf(config),
  })
}

const FLOAT_NAMES: Readonly<Record<string, string>> = { bfloat16: 'bf16', float16: 'fp16', float32: 'fp32' }

/** `fp8`, `awq`, `gptq`, `int4` …, or the type of the tensors; null when the file does not tell. */
export function quantizationOf(config: Values): string | null {
  const given = recordAt(config, 'quantization_config') ?? recordAt(textPart(config), 'quantization_config')
  const method = given?.['quant_method']
  if (given && typeof method === 'string') {
    if (method === 'bitsandbytes') return given['load_in_4bit'] === true ? String(given['bnb_4bit_quant_type'] ?? 'int4') : 'int8'
    if (method !== 'compressed-tensors')
      return method
        .toLowerCase()
        .replace(/[^a-z0-9_]+/g, '_')
        .slice(0, 20)
    const format = given['format']
    if (typeof format === 'string' && format.startsWith('float')) return 'fp8'
    if (typeof format === 'string' && format.startsWith('nvfp4')) return 'nvfp4'
    return format === 'pack-quantized' ? 'w4a16' : 'int8'
  }
  const type = config['dtype'] ?? config['torch_dtype'] ?? textPart(config)['dtype'] ?? textPart(config)['torch_dtype']
  return typeof type === 'string' ? (FLOAT_NAMES[type.replace(/^torch\./, '')] ?? null) : null
}

export const seesPictures = (config: Values): boolean => visionPart(config) !== undefined && generatesText(config)

/** Answers in words: not an encoder, not a model of sound or of pictures alone. */
export function generatesText(config: Values): boolean {
  const names = Array.isArray(config['architectures']) ? config['architectures'].map(String) : []
  return names.some(
    (name) => /(ForCausalLM|ForConditionalGeneration|ChatModel|VLChat|LMHeadModel|Chat)$/.test(name) || /^(InternVL|MiniCPMV)/.test(name),
  )
}

export const familyOf = (config: Values): string | null => (typeof config['model_type'] === 'string' ? config['model_type'] : null)

const HEADER_CAP_CHARACTERS = 12_288
const HEADER_CAP_LEVELS = 16

/** The file itself, unless it is larger than a description of a model needs to be. */
export function headerOf(config: Values): Record<string, unknown> {
  const text = JSON.stringify(config)
  const small = text.length <= HEADER_CAP_CHARACTERS && findJsonFault(text, HEADER_CAP_LEVELS) === undefined
  return { ...(familyOf(config) === null ? {} : { model_type: familyOf(config) }), ...(small ? { config } : {}) }
}
