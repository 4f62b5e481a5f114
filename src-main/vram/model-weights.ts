/** Bytes of a model's weights: of the real files where they are known, else from parameters and quantization. Pure. */
import type { ModelShape } from './known-models.ts'
import type { Figure } from './serving-figures.ts'
import { type WeightScheme, weightScheme } from './precision.ts'
import { visionTowerParams } from './vision-tower.ts'

export interface WeightQuestion {
  /** Of all files that are loaded, projector included; null when unknown. */
  fileBytes: number | null
  quantization: string | null
  shape: ModelShape
}

export interface Weights {
  /** Vision tower included. */
  bytes: Figure
  /** Bytes for a number of the vision tower. */
  towerBytesPerParam: number
}

/** What is missing when undefined: the files' size, or parameters and a known quantization. */
export function modelWeights({ fileBytes, quantization, shape }: WeightQuestion): Weights | undefined {
  const scheme = quantization === null ? undefined : weightScheme(quantization)
  const towerBytesPerParam = scheme?.kind === 'whole' ? Math.max(2, scheme.bytes) : 2
  if (fileBytes !== null && fileBytes > 0) return { bytes: { value: fileBytes, source: 'file' }, towerBytesPerParam }
  const bytes = scheme && weightBytes(scheme, shape)
  return bytes === undefined ? undefined : { bytes: { value: bytes, source: 'table' }, towerBytesPerParam }
}

/**
 * A GGUF model keeps its tower apart in 16 bits. Quantizations of the linear layers leave tower, embeddings and output head in 16 bits,
 * which for an 8 B model in fp8 is more than a tenth of everything.
 */
export function weightBytes(scheme: WeightScheme, shape: ModelShape): number | undefined {
  if (shape.paramsBillion === undefined) return undefined
  const params = shape.paramsBillion * 1e9
  const tower = shape.vision ? visionTowerParams(shape.vision) : 0
  if (scheme.kind === 'whole') return params * scheme.bytes
  if (scheme.kind === 'gguf') return (params - tower) * scheme.bytes + tower * 2
  const { vocab, hidden, tied } = shape
  if (vocab === undefined || hidden === undefined) return undefined
  const full = tower + vocab * hidden * (tied === true ? 1 : 2)
  return Math.max(0, params - full) * scheme.bytes + full * 2
}
