/** Matrix F33, F35, F38: a real process is killed without warning at fifty instants while it writes two hundred photos over the real journal. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../../src-main/db/open-database.ts'
import { systemClock } from '../../../../src-main/lib/clock.ts'
import { createExifToolPool } from '../../../../src-main/metadata/exiftool-process.ts'
import { createMetadataWriter, type PhotoToWrite } from '../../../../src-main/metadata/metadata-writer.ts'
import type { WantedFields } from '../../../../src-main/metadata/ports.ts'
import { bundleTs } from '../../../helpers/bundle-ts.mjs'
import { foundPhoto } from '../../../helpers/database-samples.ts'
import { noteSkip } from '../../../helpers/skips.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { createWriterKit, sha } from '../../../helpers/writer-kit.ts'
import { photoAt, smallJpeg } from './hard-inputs.ts'

const PHOTOS = 200
const KILLS = 50
const SEED = 20_260_101
/** A life lasts at most as long as the first write of a process and so many more: as measured, fifty lives leave work to the last one. */
const WRITES_IN_A_LIFE = 1

const script = path.join(await bundleTs({ child: 'tests/helpers/children/metadata-write-child.ts' }, 'metadata-write-child'), 'child.js')

interface Told {
  kind: 'warm' | 'recovered' | 'done'
  recovered: number
  pending: number
  disagreements: string[]
  temps: string[]
  outcomes: string[]
  writes: string[]
}

it('F33 F38 kill -9 at 50 instants during 200 writes: every photo old or new, the journal agrees, the job ends, each photo written once', {
  timeout: 600_000,
}, async () => {
  const folder = tempFolder()
  const photos = path.join(folder, 'photos')
  const data = path.join(folder, 'data')
  mkdirSync(photos)
  const bytes = await smallJpeg()
  const wanted = { title: { text: 'Möwe 港', policy: 'replace' as const }, keywords: { list: null, add: ['gull'], remove: [] } }

  // What a write makes of these bytes: the one other thing a photo may be.
  const kit = createWriterKit()
  const sample = photoAt(folder, 'sample.jpg', 'jpeg', bytes)
  const old = sha(sample.path)
  const timeSave = async (photo: PhotoToWrite) => {
    const startedMs = performance.now()
    await kit.save(photo, wanted)
    return performance.now() - startedMs
  }
  const firstMs = await timeSave(sample)
  const fresh = sha(sample.path)
  const longestLifeMs = firstMs + WRITES_IN_A_LIFE * (await timeSave(photoAt(folder, 'timed.jpg', 'jpeg', bytes)))
  await kit.exiftool.dispose()
  expect(fresh).not.toBe(old)

  const lastPlan = await planAll(data, photos, bytes, wanted, PHOTOS)
  const start = () => startLife(script, [data, String(lastPlan - PHOTOS + 1), String(lastPlan)])
  const files = readdirSync(photos).map((name) => path.join(photos, name))
  const states = () => new Set(files.map(sha))

  const random = mulberry(SEED)
  let crashes = 0
  let next = start()
  for (let kill = 0; kill < KILLS; kill++) {
    const life = next
    await life.told('warm')
    life.send('go')
    next = start()
    if (kill % 5 === 4) {
      // During recovery as well.
      await new Promise((resolve) => setTimeout(resolve, random() * 40))
    } else {
      const found = await life.told('recovered')
      expect(found).toMatchObject({ pending: 0, disagreements: [], temps: [] })
      crashes += found.recovered
      await new Promise((resolve) => setTimeout(resolve, random() * longestLifeMs))
    }
    await life.kill()
    for (const state of states()) expect([old, fresh]).toContain(state)
  }
  // The kills did hit writes, or this test would prove nothing.
  expect(crashes).toBeGreaterThan(KILLS / 3)

  await next.told('warm')
  next.send('all')
  expect(await next.told('recovered')).toMatchObject({ pending: 0, disagreements: [], temps: [] })
  const { outcomes, writes } = await next.told('done')
  expect(outcomes.filter((outcome) => outcome !== 'written' && outcome !== 'unchanged')).toEqual([])
  expect([...states()]).toEqual([fresh])
  expect(writes.toSorted()).toEqual(files.toSorted())
  expect(readdirSync(photos).toSorted()).toEqual(files.map((file) => path.basename(file)).toSorted())
})

const noTrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0 ? null : 'strace is missing or not allowed here'
if (noTrace) noteSkip('F35 the order in which bytes reach the disk', noTrace)

it.skipIf(noTrace !== null)('F35 journal, copy, journal, rename, folder, journal: each is on the disk before the next begins', async () => {
  const folder = tempFolder()
  const photos = path.join(folder, 'photos')
  const data = path.join(folder, 'data')
  mkdirSync(photos)
  const plan = await planAll(data, photos, await smallJpeg(), { title: { text: 'T', policy: 'replace' } }, 1)
  const trace = path.join(folder, 'trace')
  const calls = 'fsync,fdatasync,rename,renameat,renameat2'
  const child = spawn('strace', ['-f', '-y', '-o', trace, '-e', `trace=${calls}`, process.execPath, script, data, String(plan), String(plan)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.on('message', ({ kind }: Told) => void (kind === 'warm' && child.send('go')))
  expect(await once(child, 'exit')).toEqual([0, null])

  // Calls of several threads interleave: a call counts when it is done, under the name of the file that it was for.
  const steps: string[] = []
  const begun = new Map<string, string>()
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const [pid = ''] = line.split(' ')
    const whole = line.includes('<unfinished') ? (begun.set(pid, line), '') : line.includes('resumed>') ? `${begun.get(pid)} ${line}` : line
    const name = /(?:f(?:data)?sync)\(\d+<([^>]*)>/.exec(whole)?.[1]
    // Onto the photo: ExifTool renames within our copies as well.
    if (/rename\w*\(.*\.iws-.*"[^"]*\/000\.jpg"/.test(whole)) steps.push('rename')
    else if (name?.includes('.iws-')) steps.push('copy')
    else if (name === photos) steps.push('folder')
    else if (name?.startsWith(data)) steps.push('journal')
  }
  const told = steps.filter((step, at) => step !== steps[at - 1]).join(' ')
  expect(told).toMatch(/^journal copy journal rename folder journal$/)
})

/** Stores a plan for every photo in the library's database, as a command would before it is killed. Answers the last plan's number. */
async function planAll(data: string, photos: string, bytes: Buffer, wanted: WantedFields, count: number): Promise<number> {
  const names = Array.from({ length: count }, (_, at) => `${String(at).padStart(3, '0')}.jpg`)
  for (const name of names) writeFileSync(path.join(photos, name), bytes)
  const database = openDatabase({ folder: data, clock: systemClock })
  const exiftool = createExifToolPool()
  try {
    database.photos.putFound(names.map((name) => foundPhoto(path.join(photos, name))))
    const writer = createMetadataWriter({ exiftool, plans: database.plans, journal: database.journal, clock: systemClock })
    const ids = await Promise.all(
      names.map(async (name, at) => (await writer.plan({ id: at + 1, path: path.join(photos, name), kind: 'jpeg' }, wanted, [])).id),
    )
    expect(new Set(ids).size).toBe(count)
    return Math.max(...ids)
  } finally {
    await exiftool.dispose()
    database.close()
  }
}

function startLife(script: string, args: string[]) {
  const child: ChildProcess = fork(script, args, { execArgv: [] })
  const heard = new Map<string, Told>()
  let wake = () => undefined as void
  child.on('message', (message: Told) => {
    heard.set(message.kind, message)
    wake()
  })
  child.once('exit', () => wake())
  onTestFinished(() => void child.kill('SIGKILL'))
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  return {
    send: (what: string) => void child.send(what),
    async told(kind: Told['kind']): Promise<Told> {
      for (;;) {
        const message = heard.get(kind)
        if (message !== undefined) return message
        if (hasEnded()) throw new Error(`the process ended before it said ${kind}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async kill(): Promise<void> {
      if (hasEnded()) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Seeded: the same instants, as far as a machine can repeat them. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
