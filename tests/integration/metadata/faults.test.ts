import { closeSync, existsSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createExifToolPool } from '../../../src-main/metadata/exiftool-process.ts'
import { WRITE_STEPS, type WriteStep } from '../../../src-main/metadata/journalled-replace.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, dumpTags, leftovers, sha } from '../../helpers/writer-kit.ts'
import { dieAt, failAt } from './matrix/fault-hooks.ts'

const exiftool = createExifToolPool()
afterAll(() => exiftool.dispose())

const WORDS: WantedFields = { title: { text: 'New title', policy: 'replace' }, keywords: { list: null, add: ['new'], remove: [] } }
const BEFORE_RECORD: readonly WriteStep[] = ['check', 'read', 'journal']
const AFTER_REPLACE: readonly WriteStep[] = ['flush-folder', 'reopen', 'finish']

describe('a write that fails at any step leaves the old file or the verified new one, and the journal says which', () => {
  it.each(WRITE_STEPS)('F33 F46 an error at %s', async (step) => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const before = readFileSync(photo.path)
    // The old inode, held open: nobody may write into it, whatever name it has later.
    const original = openSync(photo.path, 'r')
    const mtimeMs = fstatSync(original).mtimeMs
    const kit = createWriterKit({ exiftool }, failAt(step, 'ENOSPC'))
    const { outcome } = await kit.save(photo, WORDS)
    const record = kit.journal.records[0]
    if (AFTER_REPLACE.includes(step)) {
      expect(outcome).toMatchObject({ outcome: 'written', code: null })
      expect(record).toMatchObject({ state: 'written', hashAfter: sha(photo.path) })
    } else {
      expect(outcome).toMatchObject({ outcome: 'failed', code: 'disk-full' })
      expect(readFileSync(photo.path).equals(before)).toBe(true)
      if (BEFORE_RECORD.includes(step)) expect(record).toBeUndefined()
      else expect(record).toMatchObject({ state: 'failed', problem: { code: 'disk-full' } })
    }
    expect(readFileSync(original).equals(before)).toBe(true)
    expect(fstatSync(original).mtimeMs).toBe(mtimeMs)
    closeSync(original)
    expect(leftovers(folder)).toEqual([])
    expect(kit.journal.pending()).toEqual([])
    // The same plan, or a new one where it was written, completes.
    const again = await createWriterKit({ ...kit, exiftool }).save(photo, WORDS)
    expect(again.outcome.outcome).toBe(AFTER_REPLACE.includes(step) ? 'unchanged' : 'written')
  })

  it.each(WRITE_STEPS)('F33 a crash at %s, then the next start', async (step) => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const before = sha(photo.path)
    const { hook, death } = dieAt(step)
    const kit = createWriterKit({ exiftool }, hook)
    void kit.save(photo, WORDS)
    await death
    const restarted = createWriterKit({ ...kit, exiftool })
    const outcomes = await restarted.writer.recover()
    const record = kit.journal.records[0]
    if (BEFORE_RECORD.includes(step)) expect(outcomes).toEqual([])
    else if (AFTER_REPLACE.includes(step)) {
      expect(outcomes).toMatchObject([{ outcome: 'written', writeId: 1 }])
      expect(record).toMatchObject({ state: 'written', hashAfter: sha(photo.path) })
    } else {
      expect(outcomes).toMatchObject([{ outcome: 'failed', code: 'cancelled', writeId: 1 }])
      expect(record).toMatchObject({ state: 'failed' })
      expect(sha(photo.path)).toBe(before)
    }
    expect(leftovers(folder)).toEqual([])
    expect(await restarted.writer.recover()).toEqual([])
  })

  it.each(WRITE_STEPS)('F33 a crash at %s of a revert, then the next start', async (step) => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const tags = dumpTags(photo.path)
    const kit = createWriterKit({ exiftool })
    const { outcome } = await kit.save(photo, WORDS)
    const written = sha(photo.path)
    const { hook, death } = dieAt(step)
    void createWriterKit({ ...kit, exiftool }, hook).revert(outcome.writeId)
    await death
    const restarted = createWriterKit({ ...kit, exiftool })
    await restarted.writer.recover()
    if (AFTER_REPLACE.includes(step)) expect(kit.journal.find(1)).toMatchObject({ state: 'reverted', revertedBy: 2 })
    else {
      expect(sha(photo.path)).toBe(written)
      expect(kit.journal.find(1)).toMatchObject({ state: 'written' })
      expect(await restarted.revert(1)).toMatchObject({ outcome: 'reverted' })
    }
    expect(dumpTags(photo.path)).toEqual(tags)
    expect(leftovers(folder)).toEqual([])
  })

  it.each(['copy', 'rewrite', 'verified', 'replace', 'flush-folder', 'finish'] as const)('F33 a new sidecar: a crash at %s', async (step) => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const { hook, death } = dieAt(step)
    const kit = createWriterKit({ exiftool }, hook)
    void kit.save(photo, WORDS)
    await death
    const restarted = createWriterKit({ ...kit, exiftool })
    await restarted.writer.recover()
    expect(existsSync(path.join(folder, 'DSC_0042.xmp'))).toBe(AFTER_REPLACE.includes(step))
    expect(kit.journal.find(1)?.state).toBe(AFTER_REPLACE.includes(step) ? 'written' : 'failed')
    expect(leftovers(folder)).toEqual([])
  })

  it.each(['journal', 'verified', 'replace', 'flush-folder', 'finish'] as const)('F33 taking back a new sidecar: a crash at %s', async (step) => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const sidecar = path.join(folder, 'DSC_0042.xmp')
    const kit = createWriterKit({ exiftool })
    await kit.save(photo, WORDS)
    const { hook, death } = dieAt(step)
    void createWriterKit({ ...kit, exiftool }, hook).revert(1)
    await death
    const restarted = createWriterKit({ ...kit, exiftool })
    await restarted.writer.recover()
    expect(kit.journal.find(1)?.state).toBe(existsSync(sidecar) ? 'written' : 'reverted')
    if (existsSync(sidecar)) expect(await restarted.revert(1)).toMatchObject({ outcome: 'reverted' })
    expect(existsSync(sidecar)).toBe(false)
    expect(leftovers(folder)).toEqual([])
  })
})

