/**
 * The tone of a picture as a function of its lightness. In a toned monochrome (a*, b*) depends on L* alone: sepia gets one brown for each
 * grey. The curve is what most pixels of a lightness have; what does not follow it is another colour. Pure, and independent of the order
 * of pixels: every figure comes from counts.
 */
import { hueDistance, hueOf, type LabImage } from './lab.ts'

/** Of 1 L* each: where channels clip, a tone can change by several units from one to the next. */
const BINS = 100
const BIN_WIDTH = 100 / BINS
/** Resolution of a* and b* in the counts; the median is read between the steps. */
const STEP = 0.25
const LOWEST = -128
const LEVELS = 1024
/** Share of all pixels below which a lightness tells nothing by itself. */
const POPULATED_SHARE = 0.0005
/** A bump narrower than half of this many neighbouring bins is not part of a tone. */
const NEIGHBOURS = 9
/** Bins that are further apart than this in L* do not smooth each other. */
const NEIGHBOUR_REACH = 10

interface Tone {
  a: number
  b: number
}

export interface TonePoint extends Tone {
  /** Centre of the bin. */
  l: number
  /** Of all pixels, 0 to 1. */
  share: number
}

/** Populated lightnesses in rising order; at least one for any picture. */
export type ToneCurve = readonly TonePoint[]

export const binOf = (l: number): number => Math.min(BINS - 1, Math.max(0, Math.floor(l / BIN_WIDTH)))

export function fitToneCurve({ l, a, b }: LabImage): ToneCurve {
  const counts = new Uint32Array(BINS)
  const ofA = new Uint32Array(BINS * LEVELS)
  const ofB = new Uint32Array(BINS * LEVELS)
  for (let i = 0; i < l.length; i++) {
    const bin = binOf(l[i]!)
    counts[bin]! += 1
    ofA[bin * LEVELS + levelOf(a[i]!)]! += 1
    ofB[bin * LEVELS + levelOf(b[i]!)]! += 1
  }
  const total = l.length
  const most = Math.max(...counts)
  const needed = Math.min(most, Math.max(4, total * POPULATED_SHARE))
  const points: TonePoint[] = []
  for (let bin = 0; bin < BINS; bin++) {
    if (counts[bin]! < needed) continue
    points.push({
      l: (bin + 0.5) * BIN_WIDTH,
      a: medianOf(ofA, bin, counts[bin]!),
      b: medianOf(ofB, bin, counts[bin]!),
      share: counts[bin]! / total,
    })
  }
  return points.map((point, i) => ({ ...point, ...withoutBumps(points, i) }))
}

const levelOf = (value: number): number => Math.min(LEVELS - 1, Math.max(0, Math.round((value - LOWEST) / STEP)))

/** The value with as many pixels below as above, read between the steps. */
function medianOf(histogram: Uint32Array, bin: number, count: number): number {
  const start = bin * LEVELS
  let below = 0
  for (let level = 0; level < LEVELS; level++) {
    const here = histogram[start + level]!
    if (below + here >= count / 2) {
      // All in one step is that step's own value: a flat grey stays exactly neutral.
      const inside = here === count ? 0.5 : (count / 2 - below) / here
      return LOWEST + STEP * (level - 0.5 + inside)
    }
    below += here
  }
  return 0
}

/** Running median along the lightness, narrower towards the ends, so that a slope stays what it is. */
function withoutBumps(points: readonly TonePoint[], i: number): Tone {
  const side = Math.min((NEIGHBOURS - 1) / 2, i, points.length - 1 - i)
  const near = points.slice(i - side, i + side + 1).filter((point) => Math.abs(point.l - points[i]!.l) <= NEIGHBOUR_REACH)
  if (near.length < 3 || near.length % 2 === 0) return points[i]!
  const middle = (values: number[]) => values.sort((one, other) => one - other)[(values.length - 1) / 2]!
  return { a: middle(near.map(({ a }) => a)), b: middle(near.map(({ b }) => b)) }
}

/** Below this chroma a tone is no colour. */
export const NEUTRAL_CHROMA = 2.5

/** (a*, b*) for every L*, in steps of 0.25 from 0 to 100: straight lines between the points, level beyond the ends. */
export function tableOf(curve: ToneCurve): { a: Float32Array; b: Float32Array; at(l: number): number } {
  const size = 401
  const table = { a: new Float32Array(size), b: new Float32Array(size), at: (l: number) => (l <= 0 ? 0 : l >= 100 ? size - 1 : Math.round(l * 4)) }
  for (let i = 0; i < size; i++) {
    const l = i / 4
    const above = curve.findIndex((point) => point.l >= l)
    const upper = curve[above < 0 ? curve.length - 1 : above]!
    const lower = curve[above <= 0 ? (above < 0 ? curve.length - 1 : 0) : above - 1]!
    const part = upper.l === lower.l ? 0 : (l - lower.l) / (upper.l - lower.l)
    table.a[i] = lower.a + part * (upper.a - lower.a)
    table.b[i] = lower.b + part * (upper.b - lower.b)
  }
  return table
}

