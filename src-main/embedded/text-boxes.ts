/** From the probability map of the text detector to boxes around lines (differentiable binarisation, as in PaddleOCR). Pure. */

/** A box that may lie askew: centre, direction of the line in radians, length along it and height across it, in pixels of the map. */
export interface TextBox {
  x: number
  y: number
  angle: number
  width: number
  height: number
  /** Mean probability inside the found region, 0..1. */
  score: number
}

const PIXEL_THRESHOLD = 0.3
const BOX_THRESHOLD = 0.6
/** The map marks the core of a line; the line itself is larger by area × ratio ÷ perimeter on every side. */
const UNCLIP_RATIO = 1.6
const SMALLEST_SIDE_PX = 3

/** @returns Boxes in reading order, at most `limit` of them, the surest kept. */
export function findTextBoxes(map: Float32Array, width: number, height: number, limit = 40): TextBox[] {
  const boxes: TextBox[] = []
  const seen = new Uint8Array(width * height)
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] || map[start]! < PIXEL_THRESHOLD) continue
    const region = floodFill(map, seen, width, height, start)
    const box = fitBox(region.xs, region.ys)
    if (!box || Math.min(box.width, box.height) < SMALLEST_SIDE_PX || region.meanScore < BOX_THRESHOLD) continue
    const grow = (box.width * box.height * UNCLIP_RATIO) / (2 * (box.width + box.height))
    boxes.push({ ...box, width: box.width + 2 * grow, height: box.height + 2 * grow, score: region.meanScore })
  }
  const surest = boxes.toSorted((a, b) => b.score - a.score).slice(0, limit)
  return surest.sort((a, b) => (Math.abs(a.y - b.y) < Math.min(a.height, b.height) / 2 ? a.x - b.x : a.y - b.y))
}

function floodFill(map: Float32Array, seen: Uint8Array, width: number, height: number, start: number) {
  const xs: number[] = []
  const ys: number[] = []
  let sum = 0
  const stack = [start]
  seen[start] = 1
  while (stack.length > 0) {
    const at = stack.pop()!
    const x = at % width
    const y = (at - x) / width
    xs.push(x)
    ys.push(y)
    sum += map[at]!
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const nx = x + dx
        const ny = y + dy
        if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue
        const next = ny * width + nx
        if (seen[next] || map[next]! < PIXEL_THRESHOLD) continue
        seen[next] = 1
        stack.push(next)
      }
    }
  }
  return { xs, ys, meanScore: sum / xs.length }
}

/** Box along the principal axis of the points. Text lines are long, so the axis is the direction of reading; a nearly square blob is taken upright. */
function fitBox(xs: readonly number[], ys: readonly number[]): Omit<TextBox, 'score'> | null {
  const count = xs.length
  if (count < 8) return null
  const meanX = xs.reduce((sum, x) => sum + x, 0) / count
  const meanY = ys.reduce((sum, y) => sum + y, 0) / count
  let xx = 0
  let yy = 0
  let xy = 0
  for (let i = 0; i < count; i++) {
    const dx = xs[i]! - meanX
    const dy = ys[i]! - meanY
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  const elongation = Math.hypot(xx - yy, 2 * xy) / (xx + yy)
  let angle = elongation < 0.45 ? 0 : 0.5 * Math.atan2(2 * xy, xx - yy)
  // Within a few degrees the axis wobbles with the shapes of the letters; upright sampling is sharper.
  const quarter = Math.PI / 2
  const upright = Math.round(angle / quarter) * quarter
  if (Math.abs(angle - upright) < 0.04) angle = upright
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  let minU = Infinity
  let maxU = -Infinity
  let minV = Infinity
  let maxV = -Infinity
  for (let i = 0; i < count; i++) {
    const u = xs[i]! * cos + ys[i]! * sin
    const v = ys[i]! * cos - xs[i]! * sin
    minU = Math.min(minU, u)
    maxU = Math.max(maxU, u)
    minV = Math.min(minV, v)
    maxV = Math.max(maxV, v)
  }
  const u = (minU + maxU + 1) / 2
  const v = (minV + maxV + 1) / 2
  return { x: u * cos - v * sin, y: u * sin + v * cos, angle, width: maxU - minU + 1, height: maxV - minV + 1 }
}

/**
 * Cuts a box out of RGB pixels, levelled, `height` pixels high, bilinear. Channels come blue first, scaled to -1..1, plane by plane:
 * what the reader was trained on.
 */
export function samplePatch(
  pixels: Uint8Array,
  size: { width: number; height: number },
  box: TextBox,
  height: number,
  maxWidth: number,
): { data: Float32Array; width: number } {
  const width = Math.max(16, Math.min(maxWidth, Math.round((height * box.width) / box.height)))
  const data = new Float32Array(3 * width * height)
  const cos = Math.cos(box.angle)
  const sin = Math.sin(box.angle)
  for (let row = 0; row < height; row++) {
    const v = ((row + 0.5) / height - 0.5) * box.height
    for (let column = 0; column < width; column++) {
      const u = ((column + 0.5) / width - 0.5) * box.width
      const x = Math.min(size.width - 1.001, Math.max(0, box.x + u * cos - v * sin - 0.5))
      const y = Math.min(size.height - 1.001, Math.max(0, box.y + u * sin + v * cos - 0.5))
      const left = Math.floor(x)
      const top = Math.floor(y)
      const fx = x - left
      const fy = y - top
      const base = 3 * (top * size.width + left)
      const below = base + 3 * size.width
      for (let channel = 0; channel < 3; channel++) {
        const upper = pixels[base + channel]! * (1 - fx) + pixels[base + 3 + channel]! * fx
        const lower = pixels[below + channel]! * (1 - fx) + pixels[below + 3 + channel]! * fx
        data[(2 - channel) * width * height + row * width + column] = (upper * (1 - fy) + lower * fy) / 127.5 - 1
      }
    }
  }
  return { data, width }
}