describe('other programs in between', () => {
  it('F65 a photo changed after the plan is refused and keeps the other program’s bytes', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const kit = createWriterKit({ exiftool })
    const plan = await kit.writer.plan(photo, WORDS, [])
    const other = Buffer.concat([readFileSync(photo.path), Buffer.from('theirs')])
    writeFileSync(photo.path, other)
    expect(await kit.writer.write([plan.id])).toMatchObject([{ outcome: 'refused', code: 'file-changed' }])
    expect(readFileSync(photo.path).equals(other)).toBe(true)
    expect(kit.journal.records).toEqual([])
  })

  it.each(['copy', 'rewrite', 'recheck', 'verified', 'replace'] as const)('F65 a photo that changes at %s is left as it then is', async (step) => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const other = Buffer.concat([readFileSync(photo.path), Buffer.from('theirs')])
    const kit = createWriterKit({ exiftool }, (at) => {
      if (at === step) writeFileSync(photo.path, other)
    })
    const { outcome } = await kit.save(photo, WORDS)
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'file-changed' })
    expect(readFileSync(photo.path).equals(other)).toBe(true)
    expect(kit.journal.records[0]).toMatchObject({ state: 'failed', problem: { code: 'file-changed' } })
    expect(leftovers(folder)).toEqual([])
  })

  it('F79 a sidecar that appears just before ours is placed is not overwritten', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const sidecar = path.join(folder, 'DSC_0042.xmp')
    const kit = createWriterKit({ exiftool }, (at) => {
      if (at === 'replace') writeFileSync(sidecar, 'theirs')
    })
    const { outcome } = await kit.save(photo, WORDS)
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'file-changed' })
    expect(readFileSync(sidecar, 'utf8')).toBe('theirs')
    expect(leftovers(folder)).toEqual([])
  })

  it('F79 a tag that was changed after our write stays when the write is taken back, and is named; the others go back', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const kit = createWriterKit({ exiftool })
    const before = await kit.reader.read(photo)
    const { outcome } = await kit.save(photo, WORDS)
    await kit.save(photo, { title: { text: 'By hand, later', policy: 'replace' } })
    const back = await kit.revert(outcome.writeId)
    expect(back).toMatchObject({ outcome: 'reverted', code: 'file-changed' })
    expect(back.message).toContain('XMP-dc:Title')
    const now = await kit.reader.read(photo)
    expect(now).toMatchObject({ title: 'By hand, later', keywords: before.keywords, conflicts: [] })
  })

  it('F40 two writes on one photo follow each other; the second sees the first', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    const kit = createWriterKit({ exiftool })
    const plans = [await kit.writer.plan(photo, WORDS, []), await kit.writer.plan(photo, { title: { text: 'Other', policy: 'replace' } }, [])]
    const outcomes = await kit.writer.write(plans.map((plan) => plan.id))
    expect(outcomes).toMatchObject([{ outcome: 'written' }, { outcome: 'refused', code: 'plan-stale' }])
    expect((await kit.reader.read(photo)).title).toBe('New title')
  })

  it('F41 a cancelled batch finishes the photos in work and leaves the rest, each with its outcome', async () => {
    const folder = tempFolder()
    const photos = Array.from({ length: 6 }, (_, at) => copyFixture(folder, 'wave.jpg', 'jpeg', `${at}.jpg`))
    const cancel = new AbortController()
    const kit = createWriterKit({ exiftool }, (step) => {
      if (step === 'rewrite') cancel.abort()
    })
    const plans = []
    for (const photo of photos) plans.push(await kit.writer.plan(photo, WORDS, []))
    const seen: string[] = []
    const outcomes = await kit.writer.write(
      plans.map((plan) => plan.id),
      { signal: cancel.signal, onOutcome: (outcome) => seen.push(outcome.outcome) },
    )
    expect(outcomes.map((outcome) => outcome.outcome)).toEqual([...Array<string>(4).fill('written'), 'refused', 'refused'])
    expect(outcomes[5]).toMatchObject({ code: 'cancelled', writeId: null })
    expect(seen).toHaveLength(6)
    expect(leftovers(folder)).toEqual([])
  })
})
