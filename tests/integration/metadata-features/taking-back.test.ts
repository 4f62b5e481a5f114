import { afterAll, describe, expect, it } from 'vitest'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, dumpTags, foreignEdit, readTag } from '../../helpers/writer-kit.ts'
import { add, createFeatureKit, createPool, replace } from './feature-kit.ts'

const exiftool = createPool()
afterAll(() => exiftool.dispose())

describe('a file that somebody changed since', () => {
  it('shows before, ours and now; what they changed stays, the write stays open, and closes when the rest can go back', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'brick-wall.png', 'png')
    const start = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, { title: replace('Ours'), keywords: add('ours') })
    foreignEdit(photo.path, '-XMP-dc:Title=Theirs')

    const partial = await kit.revert(outcome.writeId)
    expect(partial).toMatchObject({ outcome: 'reverted', code: 'file-changed' })
    expect(partial.threeWay).toEqual([
      { tag: 'XMP-dc:Title', before: null, ours: 'Ours', now: 'Theirs', restored: false },
      { tag: 'XMP-dc:Subject', before: null, ours: ['ours'], now: ['ours'], restored: true },
    ])
    expect(await kit.reader.read(photo)).toMatchObject({ title: 'Theirs', keywords: [] })
    expect(kit.journal.find(outcome.writeId!)).toMatchObject({ state: 'written', revertedBy: null })
    expect(kit.journal.find(partial.writeId!)).toMatchObject({ kind: 'revert', reverts: outcome.writeId, isPartial: true })

    // Nothing more can be done while their title stands: that is told, and nothing is written.
    const again = await kit.revert(outcome.writeId)
    expect(again).toMatchObject({ outcome: 'refused', code: 'file-changed', writeId: null })
    expect(again.threeWay).toMatchObject([
      { now: 'Theirs', restored: false },
      { now: null, restored: true },
    ])

    foreignEdit(photo.path, '-XMP-dc:Title=Ours')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', code: null })
    expect(kit.journal.find(outcome.writeId!)).toMatchObject({ state: 'reverted' })
    expect(dumpTags(photo.path)).toEqual(start)
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'refused', code: 'write-not-revertible' })
  })

  it('writes on top of each other come off in any order, and the file is then as it was', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const start = dumpTags(photo.path)
    const one = (await kit.save(photo, { title: replace('One'), keywords: add('one') })).outcome.writeId
    const two = (await kit.save(photo, { title: replace('Two') })).outcome.writeId
    expect(await kit.revert(one)).toMatchObject({ outcome: 'reverted', code: 'file-changed' })
    expect(readTag(photo.path, 'XMP-dc:Title')).toBe('Two')
    expect(await kit.revert(two)).toMatchObject({ outcome: 'reverted', code: null })
    expect(await kit.revert(one)).toMatchObject({ outcome: 'reverted', code: null })
    expect(dumpTags(photo.path)).toEqual(start)
  })

  it('a file that only we touched has no three sides to show', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'brick-wall.png', 'png')
    const { outcome } = await kit.save(photo, { title: replace('T') })
    expect((await kit.revert(outcome.writeId)).threeWay).toBeUndefined()
  })

  it('a crash at the end of a partial revert leaves the write open as well', async () => {
    let died = () => {}
    const death = new Promise<void>((resolve) => {
      died = resolve
    })
    let isDying = false
    const kit = createFeatureKit(exiftool, {}, (step) => {
      if (!isDying || step !== 'finish') return
      died()
      return new Promise<void>(() => {})
    })
    const photo = copyFixture(tempFolder(), 'brick-wall.png', 'png')
    const { outcome } = await kit.save(photo, { title: replace('Ours'), keywords: add('ours') })
    foreignEdit(photo.path, '-XMP-dc:Title=Theirs')
    isDying = true
    void kit.revert(outcome.writeId)
    await death
    expect(await kit.writer.recover()).toMatchObject([{ outcome: 'reverted' }])
    expect(kit.journal.find(outcome.writeId!)).toMatchObject({ state: 'written' })
    expect(kit.journal.pending()).toEqual([])
  })
})
