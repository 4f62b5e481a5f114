/**
 * Import of 100,000 tiny nested files against its floor: a plain synchronous walk with stat, plus the same rows inserted bare.
 * Started by import.mjs, which lays the built worker beside it. Both in one run, best of three each, alternating; prints one JSON line.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { DatabaseSync } from '@photostructure/sqlite'
import { MIGRATIONS } from '../../src-main/db/migrations/index.ts'
import { openDatabase } from '../../src-main/db/open-database.ts'
import { systemClock } from '../../src-main/lib/clock.ts'
import { EventBus } from '../../src-main/lib/event-bus.ts'
import { createImporter } from '../../src-main/library/import-run.ts'
import { searchKey } from '../../src-main/library/path-key.ts'
import { forkWorkersFrom } from '../../src-main/workers/fork-worker.ts'
import { createWorkerClient } from '../../src-main/workers/worker-client.ts'

const ROUNDS = 3
const files = Number(process.argv[2] ?? 100_000)
const base = mkdtempSync(path.join(os.tmpdir(), 'imageworks-bench-'))
const photosFolder = path.join(base, 'photos')

/** Folders of 500 files, three deep; one name in a hundred is odd. */
function generate(): void {
  const odd = ['😀', 'cafe\u0301', '-dash', 'a\nb', 'trailing...', 'Ünï']
  for (let n = 0; n < files; n++) {
    const folderNumber = Math.floor(n / 500)
    const folder = path.join(photosFolder, `y${folderNumber % 10}`, `m${folderNumber % 100}`, `d${folderNumber}`)
    if (n % 500 === 0) mkdirSync(folder, { recursive: true })
    const name = n % 100 === 7 ? `${odd[n % odd.length]} ${n}.jpg` : `IMG_${n}.jpg`
    writeFileSync(path.join(folder, name), 'x')
  }
}

interface BareRow {
  file: string
  sizeBytes: number
  mtimeMs: number
}

function plainWalk(folder: string, rows: BareRow[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) plainWalk(file, rows)
    else {
      const { size, mtimeMs } = statSync(file)
      rows.push({ file, sizeBytes: size, mtimeMs })
    }
  }
}

/** The same rows in the same tables, one prepared statement, one transaction, nothing looked up. */
function insertBare(rows: readonly BareRow[], file: string): void {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768')
  for (const step of MIGRATIONS) db.exec(step)
  const folderIds = new Map<string, number>()
  const folder = db.prepare('INSERT INTO folders (path, path_key) VALUES (?, ?)')
  const photo = db.prepare('INSERT INTO photos (folder_id, path_key, path, name_key, kind, size_bytes, mtime_ms) VALUES (?, ?, ?, ?, ?, ?, ?)')
  db.exec('BEGIN')
  for (const row of rows) {
    const above = path.dirname(row.file)
    let folderId = folderIds.get(above)
    if (folderId === undefined) {
      folderId = Number(folder.run(above, above).lastInsertRowid)
      folderIds.set(above, folderId)
    }
    photo.run(folderId, row.file, row.file, searchKey(path.basename(row.file)), 'jpeg', row.sizeBytes, row.mtimeMs)
  }
  db.exec('COMMIT')
  db.close()
}

function measureFloor(round: number): { walkMs: number; insertMs: number } {
  const startedMs = performance.now()
  const rows: BareRow[] = []
  plainWalk(photosFolder, rows)
  const walkedMs = performance.now()
  insertBare(rows, path.join(base, `bare-${round}.sqlite`))
  if (rows.length !== files) throw new Error(`the plain walk saw ${rows.length} of ${files} files`)
  return { walkMs: walkedMs - startedMs, insertMs: performance.now() - walkedMs }
}

