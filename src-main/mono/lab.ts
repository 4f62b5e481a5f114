/** From 8-bit sRGB to CIELAB, through linear light. Pure. */

/** Float CIELAB (D65, 2 degrees), row by row: L* 0 to 100, a* and b* unbounded, about -128 to 128. */
export interface LabImage {
  width: number
  height: number
  l: Float32Array
  a: Float32Array
  b: Float32Array
}

/** 8-bit sRGB, interleaved, no alpha: `width * height * 3` bytes. */
export interface RgbPixels {
  width: number
  height: number
  data: Uint8Array
}

/** Decoding of one sRGB channel to linear light, IEC 61966-2-1. */
const LINEAR = Float64Array.from({ length: 256 }, (_, code) => {
  const value = code / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
})

/** f of CIE 15:2004, 8.2.1.1, for `t` from 0 to 1, in even steps; between them a straight line, which is off by less than 1e-5. */
const STEPS = 8192
const ROOT = Float64Array.from({ length: STEPS + 2 }, (_, step) => {
  const t = step / STEPS
  return t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116
})

function root(t: number): number {
  const at = t <= 0 ? 0 : t >= 1 ? STEPS : t * STEPS
  const step = at | 0
  return ROOT[step]! + (at - step) * (ROOT[step + 1]! - ROOT[step]!)
}

/**
 * XYZ of D65-lit sRGB relative to its own white, IEC 61966-2-1; the rows are brought to a sum of 1 so that a grey is exactly neutral.
 * Each row is one of X/Xn, Y/Yn, Z/Zn.
 */
const [X, Y, Z] = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
].map((row) => row.map((part) => part / row.reduce((sum, each) => sum + each, 0))) as [number[], number[], number[]]
const [[XR, XG, XB], [YR, YG, YB], [ZR, ZG, ZB]] = [X, Y, Z] as unknown as [number[], number[], number[]] as [
  [number, number, number],
  [number, number, number],
  [number, number, number],
]

/** Whole pixels that are averaged to one along each side, so that the long edge is at most `longEdge`. */
export function reductionFor({ width, height }: { width: number; height: number }, longEdge: number): number {
  return Math.max(1, Math.ceil(Math.max(width, height) / longEdge))
}

/**
 * Every square of `reduction` by `reduction` pixels becomes one: the mean of its linear light, as a lens or a viewer further away would give.
 * At the right and lower edge the squares are cut.
 */
export function toLab({ width, height, data }: RgbPixels, reduction = 1): LabImage {
  const columns = Math.ceil(width / reduction)
  const rows = Math.ceil(height / reduction)
  const image: LabImage = {
    width: columns,
    height: rows,
    l: new Float32Array(columns * rows),
    a: new Float32Array(columns * rows),
    b: new Float32Array(columns * rows),
  }
  const sums = new Float64Array(columns * 3)
  for (let row = 0; row < rows; row++) {
    const top = row * reduction
    const bottom = Math.min(height, top + reduction)
    sums.fill(0)
    for (let y = top; y < bottom; y++) addRow(data, y * width * 3, width, reduction, sums)
    for (let column = 0; column < columns; column++) {
      const across = Math.min(width, (column + 1) * reduction) - column * reduction
      const share = 1 / (across * (bottom - top))
      const r = sums[column * 3]! * share
      const g = sums[column * 3 + 1]! * share
      const b = sums[column * 3 + 2]! * share
      const fx = root(XR * r + XG * g + XB * b)
      const fy = root(YR * r + YG * g + YB * b)
      const fz = root(ZR * r + ZG * g + ZB * b)
      const at = row * columns + column
      image.l[at] = 116 * fy - 16
      image.a[at] = 500 * (fx - fy)
      image.b[at] = 200 * (fy - fz)
    }
  }
  return image
}

function addRow(data: Uint8Array, start: number, width: number, reduction: number, sums: Float64Array): void {
  let at = start
  for (let x = 0, to = 0; x < width; to += 3) {
    const end = Math.min(width, x + reduction)
    let r = 0
    let g = 0
    let b = 0
    for (; x < end; x++, at += 3) {
      r += LINEAR[data[at]!]!
      g += LINEAR[data[at + 1]!]!
      b += LINEAR[data[at + 2]!]!
    }
    sums[to]! += r
    sums[to + 1]! += g
    sums[to + 2]! += b
  }
}

/** Degrees from 0 to 360 of the direction (a, b). */
export function hueOf(a: number, b: number): number {
  const degrees = (Math.atan2(b, a) * 180) / Math.PI
  return degrees < 0 ? degrees + 360 : degrees
}

/** Degrees from 0 to 180 between two hues. */
export function hueDistance(one: number, other: number): number {
  const apart = Math.abs(one - other) % 360
  return apart > 180 ? 360 - apart : apart
}

/** 8-bit sRGB of a CIELAB colour; what lies outside sRGB is clipped. */
export function toSrgb(l: number, a: number, b: number): [number, number, number] {
  const fy = (l + 16) / 116
  const back = (f: number) => (f > 6 / 29 ? f ** 3 : (108 / 841) * (f - 16 / 116))
  const [x, y, z] = [back(fy + a / 500), back(fy), back(fy - b / 200)]
  return INVERSE.map(([fromX, fromY, fromZ]) => {
    const linear = Math.min(1, Math.max(0, fromX * x + fromY * y + fromZ * z))
    return Math.round(255 * (linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055))
  }) as [number, number, number]
}

const INVERSE = invert([X, Y, Z])

/** Of a 3 by 3 matrix, by cofactors. */
function invert(m: readonly (readonly number[])[]): [number, number, number][] {
  const at = (row: number, column: number) => m[(row + 3) % 3]![(column + 3) % 3]!
  const cofactor = (row: number, column: number) =>
    at(row + 1, column + 1) * at(row + 2, column + 2) - at(row + 1, column + 2) * at(row + 2, column + 1)
  const determinant = [0, 1, 2].reduce((sum, column) => sum + at(0, column) * cofactor(0, column), 0)
  return [0, 1, 2].map((row) => [0, 1, 2].map((column) => cofactor(column, row) / determinant)) as [number, number, number][]
}
