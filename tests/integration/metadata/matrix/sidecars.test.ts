/** Matrix F18–F30 and F76–F86: texts, sidecars and the files beside a photo. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PhotoKind } from '../../../../src-main/contract/model.ts'
import { classifyName } from '../../../../src-main/library/classify-name.ts'
import { noteSkip } from '../../../helpers/skips.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, findTool, foreignEdit, leftovers, readTag, sha, stampOf } from '../../../helpers/writer-kit.ts'
import { afterStart, FOREIGN_XMP, photoAt, picture, riffChunks, smallJpeg, xmpPacket, xmpSegment } from './hard-inputs.ts'
import { createWitness, expectUntouched, WORDS } from './witness.ts'

const kit = createWriterKit()
const witness = createWitness()
const jpeg = await smallJpeg()
afterAll(() => Promise.all([kit.exiftool.dispose(), witness.dispose()]))

const rawIn = (folder: string, name = 'IMG_1.dng') => copyFixture(folder, 'pair/DSC_0042.dng', 'dng', name)

describe('what a sidecar already holds', () => {
  it('F20 everything of other programs stays in a sidecar, and all of it comes back', async () => {
    const folder = tempFolder()
    const raw = rawIn(folder)
    const sidecar = path.join(folder, 'IMG_1.xmp')
    writeFileSync(sidecar, xmpPacket(FOREIGN_XMP))
    const before = await witness.tags(sidecar)
    const { outcome } = await kit.save(raw, WORDS)
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    const during = await witness.tags(sidecar)
    expect(during).toMatchObject(before)
    expect(during['XMP-dc:Title']).toBe(WORDS.title!.text)
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted' })
    expect(await witness.tags(sidecar)).toEqual(before)
  })

  it('F22 the order of keywords stays, new ones follow, and the tree is not touched', async () => {
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', jpeg)
    foreignEdit(
      photo.path,
      ...['zebra', 'apple', 'Mango', 'apple pie'].map((word) => `-XMP-dc:Subject=${word}`),
      '-XMP-lr:HierarchicalSubject=Fruit|apple',
    )
    await kit.save(photo, { keywords: { list: null, add: ['banana', 'APPLE'], remove: [] } })
    expect(readTag(photo.path, 'XMP-dc:Subject').split('\n')).toEqual(['zebra', 'apple', 'Mango', 'apple pie', 'banana'])
    expect(readTag(photo.path, 'IPTC:Keywords').split('\n')).toEqual(['zebra', 'apple', 'Mango', 'apple pie', 'banana'])
    expect(readTag(photo.path, 'XMP-lr:HierarchicalSubject')).toBe('Fruit|apple')
  })
})

describe('fields', () => {
  it('F29 a cleared field is gone from every place that had it', async () => {
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', jpeg)
    await kit.save(photo, WORDS)
    const { outcome } = await kit.save(photo, {
      title: { text: null, policy: 'replace' },
      description: { text: '', policy: 'replace' },
      altText: { text: null, policy: 'replace' },
      keywords: { list: [], add: [], remove: [] },
    })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    const left = Object.keys(await witness.tags(photo.path)).filter((key) =>
      /Title|Description|Subject|AltText|ObjectName|Caption|Keywords/.test(key),
    )
    expect(left).toEqual([])
    expect(await kit.reader.read(photo)).toMatchObject({ title: null, description: null, altText: null, keywords: [], conflicts: [] })
  })

  it('F30 places that disagree are shown with what each says, the counting one first, and a decision brings them together', async () => {
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', jpeg)
    foreignEdit(
      photo.path,
      '-XMP-dc:Title=xmp',
      '-IPTC:ObjectName=iptc',
      '-XMP-dc:Description=xmp',
      '-IPTC:Caption-Abstract=iptc',
      '-IFD0:ImageDescription=exif',
    )
    const seen = await kit.reader.read(photo)
    expect(seen).toMatchObject({ title: 'xmp', description: 'exif' })
    expect(seen.conflicts.map(({ field, values }) => [field, values.map(({ value }) => value)])).toEqual([
      ['title', ['xmp', 'iptc']],
      ['description', ['exif', 'xmp', 'iptc']],
    ])
    // A proposal that would only fill writes nothing into a field that has a value, however its places disagree.
    expect((await kit.save(photo, { title: { text: 'model', policy: 'fill' } })).outcome.outcome).toBe('unchanged')
    await kit.save(photo, { title: { text: 'iptc', policy: 'replace' }, description: { text: 'exif', policy: 'replace' } })
    expect(await kit.reader.read(photo)).toMatchObject({ title: 'iptc', description: 'exif', conflicts: [] })
  })

  it('F28 control characters, halves of letters and non-characters are refused by name, in every field', async () => {
    for (const text of ['a\0b', 'bell\u0007', 'esc\u001b[31m', '\ud800', 'x\udc00y', '\uffff']) {
      const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', jpeg)
      await expectUntouched(kit, photo, ['value-not-writable'], { description: { text, policy: 'replace' } })
      await expectUntouched(kit, photo, ['value-not-writable'], { keywords: { list: null, add: [text], remove: [] } })
    }
  })

  it('F27 keywords that look like numbers stay the text they are, in both places and for the next reader', async () => {
    const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', jpeg)
    const list = ['2024', '007', '1e5', 'true', '12.50', '-5', '0x10', 'null', 'NaN', '+1', '1,000', '٣']
    await kit.save(photo, { title: { text: '1e5', policy: 'replace' }, keywords: { list, add: [], remove: [] } })
    expect(await kit.reader.read(photo)).toMatchObject({ title: '1e5', keywords: list })
    expect(readTag(photo.path, 'IPTC:Keywords').split('\n')).toEqual(list)
    expect((await kit.save(photo, { keywords: { list, add: [], remove: [] } })).outcome.outcome).toBe('unchanged')
  })
})

describe('neighbours', () => {
  it('F76 the words of a pair go apart: the RAW’s into the sidecar, the JPEG’s into itself, in either order', async () => {
    for (const first of ['raw', 'jpeg']) {
      const folder = tempFolder()
      const raw = rawIn(folder)
      const twin = photoAt(folder, 'IMG_1.jpg', 'jpeg', jpeg)
      const save = {
        raw: () => kit.save(raw, { title: { text: 'of the RAW', policy: 'replace' } }),
        jpeg: () => kit.save(twin, { title: { text: 'of the JPEG', policy: 'replace' } }),
      }
      await (first === 'raw' ? save.raw() : save.jpeg())
      await (first === 'raw' ? save.jpeg() : save.raw())
      expect((await kit.reader.read(raw)).title).toBe('of the RAW')
      expect((await kit.reader.read(twin)).title).toBe('of the JPEG')
      expect(readdirSync(folder).toSorted()).toEqual(['IMG_1.dng', 'IMG_1.jpg', 'IMG_1.xmp'])
    }
  })

  it('F79 a sidecar that another program saved after the plan voids it; planned anew, both have their words', async () => {
    const folder = tempFolder()
    const raw = rawIn(folder)
    const sidecar = path.join(folder, 'IMG_1.xmp')
    foreignEdit(sidecar, '-XMP-dc:Subject=theirs')
    const plan = await kit.writer.plan(raw, WORDS, [])
    foreignEdit(sidecar, '-XMP-dc:Description=Theirs, later', '-XMP-xmp:Rating=5')
    const theirs = sha(sidecar)
    expect(await kit.writer.write([plan.id])).toMatchObject([{ outcome: 'refused', code: 'file-changed' }])
    expect(sha(sidecar)).toBe(theirs)
    expect((await kit.save(raw, { ...WORDS, description: { text: 'ours', policy: 'fill' } })).outcome.outcome).toBe('written')
    expect(await witness.tags(sidecar)).toMatchObject({
      'XMP-xmp:Rating': '5',
      'XMP-dc:Description': 'Theirs, later',
      'XMP-dc:Title': WORDS.title!.text,
    })
    expect((await kit.reader.read(raw)).keywords).toEqual(expect.arrayContaining(['theirs', 'gull']))
  })

  it('F80 a read-only sidecar is refused, and no second one is made', async () => {
    const folder = tempFolder()
    const raw = rawIn(folder)
    const sidecar = path.join(folder, 'IMG_1.xmp')
    writeFileSync(sidecar, xmpPacket('xmlns:dc="http://purl.org/dc/elements/1.1/">'))
    chmodSync(sidecar, 0o444)
    const before = stampOf(sidecar)
    expect((await kit.save(raw, WORDS)).outcome).toMatchObject({ outcome: 'refused', code: 'file-read-only' })
    expect(stampOf(sidecar)).toEqual(before)
    expect(readdirSync(folder).toSorted()).toEqual(['IMG_1.dng', 'IMG_1.xmp'])
  })

  it('F81 a photo moved and renamed with its sidecar is read and extended where it now is', async () => {
    const folder = tempFolder()
    const raw = rawIn(folder)
    await kit.save(raw, WORDS)
    mkdirSync(path.join(folder, 'moved'))
    const moved = { ...raw, path: path.join(folder, 'moved', 'Harbour.dng') }
    renameSync(raw.path, moved.path)
    renameSync(path.join(folder, 'IMG_1.xmp'), path.join(folder, 'moved', 'Harbour.xmp'))
    expect((await kit.reader.read(moved)).title).toBe(WORDS.title!.text)
    const { plan, outcome } = await kit.save(moved, { title: { text: 'New', policy: 'replace' } })
    expect(outcome.outcome).toBe('written')
    expect(plan.targetPath).toBe(path.join(folder, 'moved', 'Harbour.xmp'))
    expect(existsSync(path.join(folder, 'IMG_1.xmp'))).toBe(false)
  })

  it('F83 F84 sidecars and backups of other programs keep their bytes and are never photos', async () => {
    const folder = tempFolder()
    const names = [
      'IMG_1.dng.dop',
      'IMG_1.dng.pp3',
      'IMG_1.on1',
      'IMG_1.cos',
      'IMG_1.aae',
      'IMG_1.jpg_original',
      'IMG_1.jpg.bak',
      'IMG_1_original.xmp',
    ]
    for (const name of names) writeFileSync(path.join(folder, name), 'theirs')
    for (const name of names.slice(0, 7)) expect(classifyName(name).kind, name).toBeNull()
    expect(classifyName('IMG_1.jpg_original')).toMatchObject({ reason: 'backup' })
    const stamps = () => names.map((name) => stampOf(path.join(folder, name)))
    const before = stamps()
    const photos = [rawIn(folder), photoAt(folder, 'IMG_1.jpg', 'jpeg', jpeg)]
    for (const photo of photos) {
      const { outcome } = await kit.save(photo, WORDS)
      expect(outcome.outcome).toBe('written')
      await kit.revert(outcome.writeId)
    }
    expect(stamps()).toEqual(before)
    expect(readdirSync(folder).toSorted()).toEqual([...names, 'IMG_1.dng', 'IMG_1.jpg'].toSorted())
  })

  it('F85 export into a folder of the library', () => {
    noteSkip('F85 export into a folder of the library', 'the studio exports no photos; its own temporary names are never imported')
    expect(classifyName('.iws-0123456789ab.tmp.jpg')).toMatchObject({ kind: null, reason: 'own-temporary' })
  })
})

describe('independent readers', () => {
  it('F86 exifr, an npm reader, sees the same title, description and keywords in every kind', async () => {
    const folder = tempFolder()
    const photos: [PhotoKind, string, Buffer][] = [
      ['jpeg', 'a.jpg', jpeg],
      ['tiff', 'a.tif', await picture().tiff().toBuffer()],
      ['png', 'a.png', await picture().png().toBuffer()],
      ['webp', 'a.webp', await picture().webp().toBuffer()],
    ]
    const seen: unknown[] = []
    for (const photo of [...photos.map(([kind, name, bytes]) => photoAt(folder, name, kind, bytes)), rawIn(folder)]) {
      const { plan, outcome } = await kit.save(photo, WORDS)
      expect(outcome.outcome, photo.path).toBe('written')
      seen.push([path.extname(plan.targetPath), await readByExifr(plan.targetPath)])
    }
    const words = { title: WORDS.title!.text, description: WORDS.description!.text, subject: WORDS.keywords!.add }
    expect(seen).toEqual(['.jpg', '.tif', '.png', '.webp', '.xmp'].map((extension) => [extension, words]))
  })

  it('F86 validation finds nothing new after a write, in every kind and in sidecars', async () => {
    const validate = findTool('exiftool')
    if (!validate) return noteSkip('F86 exiftool -validate', 'no second ExifTool installed')
    const folder = tempFolder()
    const warnings = (file: string) => new Set(validate('-config', '', '-validate', '-warning', '-error', '-a', '-s3', file).split('\n').slice(1))
    const photos = [
      photoAt(folder, 'plain.jpg', 'jpeg', jpeg),
      photoAt(folder, 'xmp.jpg', 'jpeg', afterStart(jpeg, xmpSegment(FOREIGN_XMP))),
      copyFixture(folder, 'honey-bee.jpg', 'jpeg'),
      copyFixture(folder, 'grey-cat.jpg', 'jpeg'),
      copyFixture(folder, 'brushes.tif', 'tiff'),
      copyFixture(folder, 'astronaut.png', 'png'),
      copyFixture(folder, 'chelsea.webp', 'webp'),
      copyFixture(folder, 'wine.heic', 'heif'),
      copyFixture(folder, 'fig.avif', 'avif'),
    ]
    for (const photo of photos) {
      const before = warnings(photo.path)
      expect((await kit.save(photo, WORDS)).outcome.outcome, photo.path).toBe('written')
      expect(
        [...warnings(photo.path)].filter((line) => !before.has(line)),
        photo.path,
      ).toEqual([])
    }
    const raw = rawIn(folder)
    const { plan } = await kit.save(raw, WORDS)
    expect([...warnings(plan.targetPath)].filter((line) => line !== '')).toEqual([])
    expect(leftovers(folder)).toEqual([])
  })
})

interface Exifr {
  parse(file: string, options: object): Promise<Record<string, Record<string, unknown>>>
  sidecar(xmp: Buffer): Promise<Record<string, Record<string, unknown>>>
}
const exifr = createRequire(import.meta.url)('exifr') as Exifr

async function readByExifr(file: string): Promise<unknown> {
  const bytes = readFileSync(file)
  // exifr opens no WebP: it gets the packet that lies in there.
  const packet = file.endsWith('.webp') ? riffChunks(bytes).find(({ type }) => type === 'XMP ')!.data : file.endsWith('.xmp') ? bytes : null
  const { dc = {} } = packet ? await exifr.sidecar(packet) : await exifr.parse(file, { xmp: true, mergeOutput: false })
  const text = (value: unknown) => (typeof value === 'object' && value !== null && 'value' in value ? value.value : value)
  // It turns what looks like a number into one.
  return { title: text(dc['title']), description: text(dc['description']), subject: (dc['subject'] as unknown[]).map(String) }
}
