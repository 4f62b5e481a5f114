/** Connected places that do not follow the tone of the picture. Pure. */
import type { MonoRegion } from '../contract/mono.ts'
import { colourName, gridWord, strengthWord } from './colour-names.ts'
import { meanColour } from './measures.ts'
import type { Judgement } from './verdict.ts'
import type { Residual } from './residual.ts'

/** Distance from the tone at which a pixel belongs to a region; and chroma, where the whole curve is to blame. */
const STRAY_DISTANCE = 4
const COLOURED_CHROMA = 5
/** Smaller ones are noise: of all pixels, and in pixels. */
const LEAST_SHARE = 0.0003
const LEAST_PIXELS = 12
const MOST = 12
/** Regions are listed until they hold this much of the stray pixels. */
const ENOUGH = 0.9

/** Which pixels are to be shown for a verdict; none for a pass. */
function maskOf(residual: Residual, { verdict, fired }: Judgement): Uint8Array {
  const mask = new Uint8Array(residual.distance.length)
  if (verdict === 'pass') return mask
  const strays = fired.some(({ rule }) => ['colour-everywhere', 'colour-strong', 'colour-spot', 'small-colour', 'uneven-tone'].includes(rule))
  const [values, limit] = strays ? [residual.distance, STRAY_DISTANCE] : [residual.chroma, COLOURED_CHROMA]
  for (let i = 0; i < mask.length; i++) if (values[i]! > limit) mask[i] = 1
  return mask
}

/** Largest first. `original`: size of the upright photo that `residual` was reduced from. */
export function findRegions(residual: Residual, judgement: Judgement, original: { width: number; height: number }): MonoRegion[] {
  const mask = maskOf(residual, judgement)
  const total = mask.length
  const least = Math.max(LEAST_PIXELS, total * LEAST_SHARE)
  const found = components(mask, residual.width, residual.height).filter((pixels) => pixels.length >= least)
  const all = found.reduce((sum, { length }) => sum + length, 0)
  const listed: MonoRegion[] = []
  let shown = 0
  for (const pixels of found.sort((one, other) => other.length - one.length || one[0]! - other[0]!)) {
    if (listed.length === MOST || (listed.length > 0 && shown >= all * ENOUGH)) break
    listed.push(describe(pixels, residual, original))
    shown += pixels.length
  }
  return listed
}

/** Pixels of each 8-connected component of the mask, in an order that depends on the mask alone. The mask is used up. */
function components(mask: Uint8Array, width: number, height: number): Int32Array[] {
  const found: Int32Array[] = []
  const stack = new Int32Array(mask.length)
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] === 0) continue
    mask[start] = 0
    stack[0] = start
    // What was taken from the stack stays in it: in the end it holds the component.
    let [taken, size] = [0, 1]
    while (taken < size) {
      const at = stack[taken]!
      taken += 1
      const x = at % width
      const y = (at - x) / width
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const near = ny * width + nx
          if (mask[near] === 0) continue
          mask[near] = 0
          stack[size] = near
          size += 1
        }
      }
    }
    found.push(stack.slice(0, size))
  }
  return found
}

function describe(pixels: Int32Array, residual: Residual, original: { width: number; height: number }): MonoRegion {
  const { width, height } = residual
  let [left, top, right, bottom] = [width, height, 0, 0]
  let [sumX, sumY] = [0, 0]
  for (const at of pixels) {
    const x = at % width
    const y = (at - x) / width
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
    sumX += x + 0.5
    sumY += y + 0.5
  }
  const [scaleX, scaleY] = [original.width / width, original.height / height]
  const boxLeft = Math.floor(left * scaleX)
  const boxTop = Math.floor(top * scaleY)
  const centroid = { x: sumX / pixels.length / width, y: sumY / pixels.length / height }
  const { hue, chroma } = meanColour(residual, pixels)
  return {
    share: pixels.length / (width * height),
    box: [
      boxLeft,
      boxTop,
      Math.min(original.width, Math.ceil((right + 1) * scaleX)) - boxLeft,
      Math.min(original.height, Math.ceil((bottom + 1) * scaleY)) - boxTop,
    ],
    centroid,
    place: gridWord(centroid.x, centroid.y),
    hue,
    chroma,
    colour: colourName(hue, chroma),
    strength: strengthWord(chroma),
  }
}
