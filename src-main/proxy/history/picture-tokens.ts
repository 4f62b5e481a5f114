/**
 * Tokens of one picture by family of model, from the published preprocessing of each (patch size, tiles, fixed grids). A family that is not
 * in the table, or a picture whose size cannot be read, counts 1024. Pure.
 */
export interface Size {
  width: number
  height: number
}

const UNKNOWN = 1024

const tiles = ({ width, height }: Size, edge: number, most: number) =>
  Math.min(most, Math.max(1, Math.round(width / edge)) * Math.max(1, Math.round(height / edge)))

/** One token a square of `factor` pixels, the whole within `min` and `max` tokens. */
const grid = (factor: number, min: number, max: number) => (size: Size) =>
  Math.round(Math.min(max, Math.max(min, (size.width * size.height) / (factor * factor)))) + 2

/** First match wins. */
const TABLE: readonly [family: RegExp, tokens: (size: Size) => number][] = [
  [/qwen3(\.\d)?-?vl/, grid(32, 64, 16_384)],
  [/qwen2(\.?5)?-?vl/, grid(28, 4, 16_384)],
  [/gemma-?3/, () => 256],
  [/minicpm-?v/, (size) => 64 * (tiles(size, 448, 9) + 1)],
  [/internvl/, (size) => 256 * (tiles(size, 448, 12) + 1)],
  [/smolvlm/, (size) => 81 * (tiles(size, 384, 16) + 1)],
  [/pixtral|mistral/, ({ width, height }) => pixtral(width, height)],
  [/moondream/, () => 729],
  [/florence/, () => 577],
  [/llava/, () => 576],
  [/llama/, (size) => 1601 * tiles(size, 560, 4)],
]

function pixtral(width: number, height: number): number {
  const scale = Math.min(1, 1024 / Math.max(width, height))
  const rows = Math.ceil((height * scale) / 16)
  return Math.ceil((width * scale) / 16) * rows + rows
}

/** @param family As the registry says, in any case; null counts as unknown. */
export function pictureTokens(family: string | null, size: Size | null): number {
  const rule = TABLE.find(([pattern]) => pattern.test((family ?? '').toLowerCase()))?.[1]
  return rule && size ? rule(size) : UNKNOWN
}
