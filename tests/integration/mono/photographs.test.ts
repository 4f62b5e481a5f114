/** Real photographs, whose sources stand beside them: in colour none may pass, toned by a known conversion all must, also after JPEG. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { analyseMono } from '../../../src-main/mono/analyse.ts'
import { colourize, type Colour, toneTable } from '../../unit/mono/pictures.ts'
import type { RgbPixels } from '../../../src-main/mono/lab.ts'

const folder = path.resolve(import.meta.dirname, '../../fixtures/photos')
/** What the camera or the author made without colour. */
const GREY = new Set(['brick-wall.png', 'cameraman.jpg'])
const photographs = ['', 'abroad']
  .flatMap((sub) => readdirSync(path.join(folder, sub)).map((name) => path.join(sub, name)))
  .filter((name) => /\.(jpe?g|png|webp|avif|tif)$/.test(name))
  .sort()

/** Small enough to be quick, large enough for every rule. */
const EDGE = 420

async function decode(input: string | Buffer): Promise<RgbPixels> {
  const { data, info } = await sharp(input)
    .rotate()
    .resize(EDGE, EDGE, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#808080' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

const jpeg = async ({ data, width, height }: RgbPixels) =>
  decode(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85, chromaSubsampling: '4:2:0' })
      .toBuffer(),
  )

const strength = (most: number) => (l: number) => most * Math.sin((Math.PI * l) / 100)
/** Conversions of the grey value; the last is the matrix that most programs use for sepia, with its clipped highlights. */
const TONES: Record<string, readonly Colour[]> = {
  neutral: toneTable(
    () => 0,
    () => 0,
  ),
  sepia: toneTable(strength(18), () => 65),
  selenium: toneTable(strength(6), () => 325),
  cyanotype: toneTable(strength(32), () => 270),
  'matrix sepia': Array.from(
    { length: 256 },
    (_, grey) => [1.351, 1.203, 0.937].map((part) => Math.min(255, Math.round(part * grey))) as unknown as Colour,
  ),
}

/** ITU-R BT.709 luma of the 8-bit values. */
function toneWith({ width, height, data }: RgbPixels, table: readonly Colour[]): RgbPixels {
  return colourize(
    width,
    height,
    (x, y) => {
      const at = (y * width + x) * 3
      return 0.2126 * data[at]! + 0.7152 * data[at + 1]! + 0.0722 * data[at + 2]!
    },
    table,
  )
}

describe('photographs', () => {
  it('are enough to say something', () => expect(photographs.length - GREY.size).toBeGreaterThanOrEqual(20))

  it.each(photographs)('%s', async (name) => {
    const pixels = await decode(path.join(folder, name))
    const asItIs = analyseMono(pixels)
    if (GREY.has(path.basename(name))) expect(asItIs).toMatchObject({ verdict: 'pass', mode: 'neutral' })
    else expect(asItIs.verdict, JSON.stringify(asItIs.measures)).not.toBe('pass')
    for (const [tone, table] of Object.entries(TONES)) {
      const toned = toneWith(pixels, table)
      // Saved as JPEG is the harder case; one tone shows that it is not the only one.
      const made = tone === 'cyanotype' ? [['as made', toned] as const] : []
      for (const [how, picture] of [...made, ['as JPEG', await jpeg(toned)]] as const) {
        const { verdict, fired, measures } = analyseMono(picture)
        expect(verdict, `${tone} ${how}: ${JSON.stringify({ fired, measures })}`).toBe('pass')
      }
    }
  })

  it('get the same verdict a little smaller or larger, and saved again', async () => {
    for (const name of photographs.filter((_, i) => i % 6 === 0)) {
      const pixels = await decode(path.join(folder, name))
      const { width, height, data } = pixels
      const { verdict } = analyseMono(pixels)
      for (const scale of [0.9, 1.1]) {
        const resized = sharp(data, { raw: { width, height, channels: 3 } }).resize(Math.round(width * scale), Math.round(height * scale))
        expect(analyseMono(await decode(await resized.png().toBuffer())).verdict, `${name} at ${scale}`).toBe(verdict)
      }
      expect(analyseMono(await jpeg(pixels)).verdict, `${name} saved again`).toBe(verdict)
    }
  })
})
