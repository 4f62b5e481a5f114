/** Pictures whose answer is known: a checker that misses one passes a colour picture or fails an honest monochrome. */
import { describe, expect, it } from 'vitest'
import { analyseMono } from '../../../src-main/mono/analyse.ts'
import type { RgbPixels } from '../../../src-main/mono/lab.ts'
import type { MonoMode as Mode, MonoStrictness as Strictness, MonoVerdict as Verdict } from '../../../src-main/contract/mono.ts'
import { beside, colourize, type Colour, flat, greyScene, hsv, numbers, paint, toned, toneTable } from './pictures.ts'

const PASS: Verdict[] = ['pass']
const QUERY: Verdict[] = ['pass_with_query']
const FAIL: Verdict[] = ['fail']
const NO_FAIL: Verdict[] = ['pass', 'pass_with_query']
const NO_PASS: Verdict[] = ['pass_with_query', 'fail']

const checkered =
  (one: Colour, other: Colour) =>
  (x: number, y: number): Colour =>
    (x + y) % 4 === 0 ? one : (x + y) % 4 === 2 ? other : [0, 0, 0]
const patched = (grey: number, patches: readonly [number, number, Colour][]) =>
  paint(64, 64, (x, y) => patches.find(([left, top]) => x >= left && x < left + 8 && y >= top && y < top + 8)?.[2] ?? [grey, grey, grey])
const disc = (colour: (x: number, y: number) => Colour) => paint(192, 192, (x, y) => (Math.hypot(x - 96, y - 96) <= 64 ? colour(x, y) : [4, 4, 4]))
/** A lightness ramp whose upper and lower quarter have hues of their own. */
const splitRamp = paint(64, 256, (_, y) => hsv(y > 191 ? 30 : y < 64 ? 190 : 0, 0.2, y))

interface Row {
  name: string
  picture: RgbPixels
  verdicts: Verdict[]
  modes?: Mode[]
  strictness?: Strictness
}

const rows: Row[] = [
  { name: 'grey 128', picture: flat(64, 64, [128, 128, 128]), verdicts: PASS, modes: ['neutral'] },
  { name: 'grey 200', picture: flat(128, 128, [200, 200, 200]), verdicts: PASS, modes: ['neutral'] },
  {
    name: 'a warm ramp, R+4 B-3',
    picture: paint(64, 64, (_, y) => [118 + (20 * y) / 63 + 4, 118 + (20 * y) / 63, 118 + (20 * y) / 63 - 3]),
    verdicts: NO_FAIL,
    modes: ['toned'],
  },
  { name: 'red and green pixels on black', picture: paint(64, 64, checkered([200, 20, 20], [20, 200, 20])), verdicts: FAIL },
  { name: 'orange and azure pixels on black', picture: paint(64, 64, checkered([180, 40, 20], [40, 180, 220])), verdicts: FAIL },
  {
    name: 'two patches of four codes',
    picture: patched(160, [
      [8, 8, [160, 164, 160]],
      [40, 40, [164, 160, 160]],
    ]),
    verdicts: NO_FAIL,
  },
  { name: 'one patch of four codes', picture: patched(160, [[8, 8, [160, 164, 160]]]), verdicts: NO_FAIL },
  {
    name: 'a checkered block of red and cyan on grey',
    picture: paint(64, 64, (x, y) => (x >= 16 && x < 40 && y >= 16 && y < 48 ? ((x + y) % 2 ? [255, 60, 60] : [40, 200, 220]) : [150, 150, 150])),
    verdicts: FAIL,
  },
  { name: 'two hues that nobody tells apart', picture: beside(toned(5, 0.06, 32), toned(20, 0.06, 32)), verdicts: PASS },
  { name: 'blue beside yellow', picture: beside(toned(220, 0.2, 32), toned(60, 0.2, 32)), verdicts: FAIL },
  { name: 'one sepia', picture: toned(30, 0.2, 64), verdicts: PASS, modes: ['toned'] },
  { name: 'two browns side by side', picture: beside(toned(20, 0.12, 32), toned(40, 0.12, 32)), verdicts: NO_PASS },
  { name: 'one strong yellow', picture: toned(60, 0.65, 64), verdicts: NO_FAIL, modes: ['toned'] },
  {
    name: 'a violet disc on black',
    picture: disc((x) => [140 + (40 * (x - 32)) / 128, 20 + (12 * (x - 32)) / 128, 210 - (45 * (x - 32)) / 128]),
    verdicts: NO_PASS,
  },
  { name: 'an orange disc on black', picture: disc(() => [230, 140, 40]), verdicts: NO_PASS },
  { name: 'a pink disc on black', picture: disc(() => [240, 90, 160]), verdicts: NO_PASS },
  { name: 'a disc half purple half green', picture: disc((x) => hsv(x < 96 ? 270 : 120, 220 / 255, 230)), verdicts: FAIL },
  { name: 'two faint browns', picture: beside(toned(35, 0.05, 32), toned(50, 0.05, 32)), verdicts: NO_FAIL },
  { name: 'blue beside yellow, fainter', picture: beside(toned(220, 0.18, 32), toned(60, 0.18, 32)), verdicts: FAIL },
  { name: 'a strip of rose in sepia', picture: beside(toned(40, 0.15, 59), toned(350, 0.15, 5)), verdicts: QUERY },
  { name: 'three hues along the lightness', picture: splitRamp, verdicts: FAIL, modes: ['split_toned'] },
  {
    name: 'left hue 30, right hue 150, as light as each other',
    picture: beside(
      colourize(
        64,
        96,
        greyScene(64, 96, 7),
        toneTable(
          () => 25,
          () => 30,
        ),
      ),
      colourize(
        64,
        96,
        greyScene(64, 96, 7),
        toneTable(
          () => 25,
          () => 150,
        ),
      ),
    ),
    verdicts: FAIL,
    modes: ['colour'],
  },
  {
    name: 'left hue 40, right hue 260',
    picture: beside(
      colourize(
        64,
        96,
        greyScene(64, 96, 7),
        toneTable(
          () => 25,
          () => 40,
        ),
      ),
      colourize(
        64,
        96,
        greyScene(64, 96, 7),
        toneTable(
          () => 25,
          () => 260,
        ),
      ),
    ),
    verdicts: FAIL,
    modes: ['colour'],
  },
  { name: 'a split tone of chroma 4', picture: splitTone(4), verdicts: QUERY, modes: ['split_toned'] },
  { name: 'a split tone of chroma 6', picture: splitTone(6), verdicts: FAIL, modes: ['split_toned'] },
  { name: 'a split tone of chroma 12', picture: splitTone(12), verdicts: FAIL, modes: ['split_toned'] },
  { name: 'a neutral photo with colour noise', picture: noisy(3), verdicts: NO_FAIL },
  { name: 'a red dot of 0.8 %', picture: spotted(0.008), verdicts: QUERY, modes: ['spot_colour'] },
  ...[0.02, 0.05, 0.1, 0.3].map((share) => ({
    ...{ name: `a red spot of ${share * 100} %`, picture: spotted(share), verdicts: FAIL },
    modes: [share <= 0.15 ? 'spot_colour' : 'partially_toned'] as Mode[],
  })),
  {
    name: 'one half sepia, one half neutral',
    picture: beside(
      colourize(
        96,
        128,
        greyScene(96, 128, 3),
        toneTable(
          (l) => 18 * Math.sin((Math.PI * l) / 100),
          () => 65,
        ),
      ),
      colourize(
        96,
        128,
        greyScene(96, 128, 3),
        toneTable(
          () => 0,
          () => 0,
        ),
      ),
    ),
    verdicts: FAIL,
    modes: ['partially_toned'],
  },
]

