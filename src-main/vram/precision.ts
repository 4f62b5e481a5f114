/** How much room one number takes, by the names that quantizations and KV caches go by. Pure. An unknown name is refused, never guessed. */
import { StudioError } from '../lib/studio-error.ts'

/** Bytes for a parameter when the whole model has this precision. */
const WHOLE_MODEL_BYTES: Readonly<Record<string, number>> = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  fp8: 1,
  mxfp8: 1,
  int8: 1,
  int4: 0.55,
  mxfp4: 0.5,
  fp4: 0.5,
}

/** Mean bits for a weight over all tensors of a GGUF file, as llama.cpp's own mixtures come out. */
const GGUF_BITS: Readonly<Record<string, number>> = {
  q2_k: 3.2,
  q3_k_s: 3.6,
  q3_k_m: 4,
  q3_k_l: 4.3,
  iq4_xs: 4.4,
  iq4_nl: 4.6,
  q4_0: 4.6,
  q4_k_s: 4.7,
  q4_k_m: 4.9,
  q5_0: 5.6,
  q5_k_s: 5.6,
  q5_k_m: 5.7,
  q6_k: 6.6,
  q8_0: 8.5,
}

/** Bits for a weight of the linear layers alone; embeddings, output head and vision tower stay in 16 bits. */
const LINEAR_LAYER_BITS: Readonly<Record<string, number>> = {
  awq: 4.3,
  gptq: 4.3,
  w4a16: 4.3,
  int4: 4.3,
  nf4: 4.5,
  fp8: 8,
  int8: 8,
  w8a8: 8,
  w8a16: 8,
}

/** q8_0 holds 32 values in 34 bytes, q4_0 in 18. */
const KV_BYTES: Readonly<Record<string, number>> = {
  fp32: 4,
  fp16: 2,
  bf16: 2,
  fp8: 1,
  fp8_e4m3: 1,
  fp8_e5m2: 1,
  int8: 1,
  q8_0: 34 / 32,
  q5_1: 24 / 32,
  q5_0: 22 / 32,
  q4_1: 20 / 32,
  q4_0: 18 / 32,
  iq4_nl: 18 / 32,
}

const SPELLINGS: Readonly<Record<string, string>> = { f32: 'fp32', f16: 'fp16', float16: 'fp16', half: 'fp16', bfloat16: 'bf16', float32: 'fp32' }

function canonical(name: string): string {
  const plain = name.trim().toLowerCase().replaceAll('-', '_').replaceAll(' ', '_')
  return SPELLINGS[plain] ?? plain
}

function refuse(what: string, name: string, known: readonly string[]): never {
  throw new StudioError('invalid-request', `${what} "${name}" is not known; known are ${known.join(', ')}`, { data: { name, known } })
}

const KNOWN_QUANTS: readonly string[] = [...Object.keys(WHOLE_MODEL_BYTES), ...Object.keys(GGUF_BITS)]
const KNOWN_KV_DTYPES: readonly string[] = Object.keys(KV_BYTES)

/** @throws StudioError `invalid-request` that names the known ones. */
export function bytesPerParam(quant: string): number {
  const name = canonical(quant)
  const bits = GGUF_BITS[name]
  return WHOLE_MODEL_BYTES[name] ?? (bits === undefined ? refuse('quantization', quant, KNOWN_QUANTS) : bits / 8)
}

/** @throws StudioError `invalid-request` that names the known ones. */
export function kvBytesPerElement(dtype: string): number {
  return KV_BYTES[canonical(dtype)] ?? refuse('KV type', dtype, KNOWN_KV_DTYPES)
}

export type WeightScheme = { kind: 'whole'; bytes: number } | { kind: 'gguf'; bytes: number } | { kind: 'linear'; bytes: number }

/** How a registry's quantization spreads over a model's tensors; undefined when the name is not known. */
export function weightScheme(quantization: string): WeightScheme | undefined {
  const name = canonical(quantization)
  const gguf = GGUF_BITS[name]
  if (gguf !== undefined) return { kind: 'gguf', bytes: gguf / 8 }
  const linear = LINEAR_LAYER_BITS[name]
  if (linear !== undefined) return { kind: 'linear', bytes: linear / 8 }
  const whole = WHOLE_MODEL_BYTES[name]
  return whole === undefined ? undefined : { kind: 'whole', bytes: whole }
}

export function isKvDtype(dtype: string): boolean {
  return KV_BYTES[canonical(dtype)] !== undefined
}
