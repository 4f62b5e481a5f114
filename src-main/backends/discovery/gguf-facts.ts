/** GGUF metadata (of a file, or as Ollama tells it) as the registry's facts. Pure. */
import { type Architecture, compact, type VisionTower } from './found-model.ts'
import type { GgufValue } from './gguf-header.ts'

export type GgufMetadata = ReadonlyMap<string, GgufValue>

/** By `general.file_type` (llama.cpp, `enum llama_ftype`). */
const FILE_TYPES: Readonly<Record<number, string>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  7: 'Q8_0',
  8: 'Q5_0',
  9: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K_S',
  12: 'Q3_K_M',
  13: 'Q3_K_L',
  14: 'Q4_K_S',
  15: 'Q4_K_M',
  16: 'Q5_K_S',
  17: 'Q5_K_M',
  18: 'Q6_K',
  19: 'IQ2_XXS',
  20: 'IQ2_XS',
  21: 'Q2_K_S',
  22: 'IQ3_XS',
  23: 'IQ3_XXS',
  24: 'IQ1_S',
  25: 'IQ4_NL',
  26: 'IQ3_S',
  27: 'IQ3_M',
  28: 'IQ2_S',
  29: 'IQ2_M',
  30: 'IQ4_XS',
  31: 'IQ1_M',
  32: 'BF16',
  36: 'TQ1_0',
  37: 'TQ2_0',
  38: 'MXFP4',
}

export function quantizationOf(metadata: GgufMetadata): string | null {
  const type = metadata.get('general.file_type')
  return typeof type === 'number' ? (FILE_TYPES[type] ?? null) : null
}

const textAt = (metadata: GgufMetadata, key: string): string | undefined => {
  const value = metadata.get(key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Of a list with one number a layer the largest counts: memory is set aside for it. */
function countAt(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key)
  const number = Array.isArray(value) ? Math.max(0, ...value.map(Number)) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined
}

function lengthAt(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key)
  return typeof value === 'object' && value.length > 0 ? value.length : undefined
}

export const architectureNameOf = (metadata: GgufMetadata) => textAt(metadata, 'general.architecture') ?? null

/** A file that holds only what turns pictures into tokens (`mmproj`). */
export const isProjector = (metadata: GgufMetadata) => architectureNameOf(metadata) === 'clip' || textAt(metadata, 'general.type') === 'mmproj'

/** Neither an adapter nor a projector nor an encoder without words. */
export function generatesText(metadata: GgufMetadata): boolean {
  const type = textAt(metadata, 'general.type')
  const pooling = metadata.get(`${architectureNameOf(metadata)}.pooling_type`)
  return !isProjector(metadata) && (type === undefined || type === 'model') && (pooling === undefined || pooling === 0)
}

/** The vision tower in a model's own metadata or in its projector's. */
export function visionTowerOf(metadata: GgufMetadata): VisionTower | undefined {
  const own = `${architectureNameOf(metadata)}.vision`
  const prefix = countAt(metadata, 'clip.vision.block_count') === undefined ? own : 'clip.vision'
  const at = (key: string) => countAt(metadata, `${prefix}.${key}`)
  return compact({
    image_size: at('image_size'),
    patch_size: at('patch_size'),
    merge: at('spatial_merge_size') ?? at('projector.scale_factor'),
    hidden_size: at('embedding_length'),
    num_layers: at('block_count'),
    intermediate_size: at('feed_forward_length'),
  })
}

/** Width of the tokens that a projector makes: a model takes only those of its own width. */
export const projectionWidthOf = (metadata: GgufMetadata) => countAt(metadata, 'clip.vision.projection_dim')

function slidingWindowOf(metadata: GgufMetadata, name: string): Architecture['sliding_window'] {
  const window = countAt(metadata, `${name}.attention.sliding_window`)
  if (window === undefined) return undefined
  const pattern = metadata.get(`${name}.attention.sliding_window_pattern`)
  if (Array.isArray(pattern)) return { window, global_layers: pattern.filter((local) => local === false || local === 0).length }
  if (typeof pattern === 'number' && pattern > 0) return { window, global_every: pattern }
  // Files of the Gemma 3 family name the window alone; one layer in six is global.
  return name === 'gemma3' ? { window, global_every: 6 } : { window }
}

/** @param parameters Of the file's tensors; Ollama tells them as `general.parameter_count`. */
export function architectureOf(metadata: GgufMetadata, parameters: number | null): Architecture | undefined {
  const name = architectureNameOf(metadata)
  if (name === null) return undefined
  const at = (key: string) => countAt(metadata, `${name}.${key}`)
  const hiddenSize = at('embedding_length')
  const heads = at('attention.head_count')
  const weights = parameters ?? countAt(metadata, 'general.parameter_count')
  return compact<Architecture>({
    num_layers: at('block_count'),
    num_attention_heads: heads,
    num_kv_heads: at('attention.head_count_kv') ?? heads,
    head_dim: at('attention.key_length') ?? (hiddenSize !== undefined && heads !== undefined ? Math.floor(hiddenSize / heads) : undefined),
    hidden_size: hiddenSize,
    intermediate_size: at('feed_forward_length'),
    vocab_size: at('vocab_size') ?? lengthAt(metadata, 'tokenizer.ggml.tokens'),
    context_length: at('context_length'),
    params_billion: weights ? Math.round(weights / 1e6) / 1000 : undefined,
    sliding_window: slidingWindowOf(metadata, name),
    vision: visionTowerOf(metadata),
  })
}

/** The numbers and short words of the architecture by their own keys; of a list with one number a layer the largest. */
export function headerOf(metadata: GgufMetadata, parameters: number | null): Record<string, unknown> {
  const name = architectureNameOf(metadata)
  if (name === null) return {}
  const gguf: Record<string, unknown> = {}
  for (const [key, value] of metadata) {
    if (key !== 'general.architecture' && !key.startsWith(`${name}.`)) continue
    if (Array.isArray(value)) {
      const largest = countAt(metadata, key)
      if (largest !== undefined && value.every((item) => typeof item === 'number')) gguf[key] = largest
    } else if (typeof value !== 'object') gguf[key] = value
  }
  const weights = parameters ?? countAt(metadata, 'general.parameter_count')
  return { model_type: name, gguf: weights ? { ...gguf, 'general.parameter_count': weights } : gguf }
}
