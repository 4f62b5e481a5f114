/** Tokens that a picture becomes, by model family. Pure. Rules from the families' own preprocessors. */

/** What a family does with a picture. */
export type ImageRule =
  /** Any size: edges rounded to `factor`, area kept within bounds, one token a square of factor². `extra` markers a picture. */
  | { kind: 'patches'; factor: number; minPixels: number; maxPixels: number; extra: number }
  /** One fixed size. */
  | { kind: 'fixed'; edge: number; tokens: number }
  /** Slices of about edge² in a grid that suits the shape, with one overview. */
  | { kind: 'slices'; edge: number; tokens: number; maxSlices: number }
  /** Tiles of edge² in the grid nearest to the shape, with a thumbnail when there is more than one. */
  | { kind: 'grid'; edge: number; tokens: number; maxTiles: number }
  /** The long edge is brought to `longEdge`, then cut into tiles, with one overview. */
  | { kind: 'tiles'; edge: number; tokens: number; longEdge: number }
  /** Tiles whose tokens are read by cross attention and take no room in the text's context. */
  | { kind: 'cross'; edge: number; tokens: number; maxTiles: number }
  /** The long edge is at most `maxEdge`; one token a patch and one break a row. */
  | { kind: 'rows'; patch: number; maxEdge: number }

export const IMAGE_RULES = {
  qwen2_5_vl: { kind: 'patches', factor: 28, minPixels: 3136, maxPixels: 12_845_056, extra: 2 },
  qwen3_vl: { kind: 'patches', factor: 32, minPixels: 65_536, maxPixels: 16_777_216, extra: 2 },
  gemma3: { kind: 'fixed', edge: 896, tokens: 256 },
  minicpm_v: { kind: 'slices', edge: 448, tokens: 64, maxSlices: 9 },
  internvl: { kind: 'grid', edge: 448, tokens: 256, maxTiles: 12 },
  mllama: { kind: 'cross', edge: 560, tokens: 1601, maxTiles: 4 },
  smolvlm2: { kind: 'tiles', edge: 384, tokens: 81, longEdge: 1536 },
  smolvlm2_500m: { kind: 'tiles', edge: 512, tokens: 64, longEdge: 2048 },
  moondream2: { kind: 'fixed', edge: 378, tokens: 729 },
  pixtral: { kind: 'rows', patch: 16, maxEdge: 1024 },
  florence2: { kind: 'fixed', edge: 768, tokens: 577 },
} as const satisfies Record<string, ImageRule>

export type ImageRuleName = keyof typeof IMAGE_RULES

/** llama.cpp's own cap for the Qwen family: 4096 tokens of 32² pixels. */
export const LLAMACPP_MAX_PIXELS = 4_194_304

export interface ImageSize {
  tokens: number
  /** Pixels that the encoder sees. */
  pixels: number
}

/** @param size Of the picture as it is sent. @param maxPixels A lower cap than the family's own, set on the server. */
export function imageTokens(rule: ImageRule, size: { width: number; height: number }, maxPixels = Number.POSITIVE_INFINITY): ImageSize {
  const { width, height } = size
  switch (rule.kind) {
    case 'patches':
      return patches(rule, width, height, Math.min(rule.maxPixels, maxPixels))
    case 'fixed':
      return { tokens: rule.tokens, pixels: rule.edge ** 2 }
    case 'slices': {
      const wanted = Math.min(Math.ceil((width * height) / rule.edge ** 2), rule.maxSlices)
      const slices = wanted <= 1 ? 0 : sliceCount(wanted, rule.maxSlices, width / height)
      return { tokens: rule.tokens * (slices + 1), pixels: rule.edge ** 2 * (slices + 1) }
    }
    case 'grid': {
      const tiles = nearestGrid(rule.maxTiles, width, height, rule.edge)
      const all = tiles > 1 ? tiles + 1 : 1
      return { tokens: rule.tokens * all, pixels: rule.edge ** 2 * all }
    }
    case 'tiles': {
      const scale = rule.longEdge / Math.max(width, height)
      const all = Math.ceil((width * scale) / rule.edge) * Math.ceil((height * scale) / rule.edge) + 1
      return { tokens: rule.tokens * all, pixels: rule.edge ** 2 * all }
    }
    case 'cross': {
      const tiles = Math.min(rule.maxTiles, Math.ceil(width / rule.edge) * Math.ceil(height / rule.edge))
      return { tokens: rule.tokens * tiles, pixels: rule.edge ** 2 * tiles }
    }
    case 'rows': {
      const scale = Math.min(1, rule.maxEdge / Math.max(width, height))
      const across = Math.ceil((width * scale) / rule.patch)
      const down = Math.ceil((height * scale) / rule.patch)
      return { tokens: down * (across + 1), pixels: across * down * rule.patch ** 2 }
    }
  }
}

