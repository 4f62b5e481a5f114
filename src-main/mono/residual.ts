/** What of a picture does not follow its tone curve. Pure. */
import type { LabImage } from './lab.ts'
import { tableOf, type ToneCurve } from './tone-curve.ts'

/** Per pixel, as the picture. */
export interface Residual {
  width: number
  height: number
  /** Distance in (a*, b*) from the tone of its lightness, noise smoothed away; more or less of the same tone counts less. */
  distance: Float32Array
  /** Chroma of the pixel, with the same smoothing. */
  chroma: Float32Array
  /** The smoothed colour itself. */
  a: Float32Array
  b: Float32Array
}

/**
 * Pixels on each side that are averaged. The residual is smoothed and not the picture: in a clean monochrome it is zero everywhere, so
 * edges between light and dark add nothing, while noise, which points everywhere, cancels out.
 */
const RADIUS = 2

export function residualOf(image: LabImage, curve: ToneCurve): Residual {
  const { width, height, l } = image
  const table = tableOf(curve)
  const size = width * height
  const a = new Float32Array(size)
  const b = new Float32Array(size)
  const tone = new Uint16Array(size)
  for (let i = 0; i < size; i++) {
    const at = table.at(l[i]!)
    tone[i] = at
    a[i] = image.a[i]! - table.a[at]!
    b[i] = image.b[i]! - table.b[at]!
  }
  const spare = new Float32Array(size)
  smooth(a, spare, width, height)
  smooth(b, spare, width, height)
  const distance = spare
  const chroma = new Float32Array(size)
  const along = directionsOf(table)
  for (let i = 0; i < size; i++) {
    const at = tone[i]!
    const inTone = (a[i]! * along.a[at]! + b[i]! * along.b[at]!) * along.excess[at]!
    distance[i] = Math.sqrt(Math.max(0, a[i]! * a[i]! + b[i]! * b[i]! - inTone * inTone))
    a[i]! += table.a[at]!
    b[i]! += table.b[at]!
    chroma[i] = Math.sqrt(a[i]! * a[i]! + b[i]! * b[i]!)
  }
  return { width, height, distance, chroma, a, b }
}

/**
 * Weight of a distance along the tone itself, in a picture with a tone. JPEG's coarse chroma, clipped channels and the mean of light and
 * dark pixels all give more or less of the same tone; a second colour, and a place left neutral, stand out all the same.
 */
const ALONG_WEIGHT = 0.4
/** Chroma of the tone from which that weight begins to count, and at which it counts in full. */
const TONED_FROM = 2
const TONED_FULLY = 8

/** Unit vector of the tone at each lightness, and what is taken from the distance along it: sqrt(1 - weight^2). */
function directionsOf(table: { a: Float32Array; b: Float32Array }) {
  const a = new Float32Array(table.a.length)
  const b = new Float32Array(table.a.length)
  const excess = new Float32Array(table.a.length)
  for (let at = 0; at < a.length; at++) {
    const chroma = Math.hypot(table.a[at]!, table.b[at]!)
    if (chroma <= TONED_FROM) continue
    a[at] = table.a[at]! / chroma
    b[at] = table.b[at]! / chroma
    const weight = 1 - (1 - ALONG_WEIGHT) * Math.min(1, (chroma - TONED_FROM) / (TONED_FULLY - TONED_FROM))
    excess[at] = Math.sqrt(1 - weight * weight)
  }
  return { a, b, excess }
}

/** Mean over a square of 2 RADIUS + 1 pixels, cut at the edges; in place. Running sums, so the radius costs nothing. */
function smooth(values: Float32Array, spare: Float32Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) smoothLine(values, spare, y * width, 1, width)
  for (let x = 0; x < width; x++) smoothLine(spare, values, x, width, height)
}

function smoothLine(from: Float32Array, to: Float32Array, start: number, stride: number, length: number): void {
  let sum = 0
  let count = 0
  for (let i = 0; i < Math.min(RADIUS, length); i++) {
    sum += from[start + i * stride]!
    count += 1
  }
  for (let i = 0; i < length; i++) {
    if (i + RADIUS < length) {
      sum += from[start + (i + RADIUS) * stride]!
      count += 1
    }
    if (i - RADIUS - 1 >= 0) {
      sum -= from[start + (i - RADIUS - 1) * stride]!
      count -= 1
    }
    to[start + i * stride] = sum / count
  }
}
