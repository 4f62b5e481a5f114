/** Pictures with known answers, made in memory. */
import { type RgbPixels, toSrgb } from '../../../src-main/mono/lab.ts'

export type Colour = readonly [number, number, number]

export function paint(width: number, height: number, at: (x: number, y: number) => Colour): RgbPixels {
  // Rounds and clamps by itself.
  const data = new Uint8ClampedArray(width * height * 3)
  let to = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const colour = at(x, y)
      data[to] = colour[0]
      data[to + 1] = colour[1]
      data[to + 2] = colour[2]
    }
  }
  return { width, height, data: new Uint8Array(data.buffer) }
}

export const flat = (width: number, height: number, colour: Colour) => paint(width, height, () => colour)

/** OpenCV's HSV: hue in degrees, saturation 0 to 1, value 0 to 255. */
export function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (n: number) => {
    const k = (n + hue / 60) % 6
    return value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)))
  }
  return [channel(5), channel(3), channel(1)]
}

/** A strip of one hue over a ramp of value from top to bottom, 64 high. */
export const toned = (hue: number, saturation: number, width: number, [from, to] = [80, 220]): RgbPixels =>
  paint(width, 64, (_, y) => hsv(hue, saturation, from! + ((to! - from!) * y) / 63))

export function beside(left: RgbPixels, right: RgbPixels): RgbPixels {
  const of = ({ data, width }: RgbPixels, x: number, y: number): Colour =>
    [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)] as unknown as Colour
  return paint(left.width + right.width, left.height, (x, y) => (x < left.width ? of(left, x, y) : of(right, x - left.width, y)))
}

/** Numbers from 0 to 1 that are the same in every run. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Something like a photograph in greys from dark to light: slopes, waves and grain. Values 0 to 255. */
export function greyScene(width: number, height: number, seed: number): (x: number, y: number) => number {
  const random = numbers(seed)
  const waves = Array.from({ length: 5 }, () => ({ x: random() * 12 - 6, y: random() * 12 - 6, phase: random() * 6.3, size: 0.3 + random() }))
  const sum = waves.reduce((total, { size }) => total + size, 0)
  const grain = numbers(seed + 1)
  const noise = Float32Array.from({ length: width * height }, () => grain() * 6 - 3)
  return (x, y) => {
    const wave = waves.reduce((total, each) => total + each.size * Math.sin((each.x * x) / width + (each.y * y) / height + each.phase), 0)
    return Math.min(250, Math.max(5, 128 + (wave / sum) * 118 + noise[y * width + x]!))
  }
}

/** A tone of chroma `chroma(L)` and hue `hue(L)` for each grey of 0 to 255, by CIELAB. */
export function toneTable(chroma: (l: number) => number, hue: (l: number) => number): Colour[] {
  return Array.from({ length: 256 }, (_, grey) => {
    const value = grey / 255
    const linear = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    const l = linear > 216 / 24389 ? 116 * Math.cbrt(linear) - 16 : (linear * 24389) / 27
    const angle = (hue(l) * Math.PI) / 180
    return toSrgb(l, chroma(l) * Math.cos(angle), chroma(l) * Math.sin(angle))
  })
}

export const colourize = (width: number, height: number, grey: (x: number, y: number) => number, table: readonly Colour[]) =>
  paint(width, height, (x, y) => table[Math.round(grey(x, y))]!)

export function rotated({ width, height, data }: RgbPixels): RgbPixels {
  const turned = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned.set(data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), (x * height + (height - 1 - y)) * 3)
  }
  return { width: height, height: width, data: turned }
}

export function mirrored({ width, height, data }: RgbPixels): RgbPixels {
  const turned = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned.set(data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), (y * width + width - 1 - x) * 3)
  }
  return { width, height, data: turned }
}
