import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createBackupStore } from '../../../src-main/metadata/backup-store.ts'
import { hashFile } from '../../../src-main/metadata/safe-file.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, dumpTags, foreignEdit, leftovers, sha } from '../../helpers/writer-kit.ts'
import { add, createFeatureKit, createPool, replace } from './feature-kit.ts'

const exiftool = createPool()
afterAll(() => exiftool.dispose())
const WORDS = { title: replace('New'), keywords: add('new') }

describe('originals that are kept', () => {
  it.each([
    ['citrus.jpg', 'jpeg'],
    ['brushes.tif', 'tiff'],
    ['wine.heic', 'heif'],
  ] as const)('%s: taking back gives the very same bytes, and the record says so', async (fixture, kind) => {
    const kit = createFeatureKit(exiftool, { keepOriginals: true })
    const photo = copyFixture(tempFolder(), fixture, kind)
    const before = sha(photo.path)
    const { outcome } = await kit.save(photo, WORDS)
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(sha(photo.path)).not.toBe(before)
    const back = await kit.revert(outcome.writeId)
    expect(back).toMatchObject({ outcome: 'reverted', code: null })
    expect(sha(photo.path)).toBe(before)
    expect(kit.journal.find(back.writeId!)).toMatchObject({ kind: 'revert', reverts: outcome.writeId, hashAfter: before })
    expect(kit.journal.find(outcome.writeId!)).toMatchObject({ kind: 'write', state: 'reverted', revertedBy: back.writeId })
    expect(leftovers(path.dirname(photo.path))).toEqual([])
  })

  it('off: nothing is kept, and every tag still goes back', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'citrus.jpg', 'jpeg')
    const tags = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, WORDS)
    expect(existsSync(kit.originals)).toBe(false)
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted' })
    expect(dumpTags(photo.path)).toEqual(tags)
  })

  it('another program changed the file since: the original is not put over it, tags are taken back one by one', async () => {
    const kit = createFeatureKit(exiftool, { keepOriginals: true })
    const photo = copyFixture(tempFolder(), 'citrus.jpg', 'jpeg')
    const { outcome } = await kit.save(photo, WORDS)
    foreignEdit(photo.path, '-XMP-xmp:Rating=4')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', code: null })
    expect(dumpTags(photo.path).join('\n')).toMatch(/"XMP-xmp:Rating": "?4"?/)
  })

  it('a kept original that is damaged or gone falls back to tags', async () => {
    const kit = createFeatureKit(exiftool, { keepOriginals: true })
    const photo = copyFixture(tempFolder(), 'citrus.jpg', 'jpeg')
    const tags = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, WORDS)
    const [blob] = readdirSync(kit.originals)
    writeFileSync(path.join(kit.originals, blob!), 'damaged')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', code: null })
    expect(dumpTags(photo.path)).toEqual(tags)
    expect(kit.journal.pending()).toEqual([])
  })

  it('the bound holds after each write: the oldest go', async () => {
    const kit = createFeatureKit(exiftool, { keepOriginals: true, originalsMb: 0 as number })
    const photo = copyFixture(tempFolder(), 'citrus.jpg', 'jpeg')
    const { outcome } = await kit.save(photo, WORDS)
    expect(outcome.outcome).toBe('written')
    expect(readdirSync(kit.originals)).toEqual([])
  })
})

describe('a crash while the whole file goes back', () => {
  it.each(['journal', 'copy', 'rewrite', 'verify', 'verified', 'replace', 'flush-folder', 'finish'] as const)('at %s', async (crashAt) => {
    let died = () => {}
    const death = new Promise<void>((resolve) => {
      died = resolve
    })
    let isReverting = false
    const kit = createFeatureKit(exiftool, { keepOriginals: true }, (step) => {
      if (!isReverting || step !== crashAt) return
      died()
      return new Promise<void>(() => {})
    })
    const photo = copyFixture(tempFolder(), 'citrus.jpg', 'jpeg')
    const before = sha(photo.path)
    const { outcome } = await kit.save(photo, WORDS)
    const written = sha(photo.path)
    isReverting = true
    void kit.revert(outcome.writeId)
    await death
    isReverting = false
    // The same stores with a writer that knows nothing of the one that died.
    const next = createFeatureKit(exiftool, { keepOriginals: true }, undefined, kit)
    await next.writer.recover()
    const isBack = ['flush-folder', 'finish'].includes(crashAt)
    expect(sha(photo.path)).toBe(isBack ? before : written)
    expect(kit.journal.find(outcome.writeId!)?.state).toBe(isBack ? 'reverted' : 'written')
    if (!isBack) expect(await next.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted' })
    expect(sha(photo.path)).toBe(before)
    expect(leftovers(path.dirname(photo.path))).toEqual([])
    expect(kit.journal.pending()).toEqual([])
  })
})

describe('the store', () => {
  const store = (limit: () => number, inUse: () => ReadonlySet<string> = () => new Set()) => {
    const folder = path.join(tempFolder(), 'originals')
    return { folder, ...createBackupStore({ folder, limitBytes: limit, inUse }) }
  }
  const file = async (size: number, letter: string) => {
    const name = path.join(tempFolder(), letter)
    writeFileSync(name, letter.repeat(size))
    return { name, hash: (await hashFile(name))! }
  }

  it('prunes the longest kept first, and never what an unfinished write needs, however large', async () => {
    const [a, b, c] = [await file(100, 'a'), await file(100, 'b'), await file(100, 'c')]
    const needed = new Set([a.hash])
    const it = store(
      () => 150,
      () => needed,
    )
    for (const each of [a, b, c]) await it.keep(each.name, each.hash)
    await it.prune()
    expect([await it.has(a.hash), await it.has(b.hash), await it.has(c.hash)]).toEqual([true, false, false])
    needed.clear()
    await it.keep(b.name, b.hash)
    await it.prune()
    expect([await it.has(a.hash), await it.has(b.hash)]).toEqual([false, true])
  })

  it('keeps a content once, refuses a file that is not what it should be, and leaves nothing half made', async () => {
    const it = store(() => 1e9)
    const a = await file(100, 'a')
    await it.keep(a.name, a.hash)
    await it.keep(a.name, a.hash)
    await expect(it.keep(a.name, 'f'.repeat(64))).rejects.toMatchObject({ code: 'file-changed' })
    expect(readdirSync(it.folder)).toEqual([`${a.hash}.orig`])
  })

  it('a kept content that was damaged is kept anew', async () => {
    const it = store(() => 1e9)
    const a = await file(100, 'a')
    await it.keep(a.name, a.hash)
    writeFileSync(path.join(it.folder, `${a.hash}.orig`), 'x')
    await it.keep(a.name, a.hash)
    expect(readFileSync(path.join(it.folder, `${a.hash}.orig`), 'utf8')).toBe('a'.repeat(100))
    expect(statSync(path.join(it.folder, `${a.hash}.orig`)).size).toBe(100)
  })

  it('a full disk stops the write before the photo is touched', async () => {
    const kit = createFeatureKit(exiftool, { keepOriginals: true })
    const photo = copyFixture(tempFolder(), 'citrus.jpg', 'jpeg')
    const before = sha(photo.path)
    kit.backups.keep = async () => {
      throw Object.assign(new Error('no room'), { code: 'ENOSPC' })
    }
    expect((await kit.save(photo, WORDS)).outcome).toMatchObject({ outcome: 'failed', code: 'disk-full' })
    expect(sha(photo.path)).toBe(before)
    expect(kit.journal.pending()).toEqual([])
  })
})