/** The largest picture of the family: what a server sets memory aside for before it has seen one. */
export function largestImage(rule: ImageRule, maxPixels = Number.POSITIVE_INFINITY): ImageSize {
  switch (rule.kind) {
    case 'patches': {
      const cap = Math.min(rule.maxPixels, maxPixels)
      const edge = Math.floor(Math.sqrt(cap) / rule.factor) * rule.factor
      return patches(rule, edge, edge, cap)
    }
    case 'slices':
      return { tokens: rule.tokens * (rule.maxSlices + 1), pixels: rule.edge ** 2 * (rule.maxSlices + 1) }
    case 'grid':
      return { tokens: rule.tokens * (rule.maxTiles + 1), pixels: rule.edge ** 2 * (rule.maxTiles + 1) }
    default:
      return imageTokens(rule, { width: 4096, height: 4096 }, maxPixels)
  }
}

function patches(rule: { factor: number; minPixels: number; extra: number }, width: number, height: number, maxPixels: number): ImageSize {
  const { factor, minPixels, extra } = rule
  let across = Math.max(factor, Math.round(width / factor) * factor)
  let down = Math.max(factor, Math.round(height / factor) * factor)
  if (across * down > maxPixels) {
    const shrink = Math.sqrt((width * height) / maxPixels)
    across = Math.max(factor, Math.floor(width / shrink / factor) * factor)
    down = Math.max(factor, Math.floor(height / shrink / factor) * factor)
  } else if (across * down < minPixels) {
    const grow = Math.sqrt(minPixels / (width * height))
    across = Math.ceil((width * grow) / factor) * factor
    down = Math.ceil((height * grow) / factor) * factor
  }
  return { tokens: (across * down) / factor ** 2 + extra, pixels: across * down }
}

/** Slices of the grid of `wanted`, one less or one more, whose shape is nearest to the picture's. */
function sliceCount(wanted: number, most: number, aspect: number): number {
  let best = { off: Number.POSITIVE_INFINITY, count: wanted }
  for (const count of [wanted - 1, wanted, wanted + 1]) {
    if (count <= 1 || count > most) continue
    for (let across = 1; across <= count; across++) {
      if (count % across !== 0) continue
      const off = Math.abs(Math.log(aspect) - Math.log(across / (count / across)))
      if (off < best.off) best = { off, count }
    }
  }
  return best.count
}

/** Tiles of the grid nearest in shape; among equals the larger one, if the picture fills half of it. */
function nearestGrid(most: number, width: number, height: number, edge: number): number {
  const grids = Array.from({ length: most }, (_, i) => i + 1)
    .flatMap((across) => Array.from({ length: Math.floor(most / across) }, (_, i) => ({ across, down: i + 1, tiles: across * (i + 1) })))
    .sort((a, b) => a.tiles - b.tiles)
  let best = { off: Number.POSITIVE_INFINITY, tiles: 1 }
  for (const { across, down, tiles } of grids) {
    const off = Math.abs(width / height - across / down)
    if (off < best.off || (off === best.off && width * height > 0.5 * edge ** 2 * tiles)) best = { off, tiles }
  }
  return best.tiles
}
