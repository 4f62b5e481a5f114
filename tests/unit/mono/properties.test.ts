/** What must hold of every picture: an officer turns an entry, saves it anew or chooses another strictness, and must not get a nonsense. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyseMono } from '../../../src-main/mono/analyse.ts'
import type { RgbPixels } from '../../../src-main/mono/lab.ts'
import { MONO_STRICTNESSES as STRICTNESSES, MONO_VERDICTS as VERDICTS, type MonoStrictness as Strictness } from '../../../src-main/contract/mono.ts'
import { colourize, type Colour, greyScene, hsv, mirrored, numbers, paint, rotated, toneTable } from './pictures.ts'

const rankOf = (picture: RgbPixels, strictness: Strictness = 'balanced') => VERDICTS.indexOf(analyseMono(picture, { strictness }).verdict)
const seeds = fc.integer({ min: 1, max: 100_000 })

/** A tone that keeps its hue within `wobble` degrees, of a chroma that rises and falls with the lightness as it likes. */
const tones = fc.record({
  hue: fc.integer({ min: 0, max: 359 }),
  wobble: fc.double({ min: 0, max: 4, noNaN: true }),
  chroma: fc.double({ min: 0, max: 60, noNaN: true }),
  shape: fc.constantFrom(
    (l: number) => Math.sin((Math.PI * l) / 100),
    (l: number) => 1 - l / 100,
    () => 1,
    (l: number) => l / 100,
  ),
})

function drawn(seed: number): RgbPixels {
  const random = numbers(seed)
  const scene = greyScene(64, 48, seed)
  const kind = Math.floor(random() * 5)
  const [hue, other, chroma] = [random() * 360, random() * 360, random() * 25]
  if (kind === 0)
    return colourize(
      64,
      48,
      scene,
      toneTable(
        () => chroma,
        () => hue,
      ),
    )
  if (kind === 1)
    return colourize(
      64,
      48,
      scene,
      toneTable(
        () => chroma,
        (l) => (l > 50 ? hue : other),
      ),
    )
  if (kind === 2) return paint(64, 48, (x, y) => hsv(hue + (x / 64) * random() * 40, chroma / 40, scene(x, y)))
  const size = 3 + random() * 20
  const [left, top] = [random() * 40, random() * 28]
  const colour = hsv(hue, chroma / 25, 60 + random() * 180)
  const grey = (x: number, y: number): Colour =>
    kind === 3 ? [scene(x, y), scene(x, y), scene(x, y)] : [scene(x, y) + 3, scene(x, y), scene(x, y) - 6]
  return paint(64, 48, (x, y) => (x >= left && x < left + size && y >= top && y < top + size ? colour : grey(x, y)))
}

describe('a verdict', () => {
  it('is the same however the picture is turned or mirrored, and in every run', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const picture = drawn(seed)
        const { verdict, mode } = analyseMono(picture)
        for (const turned of [picture, rotated(picture), rotated(rotated(picture)), mirrored(picture)]) {
          expect(analyseMono(turned)).toMatchObject({ verdict, mode })
        }
      }),
      { numRuns: 40, seed: 1 },
    )
  }, 60_000)

  it('never gets milder with more strictness', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const picture = drawn(seed)
        const ranks = STRICTNESSES.map((strictness) => rankOf(picture, strictness))
        expect(ranks).toEqual([...ranks].sort((one, other) => other - one))
      }),
      { numRuns: 500, seed: 2 },
    )
  }, 60_000)

  it('on a neutral picture with one patch of colour is never a plain pass', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.double({ min: 0.006, max: 0.6, noNaN: true }),
        fc.double({ min: 12.5, max: 80, noNaN: true }),
        fc.integer({ min: 0, max: 359 }),
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        fc.integer({ min: 20, max: 235 }),
        (seed, share, chroma, hue, ratio, grey) => {
          const [width, height] = [112, 84]
          const scene = greyScene(width, height, seed)
          const colour = toneTable(
            () => chroma,
            () => hue,
          )[grey]!
          const across = Math.min(width, Math.sqrt(share * width * height * ratio))
          const down = Math.min(height, (share * width * height) / across)
          const picture = paint(width, height, (x, y) => (x < across && y < down ? colour : [scene(x, y), scene(x, y), scene(x, y)]))
          // What sRGB cannot show is drawn weaker.
          fc.pre(Math.abs(colour[0] - colour[1]) + Math.abs(colour[1] - colour[2]) > 18)
          expect(rankOf(picture)).toBeGreaterThan(0)
        },
      ),
      { numRuns: 120, seed: 3 },
    )
  }, 60_000)

  it('on one tone is never a fail, at any strength', () => {
    fc.assert(
      fc.property(seeds, tones, (seed, { hue, wobble, chroma, shape }) => {
        const table = toneTable(
          (l) => chroma * shape(l),
          (l) => hue + wobble * Math.sin(l / 15),
        )
        // Colours outside sRGB are clipped, and then are no tone of one hue any more.
        fc.pre(
          table.every(
            (colour) =>
              colour.every((value) => value > 0 && value < 255) || colour.every((value) => value < 12) || colour.every((value) => value > 243),
          ),
        )
        expect(rankOf(colourize(96, 72, greyScene(96, 72, seed), table))).toBeLessThan(2)
      }),
      { numRuns: 80, seed: 4 },
    )
  }, 60_000)

  it('on a monochrome with colour noise of three codes is never a fail', () => {
    fc.assert(
      fc.property(seeds, tones, (seed, { hue, chroma, shape }) => {
        const random = numbers(seed)
        const normal = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6)
        const table = toneTable(
          (l) => Math.min(20, chroma) * shape(l),
          () => hue,
        )
        const scene = greyScene(96, 72, seed)
        const picture = paint(96, 72, (x, y) => table[Math.round(scene(x, y))]!.map((value) => value + 3 * normal()) as unknown as Colour)
        expect(rankOf(picture)).toBeLessThan(2)
      }),
      { numRuns: 40, seed: 5 },
    )
  }, 60_000)
})
