/**
 * Quality of the embedded model on the fixture photos: `node tests/bench/embedded-quality.mjs [--built]`.
 * Runs the real worker process on every photo that decodes, compares with the truth file, prints a table and, last, one JSON line.
 * --built: the worker of the last build (out/), else one bundled from the sources now.
 */
import { fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { bundleTs } from '../helpers/bundle-ts.mjs'

// CommonJS inside: Node sees its functions on the default export alone.
const { default: exifr } = await import('exifr')
const root = path.resolve(import.meta.dirname, '../..')
const photosFolder = path.join(root, 'tests/fixtures/photos')
const truth = JSON.parse(await readFile(path.join(root, 'tests/fixtures/truth.json'), 'utf8'))

/** The picture as a model sees it: upright, sRGB, JPEG, without metadata. undefined where sharp has no decoder (HEIC, RAW). */
async function findModelView(file) {
  try {
    const picture = sharp(file).autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb')
    return await picture.resize({ width: 1344, height: 1344, fit: 'inside', withoutEnlargement: true }).jpeg({ quality: 88 }).toBuffer()
  } catch {
    return undefined
  }
}

async function readContext(file) {
  try {
    const tags = await exifr.parse(file, {
      reviveValues: false,
      pick: ['DateTimeOriginal', 'OffsetTimeOriginal', 'GPSLatitude', 'GPSLongitude', 'GPSLatitudeRef', 'GPSLongitudeRef'],
    })
    const taken = tags?.DateTimeOriginal?.replace(/^(\d{4}):(\d{2}):(\d{2}) /, '$1-$2-$3T')
    const zone = tags?.OffsetTimeOriginal ?? ''
    return { takenAt: taken && taken + zone, takenAtHasZone: zone !== '', latitude: tags?.latitude, longitude: tags?.longitude }
  } catch {
    // No readable metadata: the model sees the pixels alone.
    return {}
  }
}

function startWorker(folder) {
  const child = fork(path.join(folder, 'embedded-worker.js'), [], { serialization: 'advanced', execArgv: [] })
  const waiting = new Map()
  let seq = 0
  child.on('message', (frame) => waiting.get(frame.seq)?.(frame))
  const call = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++seq, (frame) => (frame.kind === 'result' ? resolve(frame.value) : reject(new Error(frame.message))))
      child.send({ kind: 'call', seq, method, params })
    })
  return { call, stop: () => child.disconnect() }
}

const folder = process.argv.includes('--built')
  ? path.join(root, 'out/main/workers')
  : await bundleTs({ 'embedded-worker': 'src-main/workers/embedded-worker.ts' }, 'embedded-bench')
const worker = startWorker(folder)

/** Season words of the truth are British; colour, light and people words are judged by their own facts, not by the keyword list. */
const judge = (keyword, entry, people) => {
  const word = keyword.keyword.toLowerCase()
  if (keyword.source === 'object') return entry.objects.includes(word) || (word === 'person' && entry.people > 0)
  if (keyword.source === 'faces') return word === 'one person' ? people === 1 : word === 'two people' ? people === 2 : people > 0
  if (keyword.source === 'text') return entry.text.some((text) => text.toLowerCase().includes(word)) || entry.keywords.includes(word)
  if (keyword.source === 'place') return entry.place?.city ? entry.place.city.toLowerCase() === word || entry.keywords.includes(word) : null
  if (keyword.source === 'country') return entry.place?.country ? word.startsWith(entry.place.country.toLowerCase()) : null
  if (keyword.source === 'season') return entry.season ? entry.season === word : null
  if (keyword.source === 'daypart') return entry.daypart ? entry.daypart === word : null
  if (word === 'black and white' || word === 'monochrome') return entry.mono
  return null
}

const tally = new Map()
const count = (source, level, verdict) => {
  const key = `${source} ${level}`
  const row = tally.get(key) ?? { right: 0, wrong: 0, unjudged: 0 }
  row[verdict === null ? 'unjudged' : verdict ? 'right' : 'wrong']++
  tally.set(key, row)
}

let photos = 0
let skipped = 0
let keywordCount = 0
let silent = 0
const timesMs = []
const wrong = []
for (const [name, entry] of Object.entries(truth)) {
  if (!entry.decodes) continue
  const file = path.join(photosFolder, name)
  const image = await findModelView(file)
  if (!image) {
    skipped++
    continue
  }
  const context = await readContext(file)
  const fence = `<photo-facts>${JSON.stringify(context).replaceAll('<', '\\u003c')}</photo-facts>`
  const ask = async (stage) => {
    const content = [
      { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${image.toString('base64')}` } },
      { type: 'text', text: fence },
    ]
    const body = {
      model: 'embedded',
      messages: [{ role: 'user', content }],
      response_format: { type: 'json_schema', json_schema: { name: `imageworks_${stage}` } },
    }
    return JSON.parse((await worker.call('chat', { body })).choices[0].message.content)
  }
  const startMs = performance.now()
  const { keywords } = await ask('keywords')
  timesMs.push(performance.now() - startMs)
  const { caption } = await ask('caption')
  const { description } = await ask('description')
  photos++
  keywordCount += keywords.filter(({ level }) => level === 'propose').length
  if (!keywords.some(({ source }) => source === 'object')) silent++
  for (const keyword of keywords) {
    const verdict = judge(keyword, entry, entry.people)
    count(keyword.source, keyword.level, verdict)
    if (verdict === false) wrong.push(`${name}: ${keyword.keyword} (${keyword.source}, ${keyword.confidence}, ${keyword.level})`)
  }
  console.log(
    `${name}\n   ${keywords.map(({ keyword, confidence, level }) => `${keyword}${confidence === null ? '' : ` ${confidence}`}${level === 'maybe' ? '?' : ''}`).join(' · ')}\n   ${caption}\n   ${description}`,
  )
}
worker.stop()

console.log('\nsource level        right wrong unjudged')
for (const [key, row] of tally)
  console.log(`${key.padEnd(20)}${String(row.right).padStart(5)}${String(row.wrong).padStart(6)}${String(row.unjudged).padStart(9)}`)
if (wrong.length > 0) console.log(`\nwrong\n  ${wrong.join('\n  ')}`)
const objects = tally.get('object propose') ?? { right: 0, wrong: 0 }
const judged = [...tally]
  .filter(([key]) => key.endsWith('propose'))
  .reduce((sum, [, row]) => ({ right: sum.right + row.right, wrong: sum.wrong + row.wrong }), { right: 0, wrong: 0 })
const sorted = timesMs.toSorted((a, b) => a - b)
const share = ({ right, wrong: bad }) => (right + bad === 0 ? null : Math.round((1000 * right) / (right + bad)) / 1000)
console.log(
  JSON.stringify({
    bench: 'embedded-quality',
    photos,
    skipped,
    objectsProposed: objects.right + objects.wrong,
    objectPrecision: share(objects),
    proposedJudged: judged.right + judged.wrong,
    proposedPrecision: share(judged),
    photosWithoutObject: silent,
    keywordsPerPhoto: Math.round((10 * keywordCount) / Math.max(1, photos)) / 10,
    medianMsPerPhoto: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    slowestMsPerPhoto: Math.round(sorted.at(-1) ?? 0),
  }),
)
