/**
 * What safety costs. "Safe" is the product's whole path: SQLite journal, backup of the original, copy, rewrite, read back, compare, fsync,
 * rename. "Bare" is the same ExifTool, kept open, as many processes, told to overwrite the photo itself with the same values.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { ExifTool } from 'exiftool-vendored'
import sharp from 'sharp'
import { openDatabase } from '../../src-main/db/open-database.ts'
import { lookPhoto } from '../../src-main/imaging/decoding/look-photo.ts'
import type { RawReader } from '../../src-main/imaging/decoding/raw-reader.ts'
import { systemClock } from '../../src-main/lib/clock.ts'
import { createBackupStore } from '../../src-main/metadata/backup-store.ts'
import { createExifToolPool } from '../../src-main/metadata/exiftool-process.ts'
import { inOrder } from '../../src-main/metadata/locks.ts'
import { createMetadataWriter } from '../../src-main/metadata/metadata-writer.ts'
import { createMetadataReader } from '../../src-main/metadata/read-metadata.ts'
import { flushFile, flushFolder } from '../../src-main/metadata/safe-file.ts'
import { DEFAULT_RULES } from '../../src-main/metadata/writing-rules.ts'

const rounds = Number(process.argv[2] ?? 5)
const BATCH = 40
const SINGLES = 10
const LIMITS = { batchThroughput: 0.5, oneLatency: 5, unchangedPlan: 1.2, indexing: 10 }
const WORDS = {
  title: 'Möwe über dem Hafen',
  description: 'A gull above the harbour in the evening light.',
  keywords: ['gull', 'harbour', 'evening'],
}

const base = mkdtempSync(path.join(tmpdir(), 'imageworks-bench-writes-'))
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!
const timeMs = async (work: () => Promise<unknown>) => {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
const rounded = (value: number) => Math.round(value * 100) / 100

/** A photo as a phone writes it: twelve megapixels with the grain of a sensor, EXIF, a description of the place. */
async function makePhoto(): Promise<string> {
  const grain = await sharp({
    create: { width: 4000, height: 3000, channels: 3, background: '#777', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  })
    .png({ compressionLevel: 1 })
    .toBuffer()
  const file = path.join(base, 'photo.jpg')
  await sharp(path.resolve(import.meta.dirname, '../../../fixtures/photos/nuthatch.jpg'))
    .resize(4000, 3000, { fit: 'fill' })
    .composite([{ input: grain, blend: 'soft-light' }])
    .withExif({ IFD0: { Make: 'Somebody', Model: 'Phone 1' }, IFD2: { DateTimeOriginal: '2024:05:06 07:08:09' } })
    .jpeg({ quality: 88 })
    .toFile(file)
  return file
}

const exiftool = createExifToolPool()
const bare = new ExifTool({
  maxProcs: 2,
  taskTimeoutMillis: 60_000,
  ignoreMinorErrors: false,
  useMWG: false,
  exiftoolArgs: ['-config', '', '-stay_open', 'True', '-@', '-'],
})
const database = openDatabase({ folder: path.join(base, 'data'), clock: systemClock })
const backups = createBackupStore({ folder: path.join(base, 'data', 'originals'), limitBytes: () => 2 ** 33, inUse: () => new Set() })
const writer = createMetadataWriter({
  exiftool,
  plans: database.plans,
  journal: database.journal,
  clock: systemClock,
  rules: () => ({ ...DEFAULT_RULES, keepBackups: true }),
  backups,
})
const reader = createMetadataReader(exiftool)
const { parse: readByExifr } = (await import('exifr')).default
const noRaw: RawReader = {
  facts: () => Promise.reject(new Error('no RAW here')),
  preview: () => Promise.reject(new Error('no RAW here')),
  pids: () => [],
  end: () => Promise.resolve(),
}

const bareTags = {
  'XMP-dc:Title-x-default': WORDS.title,
  'IPTC:ObjectName': WORDS.title,
  'XMP-dc:Description-x-default': WORDS.description,
  'IPTC:Caption-Abstract': WORDS.description,
  'IFD0:ImageDescription': WORDS.description,
  'XMP-dc:Subject': WORDS.keywords,
  'IPTC:Keywords': WORDS.keywords,
}
const bareWrite = (file: string) => bare.write(file, bareTags as never, { writeArgs: ['-overwrite_original', '-codedcharacterset=utf8'] })
const wanted = {
  title: { text: WORDS.title, policy: 'replace' as const },
  description: { text: WORDS.description, policy: 'replace' as const },
  keywords: { list: null, add: WORDS.keywords, remove: [] },
}

let folders = 0
function freshCopies(photo: string, count: number): string[] {
  const folder = path.join(base, `copies-${folders++}`)
  mkdirSync(folder)
  return Array.from({ length: count }, (_, at) => {
    const file = path.join(folder, `${at}.jpg`)
    copyFileSync(photo, file)
    return file
  })
}

function register(files: readonly string[]): { id: number; path: string; kind: 'jpeg' }[] {
  const { ids } = database.photos.putFound(
    files.map((file) => ({ path: file, kind: 'jpeg' as const, sizeBytes: statSync(file).size, mtimeMs: 1, pairedPath: null })),
  )
  return files.map((file, at) => ({ id: ids[at]!, path: file, kind: 'jpeg' as const }))
}

async function safeBatch(files: readonly string[]): Promise<{ planMs: number; writeMs: number }> {
  const photos = register(files)
  const plans: number[] = []
  const planMs = await timeMs(async () => {
    for (const photo of photos) plans.push((await writer.plan(photo, wanted, [])).id)
  })
  const writeMs = await timeMs(async () => {
    const outcomes = await writer.write(plans)
    if (outcomes.some(({ outcome }) => outcome !== 'written'))
      throw new Error(`not all were written: ${JSON.stringify(outcomes.find(({ outcome }) => outcome !== 'written'))}`)
  })
  return { planMs, writeMs }
}

/** What no safe write can do without, whatever rewrites it: whole copies of photo and original on the disk, renames, flushed folders. */
async function floorBatch(files: readonly string[]): Promise<void> {
  const kept = path.join(base, 'kept')
  mkdirSync(kept, { recursive: true })
  await inOrder(files, 4, async (file) => {
    const bytes = await readFile(file)
    const places = [path.join(path.dirname(file), `.${path.basename(file)}.copy`), path.join(kept, path.basename(file))]
    for (const place of places) {
      await writeFile(place, bytes)
      await flushFile(place)
    }
    await rename(places[0]!, file)
    await Promise.all([flushFolder(path.dirname(file)), flushFolder(kept)])
  })
}

async function oneRound(photo: string) {
  const bareFiles = freshCopies(photo, BATCH)
  const bareBatchMs = await timeMs(() => Promise.all(bareFiles.map(bareWrite)))
  const { planMs, writeMs } = await safeBatch(freshCopies(photo, BATCH))
  const floorFiles = freshCopies(photo, BATCH)
  const floorMs = await timeMs(() => floorBatch(floorFiles))

  const bareOneMs: number[] = []
  const safeOneMs: number[] = []
  const singles = freshCopies(photo, SINGLES)
  const photos = register(freshCopies(photo, SINGLES))
  for (let at = 0; at < SINGLES; at++) {
    bareOneMs.push(await timeMs(() => bareWrite(singles[at]!)))
    const plan = await writer.plan(photos[at]!, wanted, [])
    safeOneMs.push(await timeMs(() => writer.write([plan.id])))
  }

  const unchangedMs: number[] = []
  const readMs: number[] = []
  const fullReadMs: number[] = []
  const lookMs: number[] = []
  const indexMs: number[] = []
  for (const each of photos) {
    readMs.push(await timeMs(() => reader.read(each)))
    unchangedMs.push(
      await timeMs(async () => {
        const plan = await writer.plan(each, wanted, [])
        const [outcome] = await writer.write([plan.id])
        if (outcome?.outcome !== 'unchanged') throw new Error('an unchanged plan wrote')
      }),
    )
    fullReadMs.push(await timeMs(() => bare.readRaw(each.path, { readArgs: ['-G1', '-a'] })))
    lookMs.push(await timeMs(() => lookPhoto(each.path, 'jpeg', noRaw)))
    indexMs.push(await timeMs(() => readByExifr(each.path, { tiff: true, xmp: true, iptc: true, mergeOutput: false })))
  }
  for (let at = folders - 5; at < folders; at++) rmSync(path.join(base, `copies-${at}`), { recursive: true, force: true })
  return {
    bareBatchMs,
    planMs,
    writeMs,
    floorMs,
    bareOneMs: median(bareOneMs),
    safeOneMs: median(safeOneMs),
    readMs: median(readMs),
    unchangedMs: median(unchangedMs),
    fullReadMs: median(fullReadMs),
    lookMs: median(lookMs),
    indexMs: median(indexMs),
  }
}

try {
  const photo = await makePhoto()
  // Loads code, starts the processes.
  await Promise.all(freshCopies(photo, 4).map(bareWrite))
  await safeBatch(freshCopies(photo, 4))
  const found: Awaited<ReturnType<typeof oneRound>>[] = []
  for (let round = 0; round < rounds; round++) found.push(await oneRound(photo))
  const ratio = (of: (each: (typeof found)[number]) => number) => rounded(median(found.map(of)))
  const ms = (of: (each: (typeof found)[number]) => number) => Math.round(median(found.map(of)) * 10) / 10
  const least = (of: (each: (typeof found)[number]) => number) => Math.min(...found.map(of))
  const ratios = {
    batchThroughput: ratio((each) => each.bareBatchMs / each.writeMs),
    oneLatency: ratio((each) => each.safeOneMs / each.bareOneMs),
    unchangedPlan: ratio((each) => each.unchangedMs / each.readMs),
    indexing: ratio((each) => each.fullReadMs / each.indexMs),
  }
  /** The quietest moment of each: other work on the machine only ever adds. */
  const atBest = {
    batchThroughput: rounded(least((each) => each.bareBatchMs) / least((each) => each.writeMs)),
    /** As if the rewriting itself cost no more than bare, and nothing else took any time. */
    batchThroughputOfTheDisk: rounded(least((each) => each.bareBatchMs) / (least((each) => each.bareBatchMs) + least((each) => each.floorMs))),
    oneLatency: rounded(least((each) => each.safeOneMs) / least((each) => each.bareOneMs)),
    unchangedPlan: rounded(least((each) => each.unchangedMs) / least((each) => each.readMs)),
    indexing: rounded(least((each) => each.fullReadMs) / least((each) => each.indexMs)),
  }
  const missed = [
    ratios.batchThroughput < LIMITS.batchThroughput && 'batch throughput',
    ratios.oneLatency > LIMITS.oneLatency && 'latency of one write',
    ratios.unchangedPlan > LIMITS.unchangedPlan && 'an unchanged plan',
    ratios.indexing < LIMITS.indexing && 'indexing reads',
  ].filter((each) => each !== false)
  console.log(
    JSON.stringify({
      bench: 'metadata-writes',
      photoBytes: statSync(photo).size,
      batch: BATCH,
      rounds,
      load: loadavg()[0],
      ratios,
      atBest,
      limits: LIMITS,
      medianMs: {
        bareBatch: ms((each) => each.bareBatchMs),
        safeBatch: ms((each) => each.writeMs),
        /** Copies, flushes and renames alone. */
        floorBatch: ms((each) => each.floorMs),
        planBatch: ms((each) => each.planMs),
        bareOne: ms((each) => each.bareOneMs),
        safeOne: ms((each) => each.safeOneMs),
        read: ms((each) => each.readMs),
        unchanged: ms((each) => each.unchangedMs),
        fullRead: ms((each) => each.fullReadMs),
        index: ms((each) => each.indexMs),
        /** With the hash of the whole file and its completeness. */
        look: ms((each) => each.lookMs),
      },
      missed,
    }),
  )
  process.exitCode = missed.length > 0 ? 1 : 0
} finally {
  await Promise.all([exiftool.dispose(), bare.end()])
  database.close()
  rmSync(base, { recursive: true, force: true })
}
