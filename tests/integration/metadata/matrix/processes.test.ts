/** Matrix F34–F45: what ExifTool, the studio's own process and its clock may do to a write. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { PhotoKind } from '../../../../src-main/contract/model.ts'
import { StudioError } from '../../../../src-main/lib/studio-error.ts'
import { createExifToolPool } from '../../../../src-main/metadata/exiftool-process.ts'
import type { WriteStep } from '../../../../src-main/metadata/journalled-replace.ts'
import type { WantedFields } from '../../../../src-main/metadata/ports.ts'
import { noteSkip } from '../../../helpers/skips.ts'
import { foundPhoto, openTestDatabase } from '../../../helpers/database-samples.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { createWriterKit, leftovers, sha, type WriterKit } from '../../../helpers/writer-kit.ts'
import { dieAt } from './fault-hooks.ts'
import { photoAt, picture, smallJpeg } from './hard-inputs.ts'
import { expectTidy } from './witness.ts'

const exiftool = createExifToolPool()
const jpeg = await smallJpeg()
afterAll(() => exiftool.dispose())

const WANTED: WantedFields = { title: { text: 'New title', policy: 'replace' }, keywords: { list: null, add: ['new'], remove: [] } }
const photoIn = (folder: string, name = 'a.jpg') => photoAt(folder, name, 'jpeg', jpeg)

describe('ExifTool fails', () => {
  it('F34 a killed ExifTool costs one fresh copy and one more try; the photo is written', async () => {
    const folder = tempFolder()
    const photo = photoIn(folder)
    const pool = createExifToolPool({ maxProcesses: 1 })
    onTestFinished(() => pool.dispose())
    let kills = 0
    // Killed with the command in its hands: nothing answers any more.
    const kit = createWriterKit({ exiftool: killingPool(pool, () => kills++ === 0) })
    const { outcome } = await kit.save(photo, WANTED)
    expect(kills).toBeGreaterThan(0)
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(kit.journal.records).toHaveLength(1)
    expectTidy(photo.path)
  })

  it('F34 an ExifTool that is killed again fails only that photo, which keeps its bytes', async () => {
    const folder = tempFolder()
    const [first, second] = [photoIn(folder), photoIn(folder, 'b.jpg')]
    const before = sha(first.path)
    const pool = createExifToolPool({ maxProcesses: 1 })
    onTestFinished(() => pool.dispose())
    const kit = createWriterKit({ exiftool: killingPool(pool, (args) => kit.journal.records.at(-1)!.path === first.path && args.length > 0) })
    expect((await kit.save(first, WANTED)).outcome).toMatchObject({
      outcome: 'failed',
      code: 'exiftool-failed',
      message: 'ExifTool ended before it answered.',
    })
    expect(sha(first.path)).toBe(before)
    expect((await kit.save(second, WANTED)).outcome).toMatchObject({ outcome: 'written' })
    expectTidy(first.path)
  })

  it('F36 an ExifTool that hangs is ended by its number after the time limit; the photo keeps its bytes', async () => {
    const photo = photoIn(tempFolder())
    const before = sha(photo.path)
    const pool = createExifToolPool({ maxProcesses: 1, commandTimeoutMs: 3000 })
    onTestFinished(() => pool.dispose())
    let stopped: readonly number[] = []
    const kit = createWriterKit({ exiftool: pool }, (step) => {
      if (step !== 'rewrite' || stopped.length > 0) return
      stopped = [...pool.pids]
      for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    })
    expect((await kit.save(photo, WANTED)).outcome).toMatchObject({ outcome: 'failed', code: 'exiftool-timeout' })
    expect(stopped).toHaveLength(1)
    expect(sha(photo.path)).toBe(before)
    expectTidy(photo.path)
    await expect.poll(() => stopped.filter(isRunning), { timeout: 10_000 }).toEqual([])
    // On a busy machine a fresh process may need longer than that limit to start: what counts is that the pool goes on.
    await expect.poll(async () => (await kit.save(photo, WANTED)).outcome.outcome, { timeout: 60_000 }).toBe('written')
  })

  it.each([
    ['garbage', 'print "\\x00\\xff garbage [[[\\n"'],
    ['nothing', ''],
    ['another photo', `print qq([{"SourceFile":"/elsewhere/other.jpg","XMP-dc:Title":"theirs"}]\\n)`],
    ['half an answer', 'print qq([{"SourceFile":\\n)'],
  ])('F37 an ExifTool that answers with %s is not believed', async (_name, answer) => {
    const photo = photoIn(tempFolder())
    const before = sha(photo.path)
    const kit = kitWith(answer)
    const { plan, outcome } = await kit.save(photo, WANTED)
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'exiftool-failed' })
    expect(plan.refusal).not.toBeNull()
    expect(sha(photo.path)).toBe(before)
    expectTidy(photo.path)
  })

  it('F37 answers of one photo never come for another, however many are asked at once', async () => {
    const folder = tempFolder()
    const kit = createWriterKit({ exiftool })
    const photos = Array.from({ length: 24 }, (_, at) => photoIn(folder, `${at}.jpg`))
    const titles = photos.map((_, at) => `${'x'.repeat(at * 997)} ${at}`)
    const plans = await Promise.all(photos.map((photo, at) => kit.writer.plan(photo, { title: { text: titles[at]!, policy: 'replace' } }, [])))
    const outcomes = await kit.writer.write(plans.map(({ id }) => id))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(photos.map(() => 'written'))
    expect(await Promise.all(photos.map(async (photo) => (await kit.reader.read(photo)).title))).toEqual(titles)
  })

  it.each([
    ['that it changed nothing', 'print "    0 image files updated\\n    1 image files unchanged\\n"', /0 image files updated/],
    [
      'that it wrote with a warning',
      'print STDERR "Warning: Deleted bad IFD1 directory\\n"; print "    1 image files updated\\n"',
      /Deleted bad IFD1/,
    ],
    ['nothing at all', '', /did not write cleanly/],
  ])('F87 an ExifTool that says %s has not written', async (_name, answer, said) => {
    const photo = photoIn(tempFolder())
    const before = sha(photo.path)
    const kit = kitWith(`if (!grep { /overwrite/ } @a) { print read_photo($a[-1]) } else { ${answer} }`)
    const { outcome } = await kit.save(photo, WANTED)
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'exiftool-failed' })
    expect(outcome.message).toMatch(said)
    expect(sha(photo.path)).toBe(before)
    expectTidy(photo.path)
  })

  it('F87 an ExifTool that says it wrote but did not is caught when the copy is read back', async () => {
    const photo = photoIn(tempFolder())
    const before = sha(photo.path)
    const kit = kitWith(`if (!grep { /overwrite/ } @a) { print read_photo($a[-1]) } else { print "    1 image files updated\\n" }`)
    const { outcome } = await kit.save(photo, WANTED)
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'verify-failed' })
    expect(sha(photo.path)).toBe(before)
    expectTidy(photo.path)
  })
})

describe('the copy is not what it should be', () => {
  it.each<[string, PhotoKind, () => Promise<Buffer>, (bytes: Buffer) => number]>([
    ['a JPEG’s scan', 'jpeg', smallJpeg, (bytes) => bytes.length - 40],
    ['a JPEG’s tables', 'jpeg', smallJpeg, (bytes) => bytes.indexOf(Buffer.from([0xff, 0xdb])) + 10],
    ['what lies behind a JPEG', 'jpeg', async () => Buffer.concat([jpeg, Buffer.alloc(1000, 7)]), (bytes) => bytes.length - 1],
    ['a PNG’s picture', 'png', () => picture().png().toBuffer(), (bytes) => bytes.indexOf('IDAT') + 60],
    ['a TIFF’s strips', 'tiff', () => picture().tiff({ compression: 'none' }).toBuffer(), (bytes) => bytes.length / 2],
    ['a WebP’s picture', 'webp', () => picture().webp().toBuffer(), (bytes) => bytes.indexOf('VP8 ') + 60],
    ['an AVIF’s picture', 'avif', () => picture().avif({ effort: 0 }).toBuffer(), (bytes) => bytes.length - 20],
  ])('F01 F87 one byte of %s that changed in the rewriting stops the write', async (_what, kind, make, place) => {
    const photo = photoAt(tempFolder(), `a.${kind}`, kind, await make())
    const before = sha(photo.path)
    const tampering: WriterKit['exiftool'] = {
      ...exiftool,
      get pids() {
        return exiftool.pids
      },
      async run(args, options) {
        const reply = await exiftool.run(args, options)
        if (!args.some((arg) => arg.startsWith('-overwrite'))) return reply
        const bytes = readFileSync(args.at(-1)!)
        const at = Math.floor(place(bytes))
        bytes[at] = bytes[at]! ^ 1
        writeFileSync(args.at(-1)!, bytes)
        return reply
      },
    }
    const { outcome } = await createWriterKit({ exiftool: tampering }).save(photo, WANTED)
    expect(outcome).toMatchObject({ outcome: 'failed', code: 'verify-failed' })
    expect(sha(photo.path)).toBe(before)
    expectTidy(photo.path)
  })
})

describe('power is lost', () => {
  /** Freezes at `step` with everything that the disk then holds, put back as the disk would show it after the cut. */
  it.each<[WriteStep, string, (folder: string, atReplace: Map<string, Buffer>) => void, 'old' | 'new']>([
    ['replace', 'before the rename', () => undefined, 'old'],
    ['flush-folder', 'the rename was not yet on the disk', (folder, atReplace) => putBack(folder, atReplace), 'old'],
    ['flush-folder', 'the rename was on the disk', () => undefined, 'new'],
    ['reopen', 'after the folder was flushed', () => undefined, 'new'],
    [
      'flush-folder',
      'the old name went and the new one did not come (no atomic rename)',
      (folder, atReplace) => {
        putBack(folder, atReplace)
        unlinkSync(path.join(folder, 'a.jpg'))
      },
      'new',
    ],
    [
      'rewrite',
      'the copy is half there',
      (folder) => {
        const [temp] = leftovers(folder)
        writeFileSync(path.join(folder, temp!), jpeg.subarray(0, 300))
      },
      'old',
    ],
  ])('F35 F63 at %s: %s', async (step, _what, cut, expected) => {
    const folder = tempFolder()
    const photo = photoIn(folder)
    const old = sha(photo.path)
    let atReplace = new Map<string, Buffer>()
    const { hook, death } = dieAt(step)
    const kit = createWriterKit({ exiftool }, async (at) => {
      if (at === 'replace') atReplace = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]))
      await hook(at)
    })
    void kit.save(photo, WANTED)
    await death
    cut(folder, atReplace)
    const restarted = createWriterKit({ ...kit, exiftool })
    const [outcome] = await restarted.writer.recover()
    const record = kit.journal.records[0]!
    expect(record.state).toBe(expected === 'old' ? 'failed' : 'written')
    expect(outcome?.outcome).toBe(record.state)
    expect(sha(photo.path)).toBe(expected === 'old' ? old : record.hashAfter)
    expectTidy(photo.path)
  })
})

