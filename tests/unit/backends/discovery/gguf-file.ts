/** Writes small GGUF files for tests: a head as llama.cpp writes it, and as many bytes of data as asked for. */
import { writeFileSync } from 'node:fs'

type Value = string | number | boolean | string[] | boolean[] | { u32s: number[] } | { raw: Buffer }

const u32 = (value: number) => {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
export const u64 = (value: number | bigint) => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(BigInt(value))
  return buffer
}
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)])

function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([u32(8), text(value)])
  if (typeof value === 'number') return Buffer.concat([u32(4), u32(value)])
  if (typeof value === 'boolean') return Buffer.concat([u32(7), Buffer.from([Number(value)])])
  if (Array.isArray(value)) {
    const isText = value.every((item) => typeof item === 'string')
    const items = value.map((item) => (isText ? text(item as string) : Buffer.from([Number(item)])))
    return Buffer.concat([u32(9), u32(isText ? 8 : 7), u64(value.length), ...items])
  }
  if ('raw' in value) return value.raw
  return Buffer.concat([u32(9), u32(4), u64(value.u32s.length), ...value.u32s.map(u32)])
}

export interface GgufContent {
  metadata: Record<string, Value>
  tensors?: Record<string, number[]>
  dataBytes?: number
  /** Claimed in place of the true numbers. */
  pairs?: number | bigint
  tensorCount?: number | bigint
}

export function ggufBytes({ metadata, tensors = {}, dataBytes = 64, pairs, tensorCount }: GgufContent): Buffer {
  const pairsNow = Object.entries(metadata)
  const tensorsNow = Object.entries(tensors)
  return Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensorCount ?? tensorsNow.length),
    u64(pairs ?? pairsNow.length),
    ...pairsNow.map(([key, value]) => Buffer.concat([text(key), encode(value)])),
    ...tensorsNow.map(([name, sides]) => Buffer.concat([text(name), u32(sides.length), ...sides.map(u64), u32(0), u64(0)])),
    Buffer.alloc(dataBytes),
  ])
}

export const writeGguf = (file: string, content: GgufContent) => writeFileSync(file, ggufBytes(content))

export const languageModel = (more: Record<string, Value> = {}): GgufContent => ({
  metadata: {
    'general.architecture': 'qwen3vl',
    'general.type': 'model',
    'general.file_type': 15,
    'qwen3vl.block_count': 36,
    'qwen3vl.context_length': 262_144,
    'qwen3vl.embedding_length': 2560,
    'qwen3vl.feed_forward_length': 9728,
    'qwen3vl.attention.head_count': 32,
    'qwen3vl.attention.head_count_kv': 8,
    'qwen3vl.attention.key_length': 128,
    'tokenizer.ggml.tokens': ['a', 'b', 'c'],
    'tokenizer.chat_template': 'x'.repeat(5000),
    ...more,
  },
  tensors: { 'token_embd.weight': [2560, 1000], 'blk.0.attn_q.weight': [2560, 4096] },
  dataBytes: 1000,
})

export const projector = (widthOut: number): GgufContent => ({
  metadata: {
    'general.architecture': 'clip',
    'general.type': 'mmproj',
    'clip.has_vision_encoder': true,
    'clip.vision.block_count': 24,
    'clip.vision.embedding_length': 1024,
    'clip.vision.feed_forward_length': 4096,
    'clip.vision.image_size': 768,
    'clip.vision.patch_size': 16,
    'clip.vision.spatial_merge_size': 2,
    'clip.vision.projection_dim': widthOut,
  },
  tensors: { 'v.patch_embd.weight': [1000, 1000] },
  dataBytes: 500,
})
