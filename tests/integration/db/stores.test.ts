import { describe, expect, it } from 'vitest'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Decision } from '../../../src-main/contract/model.ts'
import { DEFAULT_SETTINGS } from '../../../src-main/contract/settings.ts'
import type { StudioDatabase } from '../../../src-main/db/open-database.ts'
import type { JournalRecord } from '../../../src-main/metadata/ports.ts'
import { killNow, startChild } from '../../helpers/children/start-child.ts'
import { foundPhoto, newProposal, openTestDatabase } from '../../helpers/database-samples.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const withPhotos = (count: number, folder = tempFolder()) => {
  const database = openTestDatabase(folder)
  const { ids } = database.photos.putFound(Array.from({ length: count }, (_, n) => foundPhoto(`/p/${String(n).padStart(4, '0')}.jpg`)))
  return { ...database, ids: ids as [number, ...number[]], folder }
}

describe('decisions', () => {
  const titled = (photoId: number, text: string): Decision => ({
    photoId,
    status: 'open',
    fields: { title: { verdict: 'accept', text, origin: 'hand' } },
    keywords: [],
    keywordList: null,
  })
  const titleOf = (decision: Decision | undefined) => decision?.fields.title?.text

  it('go back to nothing and forward again, and a new one after undo leaves no way forward', () => {
    const { decisions, ids } = withPhotos(2)
    const [photo, other] = ids as [number, number]
    expect([decisions.canUndo(photo), decisions.canRedo(photo), decisions.undo(photo)]).toEqual([false, false, undefined])
    decisions.put(titled(photo, 'one'))
    decisions.put(titled(photo, 'two'))
    decisions.put(titled(other, 'else'))
    expect(titleOf(decisions.undo(photo))).toBe('one')
    expect(decisions.undo(photo)).toEqual({ photoId: photo, status: 'open', fields: {}, keywords: [], keywordList: null })
    expect([decisions.canUndo(photo), decisions.canRedo(photo)]).toEqual([false, true])
    expect(titleOf(decisions.redo(photo))).toBe('one')
    decisions.put(titled(photo, 'three'))
    expect([decisions.canRedo(photo), decisions.redo(photo)]).toEqual([false, undefined])
    expect(titleOf(decisions.get(photo))).toBe('three')
    expect(titleOf(decisions.undo(photo))).toBe('one')
    expect(titleOf(decisions.get(other))).toBe('else')
  })

  it('keep a long but bounded way back', () => {
    const { decisions, ids } = withPhotos(1)
    for (let n = 1; n <= 250; n++) decisions.put(titled(ids[0], `t${n}`))
    let steps = 0
    while (decisions.canUndo(ids[0])) {
      decisions.undo(ids[0])
      steps++
    }
    expect(steps).toBe(200)
    expect(titleOf(decisions.get(ids[0]))).toBe('t50')
    expect(decisions.canRedo(ids[0])).toBe(true)
  })

  it('of many photos are all stored or none', () => {
    const { decisions, ids } = withPhotos(2)
    expect(() => decisions.putAll([titled(ids[0], 'x'), titled(999, 'no such photo')])).toThrow()
    expect(titleOf(decisions.get(ids[0]))).toBeUndefined()
    decisions.putAll(ids.map((id) => titled(id, 'y')))
    expect(ids.map((id) => titleOf(decisions.get(id)))).toEqual(['y', 'y'])
  })
})

describe('proposals', () => {
  it('give the newest of each stage and find equal work, and mark the photo gated by its newest ones only', () => {
    const { proposals, photos, ids } = withPhotos(1)
    const [photo] = ids
    const first = proposals.add(newProposal(photo, { gates: ['too-long'], parameters: { temperature: 0 } }))
    expect(photos.find(photo)?.gated).toBe(true)
    const second = proposals.add(newProposal(photo, { text: 'Another', settingsHash: 'settings-2' }))
    const words = proposals.add(
      newProposal(photo, { stage: 'keywords', text: null, keywords: [{ keyword: 'boat', confidence: null, source: 'model', level: 'propose' }] }),
    )
    expect(photos.find(photo)?.gated).toBe(false)
    expect(proposals.latest(photo)).toEqual({ caption: second, keywords: words })
    const again = proposals.add(newProposal(photo, { text: 'Another', settingsHash: 'settings-3' }))
    expect(proposals.alternatives(photo, 60).map(({ id }) => id)).toEqual([again.id, words.id, first.id])
    expect(proposals.alternatives(photo, 1).map(({ id }) => id)).toEqual([again.id])
    expect(proposals.findSame(photo, 'caption', 'hash-1', 'settings-1')).toEqual(first)
    expect(proposals.findSame(photo, 'caption', 'hash-2', 'settings-1')).toBeUndefined()
  })
})

