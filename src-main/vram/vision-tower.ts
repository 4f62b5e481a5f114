/** Size of a vision tower from its shape. Pure. */

export interface VisionTower {
  layers: number
  /** Width D. */
  hidden: number
  /** Inner width F of a layer's MLP. */
  mlp: number
  /** The MLP has a gate: three matrices instead of two. */
  gated: boolean
  heads: number
  /** Edge of a patch in pixels. */
  patch: number
  /** Frames that a patch spans: 2 in the Qwen family. */
  temporal: number
  /** Learned positions; 0 for rotary ones. */
  positions: number
  /** Patches that are merged to one token, per edge. 1: none. */
  merge: number
  /** Width of the language model; 0 when there is no merger to count. */
  out: number
  /** Further mergers that feed deeper layers (Qwen3-VL). */
  deepstack: number
  /** Parameters of towers that are no plain transformer, instead of the formula. */
  params: number | null
}

/**
 * Parameters: layers × (4·D² + n·D·F) + patch embedding + positions + mergers, n = 2 matrices, 3 when gated. A merger takes m² patches of
 * width D through (m²·D)² and (m²·D)·out; a tower without merging has one projection D·out. Norms and biases (under 0.5 %) are left out.
 */
export function visionTowerParams(tower: VisionTower): number {
  if (tower.params !== null) return tower.params
  const { layers, hidden, mlp, gated, patch, temporal, positions, merge, out, deepstack } = tower
  const blocks = layers * (4 * hidden ** 2 + (gated ? 3 : 2) * hidden * mlp)
  const embedding = patch ** 2 * 3 * temporal * hidden + positions * hidden
  const merged = merge ** 2 * hidden
  const merger = out === 0 ? 0 : merge === 1 ? hidden * out : merged ** 2 + merged * out
  return blocks + embedding + merger * (1 + deepstack)
}

/** Patches that a picture of this many pixels is cut into. */
export function patchCount(tower: VisionTower, pixels: number): number {
  return Math.ceil(pixels / tower.patch ** 2)
}

/**
 * Working memory of the encoder in bytes for a picture of `patches`: F + 2.75·D numbers of 32 bit for each patch (fitted to one logged
 * figure: 223.3 MiB for 24 × 1024 at 1472²). Without flash attention each head also keeps its whole table of scores, patches².
 */
export function encoderBytes(tower: VisionTower, patches: number, options: { flashAttention: boolean; bytesPerNumber: number }): number {
  const activations = patches * (tower.mlp + 2.75 * tower.hidden) * options.bytesPerNumber
  return activations + (options.flashAttention ? 0 : tower.heads * patches ** 2 * options.bytesPerNumber)
}
