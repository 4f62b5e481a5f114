import { existsSync, linkSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, dumpTags, foreignEdit, leftovers, readTag, sha, stampOf } from '../../helpers/writer-kit.ts'
import { add, createFeatureKit, createPool, fill, replace } from './feature-kit.ts'

const exiftool = createPool()
afterAll(() => exiftool.dispose())
const written = { outcome: 'written', code: null, message: null }

describe('keywords with levels', () => {
  it('land in the tree and among the flat words of every place, come once, and go back exactly', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(photo.path, '-XMP-lr:HierarchicalSubject=Places|Coast', '-XMP-dc:Subject=sea', '-IPTC:Keywords=sea')
    const before = dumpTags(photo.path)
    const { plan, outcome } = await kit.save(photo, { keywords: add('Animals|Dog', 'sea') })
    expect(outcome).toMatchObject(written)
    expect(plan.changes).toEqual([
      { field: 'keywords', from: ['sea'], to: ['sea', 'Animals', 'Dog'] },
      { field: 'hierarchicalKeywords', from: ['Places|Coast'], to: ['Places|Coast', 'Animals|Dog'] },
    ])
    expect(readTag(photo.path, 'XMP-lr:HierarchicalSubject')).toBe('Places|Coast\nAnimals|Dog')
    expect(readTag(photo.path, 'IPTC:Keywords')).toBe('sea\nAnimals\nDog')
    expect(readTag(photo.path, 'XMP-digiKam:TagsList')).toBe('')
    expect((await kit.save(photo, { keywords: add('animals|dog') })).outcome.outcome).toBe('unchanged')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', code: null })
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('digikamTags: digiKam’s list is written too, and leaves with a removed word', async () => {
    const kit = createFeatureKit(exiftool, { digikamTags: true, keywordLevels: 'leaf' })
    const photo = copyFixture(tempFolder(), 'brick-wall.png', 'png')
    const { plan } = await kit.save(photo, { keywords: add('Animals|Dog', 'sea') })
    expect(plan.also).toEqual(['XMP-digiKam:TagsList'])
    expect(readTag(photo.path, 'XMP-digiKam:TagsList')).toBe('Animals/Dog\nsea')
    expect(readTag(photo.path, 'XMP-dc:Subject')).toBe('Dog\nsea')
    await kit.save(photo, { keywords: { list: null, add: [], remove: ['Animals|Dog'] } })
    expect(readTag(photo.path, 'XMP-digiKam:TagsList')).toBe('sea')
    expect(readTag(photo.path, 'XMP-lr:HierarchicalSubject')).toBe('')
  })
})

describe('where words go', () => {
  it('sidecarKinds: a JPEG’s words go beside it and its bytes stay; DNG is embedded when it is not named', async () => {
    const folder = tempFolder()
    const kit = createFeatureKit(exiftool, { sidecarKinds: ['jpeg'] })
    const jpeg = copyFixture(folder, 'wave.jpg', 'jpeg')
    const bytes = { sha: sha(jpeg.path), stamp: stampOf(jpeg.path) }
    const { plan, outcome } = await kit.save(jpeg, { title: replace('Beside') })
    expect(outcome).toMatchObject(written)
    expect(plan).toMatchObject({ target: 'sidecar', targetPath: path.join(folder, 'wave.xmp') })
    expect({ sha: sha(jpeg.path), stamp: stampOf(jpeg.path) }).toEqual(bytes)
    expect(await kit.reader.read(jpeg)).toMatchObject({ title: 'Beside', sources: { title: ['sidecar XMP-dc:Title'] } })
    expect((await kit.save(jpeg, { title: replace('Beside') })).outcome.outcome).toBe('unchanged')

    const dng = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    expect(await kit.save(dng, { title: replace('Inside') })).toMatchObject({ plan: { target: 'embedded' }, outcome: written })
    expect(readTag(dng.path, 'XMP-dc:Title')).toBe('Inside')
    expect(existsSync(path.join(folder, 'DSC_0042.xmp'))).toBe(false)
  })

  it('a JPEG beside its RAW never takes the RAW’s sidecar name', async () => {
    const folder = tempFolder()
    const kit = createFeatureKit(exiftool, { sidecarKinds: ['jpeg', 'dng'] })
    const raw = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const jpeg = copyFixture(folder, 'pair/DSC_0042.jpg', 'jpeg')
    expect((await kit.save(raw, { title: replace('The RAW') })).plan.targetPath).toBe(path.join(folder, 'DSC_0042.xmp'))
    expect((await kit.save(jpeg, { title: replace('The JPEG') })).plan.targetPath).toBe(path.join(folder, 'DSC_0042.jpg.xmp'))
    expect(await kit.reader.read(raw)).toMatchObject({ title: 'The RAW' })
    expect(await kit.reader.read(jpeg)).toMatchObject({ title: 'The JPEG' })
  })

  it('sidecarNaming: a new sidecar is named so; one that is there keeps its name; of two the named one is read first and written', async () => {
    const folder = tempFolder()
    const kit = createFeatureKit(exiftool, { sidecarNaming: 'full-name' })
    const raw = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const [stem, full] = [path.join(folder, 'DSC_0042.xmp'), path.join(folder, 'DSC_0042.dng.xmp')]
    expect((await kit.save(raw, { title: replace('Ours') })).plan.targetPath).toBe(full)
    kit.set({ sidecarNaming: 'stem' })
    expect((await kit.save(raw, { title: replace('Ours again') })).plan.targetPath).toBe(full)

    foreignEdit(stem, '-XMP-dc:Title=Theirs', '-XMP-dc:Subject=theirs')
    const theirs = await kit.reader.read(raw)
    expect(theirs).toMatchObject({ title: 'Theirs', keywords: ['theirs'] })
    expect(theirs.conflicts).toMatchObject([
      {
        field: 'title',
        values: [
          { tag: 'sidecar XMP-dc:Title', value: 'Theirs' },
          { tag: 'sidecar XMP-dc:Title', value: 'Ours again' },
        ],
      },
    ])
    kit.set({ sidecarNaming: 'full-name' })
    expect(await kit.reader.read(raw)).toMatchObject({ title: 'Ours again' })
    const before = sha(stem)
    const { plan, outcome } = await kit.save(raw, { title: replace('Third') })
    expect(plan).toMatchObject({
      targetPath: full,
      warnings: [
        { code: 'sidecar-conflict', data: { sidecars: ['DSC_0042.dng.xmp', 'DSC_0042.xmp'], fields: ['title'], written: 'DSC_0042.dng.xmp' } },
      ],
    })
    expect(outcome).toMatchObject({ outcome: 'written' })
    expect(sha(stem)).toBe(before)
    expect((await kit.save(raw, { title: replace('Third') })).outcome.outcome).toBe('unchanged')
  })
})

describe('mirrors', () => {
  it('headlineMirror: the title is the headline too, in XMP and in IPTC, and goes back', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    await kit.save(photo, { title: replace('A wave') })
    expect(readTag(photo.path, 'XMP-photoshop:Headline')).toBe('')
    kit.set({ headlineMirror: true })
    const before = dumpTags(photo.path)
    const { plan, outcome } = await kit.save(photo, { title: replace('A wave') })
    expect(plan).toMatchObject({ changes: [{ field: 'title', from: 'A wave', to: 'A wave' }], also: ['XMP-photoshop:Headline'] })
    expect(outcome).toMatchObject(written)
    expect([readTag(photo.path, 'XMP-photoshop:Headline'), readTag(photo.path, 'IPTC:Headline')]).toEqual(['A wave', 'A wave'])
    expect((await kit.save(photo, { title: replace('A wave') })).outcome.outcome).toBe('unchanged')
    await kit.revert(outcome.writeId)
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('writeProvenance: off by default; on, model, prompt, action, time and version are told and go back', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'chelsea.webp', 'webp')
    const origin = { promptHashes: ['abc123'], action: 'edited' as const }
    await kit.save(photo, { title: replace('Cat'), origin })
    expect(dumpTags(photo.path).join('\n')).not.toContain('iwstudio')
    const before = dumpTags(photo.path)
    kit.set({ writeProvenance: true })
    expect((await kit.save(photo, { title: replace('Cat'), origin })).outcome.outcome).toBe('unchanged')
    const { plan, outcome } = await kit.save(photo, { title: replace('A cat'), origin })
    expect(outcome).toMatchObject(written)
    expect(plan.also).toContain('XMP-iwstudio:Models')
    const tags = dumpTags(photo.path).join('\n')
    for (const value of ['"model-a"', '"abc123"', '"edited"', '"9.9.9"', '2023']) expect(tags).toContain(value)
    await kit.revert(outcome.writeId)
    expect(dumpTags(photo.path)).toEqual(before)
  })
})