export const chromaOf = ({ a, b }: Tone): number => Math.hypot(a, b)

/** Near black and white no eye tells a hue, and clipped channels turn it. */
const HUE_FROM_L = 5
const HUE_TO_L = 95
const tells = ({ l }: TonePoint) => l > HUE_FROM_L && l < HUE_TO_L

/** Hue of the mean of all tones, by pixels and strength; null for a neutral curve. */
export function mainHueOf(curve: ToneCurve): number | null {
  const told = curve.filter(tells)
  const a = told.reduce((sum, point) => sum + point.a * point.share, 0)
  const b = told.reduce((sum, point) => sum + point.b * point.share, 0)
  return told.some((point) => chromaOf(point) >= 1) ? hueOf(a, b) : null
}

/** Share of pixels whose tone has at least `minChroma` and lies `minDegrees` or more from the main hue. */
export function strayShareOf(curve: ToneCurve, { minChroma, minDegrees }: { minChroma: number; minDegrees: number }): number {
  const main = mainHueOf(curve)
  if (main === null) return 0
  return curve
    .filter((point) => tells(point) && chromaOf(point) >= minChroma && hueDistance(hueOf(point.a, point.b), main) >= minDegrees)
    .reduce((sum, { share }) => sum + share, 0)
}

/** Standard deviation in degrees of the curve's hue, weighted by pixels and chroma: sqrt(-2 ln R) of circular statistics (Mardia 1972). */
export function hueSpreadOf(curve: ToneCurve): number {
  const told = curve.filter(tells)
  const weight = told.reduce((sum, point) => sum + chromaOf(point) * point.share, 0)
  if (weight < 1e-9) return 0
  const a = told.reduce((sum, point) => sum + point.a * point.share, 0)
  const b = told.reduce((sum, point) => sum + point.b * point.share, 0)
  const resultant = Math.min(1, Math.hypot(a, b) / weight)
  return (Math.sqrt(Math.max(0, -2 * Math.log(Math.max(resultant, 1e-8)))) * 180) / Math.PI
}

/** L* between two points that still are neighbours, and from which nothing lies between them; beside black and white, which stand alone, more. */
const STEP_TO = 4
const GAP = 10
const END_GAP = 18
const BLACK_TO_L = 6
const WHITE_FROM_L = 94

/**
 * The largest leap in (a*, b*) between two neighbouring points where nothing leads from one to the other: over a gap, or in one step. Toning has no such leap; a colour of its own lightness has. One tone that grows or fades is none, however fast.
 */
export function leapOf(curve: ToneCurve): number {
  let largest = 0
  for (let i = 1; i < curve.length; i++) {
    const [lower, upper] = [curve[i - 1]!, curve[i]!]
    const gap = upper.l - lower.l
    const isGap = gap >= (lower.l <= BLACK_TO_L || upper.l >= WHITE_FROM_L ? END_GAP : GAP)
    if ((gap > STEP_TO && !isGap) || isOneTone(lower, upper) || isEndAlone(curve, i)) continue
    largest = Math.max(largest, Math.hypot(upper.a - lower.a, upper.b - lower.b))
  }
  return largest
}

/**
 * Share of the nearly neutral pixels on one side of a leap that make a picture neutral with a colour; fewer are the black or white of a
 * toned picture, which JPEG tints a little.
 */
const NEUTRAL_SIDE = 0.05
const NEARLY_NEUTRAL = 5
/** Fewer pixels on one side of a leap are specks. */
const LEAST_SIDE = 0.003

function isEndAlone(curve: ToneCurve, i: number): boolean {
  const [below, above] = [curve.slice(0, i), curve.slice(i)]
  const neutralSide = chromaOf(below.at(-1)!) < chromaOf(above[0]!) ? below : above
  const shareOf = (points: ToneCurve) => points.reduce((sum, { share }) => sum + share, 0)
  if (Math.min(shareOf(below), shareOf(above)) < LEAST_SIDE) return true
  return neutralSide.every((point) => chromaOf(point) < NEARLY_NEUTRAL) && shareOf(neutralSide) < NEUTRAL_SIDE
}

const SAME_HUE_DEGREES = 20

function isOneTone(one: Tone, other: Tone): boolean {
  if (Math.min(chromaOf(one), chromaOf(other)) < NEUTRAL_CHROMA) return false
  return hueDistance(hueOf(one.a, one.b), hueOf(other.a, other.b)) <= SAME_HUE_DEGREES
}