describe('runs', () => {
  it('give each photo once, count them, and let failed ones wait again', () => {
    const { runs, ids } = withPhotos(3)
    const run = runs.create(['caption'], { caption: 'm' }, [...ids, ids[0], 999], 5)
    expect(run).toEqual({ runId: run.runId, state: 'running', stages: ['caption'], models: { caption: 'm' }, startedAtMs: 5, finishedAtMs: null })
    const taken = [runs.takeNext(run.runId), runs.takeNext(run.runId), runs.takeNext(run.runId), runs.takeNext(run.runId)]
    expect(taken).toEqual([...ids, undefined])
    runs.finishItem(run.runId, ids[0], 'done', null)
    runs.finishItem(run.runId, ids[1]!, 'failed', { stage: 'caption', problem: { code: 'reply-empty', message: 'empty' } })
    expect(runs.counts(run.runId)).toEqual({ total: 3, done: 1, failed: 1, waiting: 0, working: 1 })
    expect(runs.failures(run.runId)).toEqual([
      { photoId: ids[1], path: '/p/0001.jpg', stage: 'caption', problem: { code: 'reply-empty', message: 'empty' } },
    ])
    expect(runs.retryFailed(run.runId)).toBe(1)
    expect(runs.failures(run.runId)).toEqual([])
    expect(runs.cancelItems(run.runId).sort()).toEqual([ids[1], ids[2]])
    expect(runs.takeNext(run.runId)).toBeUndefined()
    runs.setState(run.runId, 'cancelled', 9)
    runs.setModels(run.runId, { caption: 'other' })
    expect(runs.list(10)).toMatchObject([{ state: 'cancelled', finishedAtMs: 9, models: { caption: 'other' } }])
  })

  it('end each photo exactly once although the process is killed in the middle', async () => {
    const { runs, ids, folder } = withPhotos(20)
    const { runId } = runs.create(['caption'], {}, ids, 1)
    const child = await startChild('data-folder-child', [folder, 'run', String(runId), '8'])
    await killNow(child)
    const next = openTestDatabase(folder)
    expect(next.runs.counts(runId)).toEqual({ total: 20, done: 7, failed: 0, waiting: 12, working: 1 })
    expect(next.runs.recoverInterrupted()).toEqual([runId])
    expect(next.runs.get(runId)?.state).toBe('interrupted')
    expect(next.runs.recoverInterrupted()).toEqual([])
    const finished: number[] = []
    for (let photo = next.runs.takeNext(runId); photo !== undefined; photo = next.runs.takeNext(runId)) {
      finished.push(photo)
      next.runs.finishItem(runId, photo, 'done', null)
    }
    // The one that was in work comes again, those that were done do not.
    expect(finished).toEqual(ids.slice(7))
    expect(next.runs.counts(runId)).toMatchObject({ done: 20, waiting: 0, working: 0 })
  })
})

