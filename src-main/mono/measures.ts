/** The figures on which a verdict rests. Pure. */
import { hueOf, type LabImage } from './lab.ts'
import type { Residual } from './residual.ts'
import { chromaOf, hueSpreadOf, leapOf, mainHueOf, NEUTRAL_CHROMA, type ToneCurve } from './tone-curve.ts'

/** Shares are of all pixels, 0 to 1; chroma and distances in CIELAB units; hues in degrees. */
export interface Measures {
  /** Percentiles of chroma. */
  chromaMedian: number
  chromaP95: number
  chromaP99: number
  chromaMax: number
  /** Hue of the main tone; null when neutral. */
  hue: number | null
  /** Chroma of the main tone: mean over the curve by pixels. */
  toneChroma: number
  hueSpread: number
  /** Root mean square, and 95th percentile, of the distance from the tone curve. */
  residualRms: number
  residualP95: number
  /** Share of pixels further than this from the tone of their lightness. */
  strays: { over2: number; over4: number; over6: number; over12: number }
  /** Pixels of middle lightness (20 to 90) without colour, and pixels with chroma of 10 and more. */
  neutralMiddle: number
  coloured: number
  /** See `leapOf`. */
  leap: number
}

const CHROMA_STEP = 0.05
const CHROMA_LEVELS = 4096
const COLOURED_CHROMA = 10

/** Share-wise percentiles from counts, read between the steps. */
function percentilesOf(values: Float32Array, wanted: readonly number[]): number[] {
  const counts = new Uint32Array(CHROMA_LEVELS)
  for (const value of values) counts[Math.min(CHROMA_LEVELS - 1, (value / CHROMA_STEP) | 0)]! += 1
  return wanted.map((share) => {
    const target = share * values.length
    let below = 0
    for (let level = 0; level < CHROMA_LEVELS; level++) {
      const here = counts[level]!
      if (here > 0 && below + here >= target) return (level + Math.min(1, (target - below) / here)) * CHROMA_STEP
      below += here
    }
    return CHROMA_LEVELS * CHROMA_STEP
  })
}

export function measure(image: LabImage, curve: ToneCurve, residual: Residual): Measures {
  const { distance, chroma } = residual
  const total = distance.length
  let squares = 0
  let [over2, over4, over6, over12, neutralMiddle, coloured] = [0, 0, 0, 0, 0, 0]
  let chromaMax = 0
  for (let i = 0; i < total; i++) {
    const far = distance[i]!
    squares += far * far
    if (far > 2) {
      over2 += 1
      if (far > 4) {
        over4 += 1
        if (far > 6) over6 += 1
        if (far > 12) over12 += 1
      }
    }
    const strength = chroma[i]!
    if (strength > chromaMax) chromaMax = strength
    if (strength >= COLOURED_CHROMA) coloured += 1
    else if (strength <= NEUTRAL_CHROMA && image.l[i]! >= 20 && image.l[i]! <= 90) neutralMiddle += 1
  }
  const [chromaMedian, chromaP95, chromaP99] = percentilesOf(chroma, [0.5, 0.95, 0.99]) as [number, number, number]
  const [residualP95] = percentilesOf(distance, [0.95]) as [number]
  return {
    chromaMedian,
    chromaP95,
    chromaP99,
    chromaMax,
    hue: mainHueOf(curve),
    toneChroma: curve.reduce((sum, point) => sum + chromaOf(point) * point.share, 0),
    hueSpread: hueSpreadOf(curve),
    residualRms: Math.sqrt(squares / total),
    residualP95,
    strays: { over2: over2 / total, over4: over4 / total, over6: over6 / total, over12: over12 / total },
    neutralMiddle: neutralMiddle / total,
    coloured: coloured / total,
    leap: leapOf(curve),
  }
}

/** Hue and chroma of the mean colour of chosen pixels. */
export function meanColour(residual: Residual, pixels: Iterable<number>): { hue: number; chroma: number } {
  let [a, b, count] = [0, 0, 0]
  for (const i of pixels) {
    a += residual.a[i]!
    b += residual.b[i]!
    count += 1
  }
  return count === 0 ? { hue: 0, chroma: 0 } : { hue: hueOf(a, b), chroma: Math.hypot(a, b) / count }
}
