/**
 * Names of colours by where they lie in CIELAB. Each band holds the hue of the sRGB colour, or of the print tone, that people mean by its
 * word, computed from sRGB (IEC 61966-2-1, D65): red 40, orange 60 to 73, skin 75, yellow 103, green 136, cyan 196, azure 285, blue 306,
 * violet 312, magenta 328, hot pink 351; sepia 65 to 85, warm grey 86, cool grey 255, cyanotype 267 to 275, selenium 325. Pure.
 */
import { hueDistance } from './lab.ts'

/** Chroma below which nobody sees a colour on a screen, and below which it is a tint of grey. */
const NEUTRAL_BELOW = 1.5
const TINT_BELOW = 20

/** `to`: upper end of the band in degrees, exclusive; the first band goes on from the last. */
interface Band {
  to: number
  name: string
}

const COLOURS: readonly Band[] = [
  { to: 22, name: 'pink' },
  { to: 52, name: 'red' },
  { to: 88, name: 'orange' },
  { to: 117, name: 'yellow' },
  { to: 170, name: 'green' },
  { to: 235, name: 'cyan' },
  { to: 309, name: 'blue' },
  { to: 320, name: 'violet' },
  { to: 340, name: 'magenta' },
  { to: 360, name: 'pink' },
]

/** Of toning baths and papers. */
const TINTS: readonly Band[] = [
  { to: 20, name: 'rose' },
  { to: 48, name: 'copper' },
  { to: 82, name: 'sepia' },
  { to: 105, name: 'cream' },
  { to: 140, name: 'olive' },
  { to: 185, name: 'green' },
  { to: 225, name: 'cyan' },
  { to: 262, name: 'cool' },
  { to: 305, name: 'blue' },
  { to: 350, name: 'selenium' },
  { to: 360, name: 'rose' },
]

/** Words for the faintest tints, where only warm and cool can be told. */
const FAINT_BELOW = 4

const nameIn = (bands: readonly Band[], hue: number): string => bands.find(({ to }) => hue < to)?.name ?? bands[0]!.name

/** `neutral`, a tint word at low chroma, or a colour word. */
export function colourName(hue: number, chroma: number): string {
  if (chroma < NEUTRAL_BELOW) return 'neutral'
  if (chroma < FAINT_BELOW) {
    if (hueDistance(hue, 70) <= 55) return 'warm'
    if (hueDistance(hue, 250) <= 60) return 'cool'
    return nameIn(TINTS, hue)
  }
  return nameIn(chroma < TINT_BELOW ? TINTS : COLOURS, hue)
}

const STRENGTHS = [
  { from: 6, word: 'strong' },
  { from: 3, word: 'noticeable' },
  { from: 1.5, word: 'faint' },
  { from: 0.5, word: 'very faint' },
] as const

/** Null below 0.5, which is to be ignored. */
export const strengthWord = (chroma: number): string | null => STRENGTHS.find(({ from }) => chroma >= from)?.word ?? null

const ROWS = ['top', 'center', 'bottom'] as const
const COLUMNS = ['left', 'center', 'right'] as const

/** Cell of a 3 by 3 grid; `x` and `y` from 0 to 1. */
export function gridWord(x: number, y: number): string {
  const cell = (value: number) => Math.min(2, Math.max(0, Math.floor(value * 3)))
  const row = ROWS[cell(y)]!
  const column = COLUMNS[cell(x)]!
  if (row === 'center') return column === 'center' ? 'center' : `center-${column}`
  return column === 'center' ? `${row}-middle` : `${row}-${column}`
}