describe('the studio', () => {
  it('F45 the journal keeps the order of writes when the clock jumps back, and the latest write is the one taken back', async () => {
    const folder = tempFolder()
    const database = openTestDatabase(path.join(folder, 'data'))
    mkdirSync(path.join(folder, 'photos'))
    const photo = photoIn(path.join(folder, 'photos'))
    database.photos.putFound([foundPhoto(photo.path)])
    const times = [2_000_000, 1_000_000, 1_500_000, 500_000]
    const kit = createWriterKit({ exiftool })
    const { createMetadataWriter } = await import('../../../../src-main/metadata/metadata-writer.ts')
    const writer = createMetadataWriter({
      exiftool,
      plans: database.plans,
      journal: database.journal,
      clock: { nowMs: () => times.shift() ?? 1, ticksMs: () => 0 },
    })
    for (const text of ['first', 'second']) {
      const plan = await writer.plan({ ...photo, id: 1 }, { title: { text, policy: 'replace' } }, [])
      expect(await writer.write([plan.id])).toMatchObject([{ outcome: 'written' }])
    }
    expect(database.journal.list(0, 9).items.map(({ changes }) => changes[0]?.to)).toEqual(['second', 'first'])
    expect(await writer.revert([database.journal.latestWriteOf(photo.path)!.writeId])).toMatchObject([{ outcome: 'reverted' }])
    expect((await kit.reader.read(photo)).title).toBe('first')
  })

  it('F44 a journal that cannot be written stops the write before the photo is touched', async () => {
    for (const method of ['nextRun', 'begin', 'verified'] as const) {
      const photo = photoIn(tempFolder())
      const before = sha(photo.path)
      const kit = createWriterKit({ exiftool })
      const plan = await kit.writer.plan(photo, WANTED, [])
      const whole = kit.journal[method].bind(kit.journal) as (...args: unknown[]) => never
      Object.assign(kit.journal, {
        [method]: () => {
          throw locked
        },
      })
      const outcome = await kit.writer.write([plan.id]).then(
        ([first]) => first?.outcome,
        () => 'thrown',
      )
      expect(['failed', 'thrown']).toContain(outcome)
      expect(sha(photo.path)).toBe(before)
      expectTidy(photo.path)
      // The decision is not lost: the same plan goes through once the database answers.
      Object.assign(kit.journal, { [method]: whole })
      expect(await kit.writer.write([plan.id])).toMatchObject([{ outcome: 'written' }])
    }
  })

  it('F44 a journal that fails after the rename leaves the write to the next start, which finds the new file', async () => {
    const photo = photoIn(tempFolder())
    const kit = createWriterKit({ exiftool })
    const whole = kit.journal.finish.bind(kit.journal)
    kit.journal.finish = () => {
      throw locked
    }
    const { outcome } = await kit.save(photo, WANTED)
    expect(outcome.outcome).toBe('failed')
    kit.journal.finish = whole
    expect(kit.journal.pending()).toHaveLength(1)
    expect(await createWriterKit({ ...kit, exiftool }).writer.recover()).toMatchObject([{ outcome: 'written' }])
    expect(kit.journal.records[0]?.hashAfter).toBe(sha(photo.path))
  })

  it('F43 a lost library leaves the photos as they are, and a fresh one plans from what they hold', async () => {
    const photo = photoIn(tempFolder())
    await createWriterKit({ exiftool }).save(photo, WANTED)
    const written = sha(photo.path)
    const fresh = createWriterKit({ exiftool })
    expect((await fresh.save(photo, WANTED)).outcome.outcome).toBe('unchanged')
    expect(sha(photo.path)).toBe(written)
  })
})