describe('policies', () => {
  it('titlePolicy and keywordPolicy: what an approved proposal does to a file that has words', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'brick-wall.png', 'png')
    await kit.save(photo, { title: replace('Old'), keywords: add('old') })
    const proposed = { title: fill('New'), keywords: { ...add('new'), proposed: ['new'] } }
    expect((await kit.writer.preview(photo, proposed)).changes).toEqual([{ field: 'keywords', from: ['old'], to: ['old', 'new'] }])
    kit.set({ titlePolicy: 'replace', keywordPolicy: 'keep' })
    expect((await kit.writer.preview(photo, proposed)).changes).toEqual([{ field: 'title', from: 'Old', to: 'New' }])
    kit.set({ titlePolicy: 'merge', keywordPolicy: 'replace' })
    expect((await kit.writer.preview(photo, proposed)).changes).toEqual([
      { field: 'title', from: 'Old', to: 'Old – New' },
      { field: 'keywords', from: ['old'], to: ['new'] },
    ])
  })
})

describe('files', () => {
  it('hardLinks: refused, or parted with a warning: the twin keeps every byte', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const twin = `${photo.path}.twin`
    linkSync(photo.path, twin)
    const before = sha(twin)
    expect(await kit.save(photo, { title: replace('T') })).toMatchObject({
      plan: { refusal: { code: 'file-hard-linked' }, changes: [{ field: 'title', to: 'T' }] },
      outcome: { outcome: 'refused' },
    })
    kit.set({ hardLinks: 'part' })
    const { plan, outcome } = await kit.save(photo, { title: replace('T') })
    expect(plan.warnings).toMatchObject([{ code: 'hard-link-parted', data: { linkCount: 2 } }])
    expect(outcome).toMatchObject(written)
    expect(sha(twin)).toBe(before)
    expect(readTag(photo.path, 'XMP-dc:Title')).toBe('T')
  })

  it('modificationTime: new by default, kept on the setting', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const old = new Date('2001-02-03T04:05:06Z')
    utimesSync(photo.path, old, old)
    kit.set({ modificationTime: 'keep' })
    await kit.save(photo, { title: replace('One') })
    expect(statSync(photo.path).mtime).toEqual(old)
    kit.set({ modificationTime: 'new' })
    await kit.save(photo, { title: replace('Two') })
    expect(statSync(photo.path).mtime.getFullYear()).toBeGreaterThan(2020)
    expect(leftovers(path.dirname(photo.path))).toEqual([])
  })
})
