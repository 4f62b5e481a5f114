/** Size of the attention cache, layer by layer. Pure. */

export interface AttentionShape {
  /** Layers of the language model that attend to text; recurrent ones are not counted. */
  layers: number
  kvHeads: number
  /** Numbers of a key and of a value; they differ in some models. */
  keyDim: number
  valueDim: number
  /** Layers that look back only so far. */
  sliding: { layers: number; windowTokens: number } | null
  /** Layers that hold picture tokens instead of text (Llama 3.2 Vision); part of `layers`. */
  crossLayers: number
}

export interface CacheLoad {
  /** Of one request. */
  contextTokens: number
  /** Requests side by side, each with the whole context. */
  slots: number
  keyBytes: number
  valueBytes: number
  /** Tokens worked on in one go; a sliding window keeps that many more. */
  batchTokens: number
  /** Picture tokens that cross attention holds, for all slots. */
  crossTokens: number
}

/**
 * Bytes: for each layer, cells × KV heads × (key size × key bytes + value size × value bytes). A global layer has a cell for every token,
 * a sliding one min(all, window × slots + batch), a crossing one a cell for every picture token.
 */
export function kvCacheBytes(shape: AttentionShape, load: CacheLoad): number {
  const cellBytes = shape.kvHeads * (shape.keyDim * load.keyBytes + shape.valueDim * load.valueBytes)
  const textCells = load.contextTokens * load.slots
  const local = shape.sliding?.layers ?? 0
  const localCells = shape.sliding ? Math.min(textCells, shape.sliding.windowTokens * load.slots + load.batchTokens) : 0
  const globalLayers = shape.layers - local - shape.crossLayers
  return cellBytes * (globalLayers * textCells + local * localCells + shape.crossLayers * load.crossTokens)
}