const locked = new StudioError('data-folder-full', 'The database cannot be written.')

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function putBack(folder: string, files: Map<string, Buffer>): void {
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name))
  for (const [name, bytes] of files) {
    writeFileSync(path.join(folder, `${name}.new`), bytes)
    renameSync(path.join(folder, `${name}.new`), path.join(folder, name))
  }
}

/** The pool, whose processes are killed right after a write was sent to them, when `isWanted` says so. */
function killingPool(pool: WriterKit['exiftool'], isWanted: (args: readonly string[]) => boolean): WriterKit['exiftool'] {
  return {
    ...pool,
    get pids() {
      return pool.pids
    },
    async run(args, options) {
      const isWrite = args.some((arg) => arg.startsWith('-overwrite'))
      if (!isWrite || !isWanted(args)) return pool.run(args, options)
      // A process that is ready, and stopped first: it must not be done before the kill arrives.
      await pool.run(['-ver'])
      for (const pid of pool.pids) process.kill(pid, 'SIGSTOP')
      const reply = pool.run(args, options)
      setImmediate(() => {
        for (const pid of pool.pids) process.kill(pid, 'SIGKILL')
      })
      return reply
    },
  }
}

/** A kit over a scripted ExifTool in Perl: `answer` prints the reply to the arguments in `@a`. */
function kitWith(answer: string): WriterKit {
  const script = path.join(tempFolder(), 'exiftool')
  writeFileSync(
    script,
    `$| = 1;
if (grep { $_ eq '-ver' } @ARGV) { print "13.59\\n"; exit 0 }
sub read_photo { my $f = shift; return qq([{"SourceFile":"$f","File:FileType":"JPEG"}]\\n) }
my @a;
while (my $line = <STDIN>) {
  chomp $line;
  last if $line eq 'False' && @a && $a[-1] eq '-stay_open';
  if ($line =~ /^-execute/) {
    if (grep { $_ eq '-ver' } @a) { print "13.59\\n" } else { ${answer} }
    print "{ready}\\n";
    @a = ();
    next;
  }
  push @a, $line;
}
1;
`,
  )
  chmodSync(script, 0o755)
  const pool = createExifToolPool({ exiftoolPath: script, maxProcesses: 1, commandTimeoutMs: 5000 })
  onTestFinished(() => pool.dispose())
  return createWriterKit({ exiftool: pool })
}

if (process.platform === 'win32') noteSkip('F36 a stopped ExifTool', 'signals are not sent on Windows')
