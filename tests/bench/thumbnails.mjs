/**
 * How much an embedded preview saves, and how near the main picture's thumbnail is to plain sharp. One process, the ways taken in
 * turn, medians of ratios: absolute times mean little on a shared machine. `node tests/bench/thumbnails.mjs [--json]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { bundleTs } from '../helpers/bundle-ts.mjs'
import { withMpfPreview } from '../helpers/camera-jpeg.mjs'

const ROUNDS = 7
const GOALS = { previewGain: 10, overPlainSharp: 1.25, bothOverSeparate: 1 }

const median = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

const built = await bundleTs({ views: 'src-main/imaging/decoding/make-views.ts', pixels: 'src-main/imaging/decoding/pixels.ts' }, 'bench-thumbnails')
const { makeThumbs } = await import(pathToFileURL(path.join(built, 'views.js')).href)
const { loadSharp } = await import(pathToFileURL(path.join(built, 'pixels.js')).href)

const folder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-bench-'))
try {
  // 24 megapixels of a real photo with the grain of a sensor: a file and a preview of the sizes that cameras write.
  const photo = path.join(import.meta.dirname, '../fixtures/photos/nuthatch.jpg')
  const grain = await sharp({
    create: { width: 6000, height: 4000, channels: 3, background: '#777', noise: { type: 'gaussian', mean: 128, sigma: 60 } },
  })
    .png({ compressionLevel: 1 })
    .toBuffer()
  const main = await sharp(photo)
    .resize(6000, 4000, { fit: 'fill' })
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg({ quality: 92 })
    .toBuffer()
  const preview = await sharp(main).resize(1616).jpeg({ quality: 80 }).toBuffer()
  const plain = path.join(folder, 'plain.jpg')
  const camera = path.join(folder, 'camera.jpg')
  writeFileSync(plain, main)
  writeFileSync(camera, withMpfPreview(main, preview))

  await loadSharp()
  const target = (/** @type {number} */ longEdge) => ({ longEdge, target: path.join(folder, `out-${longEdge}.jpg`) })
  const sharpTo = (/** @type {number} */ longEdge, /** @type {number} */ quality = 80) =>
    sharp(plain).resize({ width: longEdge, height: longEdge, fit: 'inside' }).jpeg({ quality }).toFile(path.join(folder, 'sharp.jpg'))
  /** @type {Record<string, () => Promise<unknown>>} */
  const ways = {
    preview320: () => makeThumbs({ path: camera, kind: 'jpeg', wanted: [target(320)], alsoIfDecoded: [target(1600)] }),
    both: () => makeThumbs({ path: plain, kind: 'jpeg', wanted: [target(320)], alsoIfDecoded: [target(1600)] }),
    only320: () => makeThumbs({ path: plain, kind: 'jpeg', wanted: [target(320)], alsoIfDecoded: [] }),
    sharp320: () => sharpTo(320),
    sharp1600: () => sharpTo(1600),
  }
  /** @type {Record<string, number[]>} */
  const timesMs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const startMs = performance.now()
      await way()
      // The first round loads code and fills the disk cache.
      if (round >= 0) timesMs[name]?.push(performance.now() - startMs)
    }
  }
  const ratio = (/** @type {string} */ over, /** @type {string} */ under) =>
    median((timesMs[over] ?? []).map((ms, round) => ms / (timesMs[under]?.[round] ?? Number.NaN)))
  const report = {
    name: 'thumbnails',
    medianMs: Object.fromEntries(Object.entries(timesMs).map(([name, values]) => [name, Math.round(median(values) * 10) / 10])),
    ratios: {
      previewGain: ratio('both', 'preview320'),
      overPlainSharp: ratio('only320', 'sharp320'),
      bothOverSeparate: median(
        (timesMs['both'] ?? []).map((ms, round) => ms / ((timesMs['sharp320']?.[round] ?? 0) + (timesMs['sharp1600']?.[round] ?? 0))),
      ),
    },
    goals: GOALS,
  }
  const missed = [
    report.ratios.previewGain < GOALS.previewGain && 'embedded preview gain',
    report.ratios.overPlainSharp > GOALS.overPlainSharp && '320 px over plain sharp',
    report.ratios.bothOverSeparate > GOALS.bothOverSeparate && 'both sizes over plain sharp one after the other',
  ].filter(Boolean)
  if (process.argv.includes('--json')) console.log(JSON.stringify({ ...report, missed }))
  else {
    console.log(`24 MP JPEG of ${main.length} bytes with a preview of ${preview.length}, median ms:`, report.medianMs)
    console.log(
      `320 px from the embedded preview is ${report.ratios.previewGain.toFixed(1)} times as fast as decoding (goal: at least ${GOALS.previewGain})`,
    )
    console.log(
      `320 px from the main picture takes ${report.ratios.overPlainSharp.toFixed(2)} times plain sharp (goal: at most ${GOALS.overPlainSharp})`,
    )
    console.log(
      `1600 and 320 px together take ${report.ratios.bothOverSeparate.toFixed(2)} times plain sharp one after the other (goal: at most ${GOALS.bothOverSeparate})`,
    )
    console.log(missed.length > 0 ? `Missed: ${missed.join(', ')}` : 'All goals met.')
  }
  process.exitCode = missed.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
