/** Colour and light of a picture from a small copy of its pixels. Pure; CIELAB under D65. */
import type { LightFacts, NamedColour } from './facts.ts'

/** Chroma below this is grey to the eye at normal lightness. */
const GREY_CHROMA = 12
const MONO_CHROMA = 5
/** Part of the pixels that must be grey, or of one hue, in a monochrome picture. */
const MONO_SHARE = 0.985
const SMALLEST_SHARE = 0.1
/** Toning is soft: this chroma hardly occurs in a sepia print or a cyanotype. */
const VIVID_CHROMA = 45
const VIVID_SHARE = 0.01

const linear = Float64Array.from({ length: 256 }, (_, value) => {
  const v = value / 255
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
})
const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116)

/** sRGB bytes to CIELAB (IEC 61966-2-1 matrix, D65 white). */
export function toLab(red: number, green: number, blue: number): [number, number, number] {
  const r = linear[red]!
  const g = linear[green]!
  const b = linear[blue]!
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b)
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** Plain colour word for a LAB colour. Hue bounds in degrees follow where the sRGB primaries and the common names lie in LAB. */
export function nameColour(l: number, a: number, b: number): string {
  const chroma = Math.hypot(a, b)
  if (l < 16) return 'black'
  if (chroma < GREY_CHROMA) return l > 88 ? 'white' : l < 28 ? 'black' : 'grey'
  const hue = (Math.atan2(b, a) * (180 / Math.PI) + 360) % 360
  if (hue < 20 || hue >= 345) return l > 65 ? 'pink' : 'red'
  if (hue < 45) return l > 72 ? 'pink' : chroma > 45 ? 'red' : 'brown'
  if (hue < 78) return chroma > 55 && l > 50 ? 'orange' : l > 72 ? 'beige' : 'brown'
  // Dark yellow is the green of leaves in shade rather than brown.
  if (hue < 105) return l > 55 && chroma > 42 ? 'yellow' : l > 65 ? 'beige' : hue < 96 ? 'brown' : 'green'
  if (hue < 165) return 'green'
  if (hue < 215) return 'turquoise'
  if (hue < 292) return 'blue'
  if (hue < 325) return 'purple'
  return l > 65 ? 'pink' : 'purple'
}

/** @param pixels RGB bytes, three a pixel, upright or not; a few thousand pixels are enough. */
export function measureLight(pixels: Uint8Array): LightFacts {
  const count = Math.floor(pixels.length / 3)
  const lightness = new Float64Array(count)
  const shares = new Map<string, number>()
  let grey = 0
  let coloured = 0
  let vivid = 0
  let hueX = 0
  let hueY = 0
  let brightB = 0
  let bright = 0
  for (let i = 0; i < count; i++) {
    const [l, a, b] = toLab(pixels[3 * i]!, pixels[3 * i + 1]!, pixels[3 * i + 2]!)
    lightness[i] = l
    const chroma = Math.hypot(a, b)
    if (chroma < MONO_CHROMA) grey++
    else {
      coloured++
      if (chroma > VIVID_CHROMA) vivid++
      hueX += a / chroma
      hueY += b / chroma
    }
    if (l > 35) {
      bright++
      brightB += b
    }
    const name = nameColour(l, a, b)
    shares.set(name, (shares.get(name) ?? 0) + 1)
  }
  lightness.sort()
  const at = (part: number) => lightness[Math.min(count - 1, Math.floor(part * count))] ?? 0
  const monochrome = findMonochrome({ count, grey, coloured, vivid, hueLength: Math.hypot(hueX, hueY) })
  const colours: NamedColour[] = [...shares]
    .map(([name, pixelCount]) => ({ name, share: pixelCount / Math.max(1, count) }))
    .filter(({ share }) => share >= SMALLEST_SHARE)
    .sort((x, y) => y.share - x.share)
  const spread = at(0.95) - at(0.05)
  const meanB = bright === 0 ? 0 : brightB / bright
  return {
    key: at(0.5) > 78 && at(0.1) > 45 ? 'high' : at(0.5) < 18 && at(0.75) < 35 ? 'low' : 'normal',
    contrast: spread > 88 ? 'high' : spread < 30 ? 'low' : 'normal',
    monochrome,
    warmth: monochrome !== 'no' ? 'neutral' : meanB > 14 ? 'warm' : meanB < -10 ? 'cool' : 'neutral',
    colours: monochrome === 'no' ? colours : [],
  }
}

interface ToneCounts {
  count: number
  grey: number
  coloured: number
  vivid: number
  /** Length of the sum of the hue unit vectors; equal to `coloured` when all hues are the same. */
  hueLength: number
}

function findMonochrome({ count, grey, coloured, vivid, hueLength }: ToneCounts): LightFacts['monochrome'] {
  if (count === 0 || grey / count >= MONO_SHARE) return 'neutral'
  // A toned print has its tone nearly everywhere and keeps its hue from shadow to light; a grey thing with one coloured lamp has not.
  const toned = coloured / count > 0.5 && vivid / count < VIVID_SHARE && hueLength / coloured > 0.996
  return toned ? 'toned' : 'no'
}

const CHROMATIC = new Set(['red', 'orange', 'yellow', 'green', 'turquoise', 'blue', 'purple', 'pink', 'brown', 'beige'])
export const isChromatic = (name: string): boolean => CHROMATIC.has(name)