describe('plans and the journal', () => {
  const write = (database: StudioDatabase, run: number, path: string, more: Partial<JournalRecord> = {}) =>
    database.journal.begin({
      photoId: null,
      path,
      targetPath: path,
      tempPath: `${path}.tmp`,
      timeMs: 10,
      run,
      changes: [{ field: 'title', from: null, to: 'T' }],
      models: ['m'],
      planId: 1,
      hashBefore: 'b',
      hashAfter: null,
      before: { 'XMP-dc:Title': null, 'XMP-dc:Subject': ['a', '\ud83d\ude00'] },
      after: { 'XMP-dc:Title': { 'x-default': 'T' } },
      toolVersions: { exiftool: '13.0' },
      kind: 'write',
      reverts: null,
      isPartial: false,
      promptHashes: [],
      ...more,
    })

  it('a plan comes back exactly as it was shown', () => {
    const { plans, ids } = withPhotos(1)
    const plan = {
      photoId: ids[0],
      path: '/p/0000.jpg',
      target: 'embedded' as const,
      targetPath: '/p/0000.jpg',
      changes: [{ field: 'keywords' as const, from: [], to: ['007', ' spaced '] }],
      warnings: [{ code: 'value-truncated', message: 'cut' }],
      refusal: null,
      createdAtMs: 1,
      targetHash: null,
      photoHash: 'h',
      models: ['m'],
    }
    const stored = plans.add(plan)
    expect(plans.find(stored.id)).toEqual({ ...plan, id: stored.id })
    expect(plans.find(stored.id + 1)).toBeUndefined()
  })

  it('the journal keeps every step, newest first, even when the clock goes backwards', () => {
    const database = withPhotos(1)
    const { journal } = database
    const [run, nextRun] = [journal.nextRun(), journal.nextRun()]
    expect(nextRun).toBe(run + 1)
    const first = write(database, run, '/p/a.jpg', { timeMs: 1000 })
    const second = write(database, run, '/p/b.jpg', { timeMs: 10, targetPath: '/p/b.xmp' })
    const third = write(database, nextRun, '/p/a.jpg', { timeMs: 5 })
    expect(journal.pending().map(({ writeId }) => writeId)).toEqual([first, second, third])
    journal.verified(first, 'after-1')
    journal.finish(first, 'written', null)
    journal.finish(second, 'written', null)
    journal.finish(third, 'failed', { code: 'disk-full', message: 'full' })
    expect(journal.pending()).toEqual([])
    expect(journal.list(0, 2)).toMatchObject({
      total: 3,
      items: [{ writeId: third, state: 'failed', problem: { code: 'disk-full' } }, { writeId: second }],
    })
    expect(journal.find(first)).toMatchObject({ hashAfter: 'after-1', before: { 'XMP-dc:Title': null, 'XMP-dc:Subject': ['a', '\ud83d\ude00'] } })
    expect(journal.writesOfRun(run)).toEqual([first, second])
    expect(journal.latestWriteOf('/p/a.jpg')?.writeId).toBe(first)
    expect(journal.latestWriteOf('/p/b.xmp')?.writeId).toBe(second)
    journal.reverted(first, null)
    expect(journal.latestWriteOf('/p/a.jpg')).toBeUndefined()
    expect(journal.find(first)?.state).toBe('reverted')
  })
})

describe('settings', () => {
  it('keep what was chosen, and one spoilt value costs only itself', () => {
    const database = openTestDatabase(tempFolder())
    const { settings } = database
    expect(settings.readSettings()).toEqual(DEFAULT_SETTINGS)
    expect(settings.writeSettings({ theme: 'dark', taggingConcurrency: 4 })).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark', taggingConcurrency: 4 })
    expect(() => settings.writeSettings({ proxyPort: 1, taggingConcurrency: 99 })).toThrow(expect.objectContaining({ code: 'invalid-request' }))
    expect(() => settings.writeSettings({ nonsense: 1 } as never)).toThrow(expect.objectContaining({ code: 'invalid-request' }))
    expect(settings.readSettings().proxyPort).toBe(DEFAULT_SETTINGS.proxyPort)
    const raw = new DatabaseSync(database.file)
    raw.exec(`UPDATE settings SET value = '{"half' WHERE key = 'settings.theme'`)
    raw.close()
    // Read anew after the next change, as at the next start.
    settings.put('window', { width: 800 })
    expect(settings.readSettings()).toEqual({ ...DEFAULT_SETTINGS, taggingConcurrency: 4 })
    expect(settings.find('window')).toEqual({ width: 800 })
    expect(settings.find('missing')).toBeUndefined()
  })
})