async function measureImport(round: number): Promise<{ totalMs: number; againMs: number; delayP99Ms: number; delayMaxMs: number }> {
  const database = openDatabase({ folder: path.join(base, `data-${round}`), clock: systemClock })
  const worker = createWorkerClient('import', forkWorkersFrom(import.meta.dirname))
  const importer = createImporter({ worker, photos: database.photos, events: new EventBus(), clock: systemClock })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const startedMs = performance.now()
  // The start of the worker process is part of what a person waits for.
  const summary = await importer.importAll([photosFolder], { recursive: true })
  const totalMs = performance.now() - startedMs
  delay.disable()
  if (summary.state !== 'done' || summary.added !== files) throw new Error(`the import ended as ${JSON.stringify(summary)}`)
  const againStartedMs = performance.now()
  const again = await importer.importAll([photosFolder], { recursive: true })
  const againMs = performance.now() - againStartedMs
  if (again.added + again.changed !== 0) throw new Error('the second import changed rows')
  await importer.dispose()
  await worker.dispose()
  database.close()
  return { totalMs, againMs, delayP99Ms: delay.percentile(99) / 1e6, delayMaxMs: delay.max / 1e6 }
}

/** The row counts of the list queries that a window asks most. */
function measureQueries(): Record<string, number> {
  const database = openDatabase({ folder: path.join(base, 'data-0'), clock: systemClock })
  const { photos } = database
  const p95 = (work: () => unknown) => {
    const tookMs = Array.from({ length: 20 }, () => {
      const startedMs = performance.now()
      work()
      return performance.now() - startedMs
    }).sort((a, b) => a - b)
    return Math.round(tookMs[18]! * 10) / 10
  }
  const folderId = photos.folders()[1]?.id
  const told = {
    listByPathMs: p95(() => photos.list({ recursive: true, sort: 'path' }, 50_000, 200)),
    listByNameMs: p95(() => photos.list({ recursive: true, sort: 'name' }, 50_000, 200)),
    listByTakenMs: p95(() => photos.list({ recursive: true, sort: 'taken' }, 50_000, 200)),
    listOneStateMs: p95(() => photos.list({ recursive: true, sort: 'path', states: ['untagged'] }, 0, 200)),
    listBelowFolderMs: p95(() => photos.list({ recursive: true, sort: 'path', folderId }, 0, 200)),
    searchTextMs: p95(() => photos.list({ recursive: true, sort: 'path', text: 'img_4711' }, 0, 200)),
    searchManyHitsMs: p95(() => photos.list({ recursive: true, sort: 'path', text: 'img' }, 0, 200)),
    foldersMs: p95(() => photos.folders()),
  }
  database.close()
  return told
}

const rounded = (value: number) => Math.round(value * 10) / 10
try {
  generate()
  const floors: { walkMs: number; insertMs: number }[] = []
  const imports: Awaited<ReturnType<typeof measureImport>>[] = []
  // The first walk of either kind warms the disk cache for both.
  plainWalk(photosFolder, [])
  for (let round = 0; round < ROUNDS; round++) {
    floors.push(measureFloor(round))
    imports.push(await measureImport(round))
  }
  const floor = floors.reduce((best, each) => (each.walkMs + each.insertMs < best.walkMs + best.insertMs ? each : best))
  const best = imports.reduce((best, each) => (each.totalMs < best.totalMs ? each : best))
  const floorMs = floor.walkMs + floor.insertMs
  const report = {
    bench: 'import',
    files,
    walkMs: rounded(floor.walkMs),
    insertBareMs: rounded(floor.insertMs),
    importMs: rounded(best.totalMs),
    ratio: Math.round((best.totalMs / floorMs) * 100) / 100,
    limit: 1.5,
    ratiosByRound: floors.map((each, round) => Math.round((imports[round]!.totalMs / (each.walkMs + each.insertMs)) * 100) / 100),
    importAgainMs: rounded(best.againMs),
    eventLoopDelayP99Ms: rounded(best.delayP99Ms),
    eventLoopDelayMaxMs: rounded(best.delayMaxMs),
    ...measureQueries(),
  }
  console.log(JSON.stringify(report))
  process.exitCode = report.ratio <= report.limit ? 0 : 1
} finally {
  if (existsSync(base)) rmSync(base, { recursive: true, force: true })
}