/** Highlights of hue 75, shadows of hue 255. */
function splitTone(chroma: number): RgbPixels {
  return colourize(
    128,
    128,
    greyScene(128, 128, 11),
    toneTable(
      () => chroma,
      (l) => (l > 50 ? 75 : 255),
    ),
  )
}

function noisy(sigma: number): RgbPixels {
  const random = numbers(5)
  // Twelve even numbers make a normal one.
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6)
  const scene = greyScene(192, 128, 5)
  return paint(192, 128, (x, y) => [0, 1, 2].map(() => scene(x, y) + sigma * normal()) as unknown as Colour)
}

function spotted(share: number): RgbPixels {
  const scene = greyScene(256, 192, 9)
  const side = Math.sqrt(share * 256 * 192)
  return paint(256, 192, (x, y) => (x >= 40 && x < 40 + side && y >= 20 && y < 20 + side ? [200, 30, 30] : [scene(x, y), scene(x, y), scene(x, y)]))
}

describe('the verdict on', () => {
  it.each(rows)('$name', ({ picture, verdicts, modes, strictness = 'balanced' }) => {
    const found = analyseMono(picture, { strictness })
    const shown = JSON.stringify({ verdict: found.verdict, mode: found.mode, fired: found.fired, measures: found.measures })
    expect(verdicts, shown).toContain(found.verdict)
    if (modes) expect(modes, shown).toContain(found.mode)
  })

  it('a dot names where it lies, in pixels of the original', () => {
    const { regions } = analyseMono(spotted(0.008), { original: { width: 2560, height: 1920 } })
    expect(regions).toHaveLength(1)
    expect(regions[0]).toMatchObject({ place: 'top-left', colour: 'red', strength: 'strong' })
    const [left, top, width, height] = regions[0]!.box
    // 400, 200 and a side of 198, give or take the smoothing.
    expect(Math.abs(left - 400)).toBeLessThanOrEqual(30)
    expect(Math.abs(top - 200)).toBeLessThanOrEqual(30)
    expect(Math.abs(width - 198)).toBeLessThanOrEqual(60)
    expect(Math.abs(height - 198)).toBeLessThanOrEqual(60)
  })
})
