import { afterAll, describe, expect, it } from 'vitest'
import type { PhotoKind } from '../../../src-main/contract/model.ts'
import { createExifToolPool } from '../../../src-main/metadata/exiftool-process.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, dumpTags, foreignEdit, readTag } from '../../helpers/writer-kit.ts'
import { createWitness } from './matrix/witness.ts'

const exiftool = createExifToolPool()
const kit = createWriterKit({ exiftool })
const witness = createWitness()
afterAll(() => Promise.all([exiftool.dispose(), witness.dispose()]))

const HARD_TEXTS = [
  'R&eacute;sum&amp;e &lt;b&gt; &#65; & &&',
  '<b>bold</b> "double" \'single\' `tick` \\back\\slash',
  ' leading, trailing and  double spaces  ',
  'line\r\nbreaks\nand\rall\ttabs',
  '-execute\n-XMP-dc:Title=injected\n@file <=x =y',
  '007',
  '1e5',
  'שלום \u200f mixed עברית',
  '👩‍👩‍👧‍👦 🏳️‍🌈 🐦',
  'cafe\u0301 is not café',
  '港の上のカモメ',
  '\u2028separators\u2029 \u00a0nbsp\u00a0 \u0085nel',
  '{curly} [square] | pipe, comma; semicolon',
  'base64:aGVsbG8=',
  'x\n{ready}\ny',
  '{ready}',
  `4 KB ${'Ünï𝄞 '.repeat(500)}end`,
  `over many chunks ${'港é𝄞'.repeat(20_000)}`,
]

describe('texts come back exactly as given', () => {
  it.each<[string, PhotoKind]>([
    ['wave.jpg', 'jpeg'],
    ['brick-wall.png', 'png'],
    ['pair/DSC_0042.dng', 'dng'],
  ])('F26 %s', async (fixture, kind) => {
    const photo = copyFixture(tempFolder(), fixture, kind)
    for (const text of HARD_TEXTS) {
      const wanted: WantedFields = {
        title: { text, policy: 'replace' },
        description: { text, policy: 'replace' },
        altText: { text, policy: 'replace' },
      }
      const { plan, outcome } = await kit.save(photo, wanted)
      expect(outcome, text.slice(0, 40)).toMatchObject({ outcome: 'written', message: null })
      expect(await kit.reader.read(photo)).toMatchObject({ title: text, description: text, altText: text, conflicts: [] })
      const seen = await witness.tags(plan.targetPath)
      expect(seen['XMP-dc:Description']).toBe(text)
      if (kind === 'jpeg' && text.length < 60) {
        expect(seen).toMatchObject({ 'IPTC:Caption-Abstract': text, 'IPTC:ObjectName': text, 'IFD0:ImageDescription': text })
      }
      expect((await kit.save(photo, wanted)).outcome.outcome).toBe('unchanged')
    }
  })

  it('F26 hard keywords stay apart, in order, and whole', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const list = HARD_TEXTS.filter((text) => text.length < 60 && text.trim() === text)
    expect((await kit.save(photo, { keywords: { list, add: [], remove: [] } })).outcome.outcome).toBe('written')
    expect(await kit.reader.read(photo)).toMatchObject({ keywords: list, conflicts: [] })
  })

  it('F23 IPTC gets the beginning of an over-long text, XMP gets all, and the plan says so', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const before = dumpTags(photo.path)
    const keyword = 'ä'.repeat(40)
    const { plan, outcome } = await kit.save(photo, {
      title: { text: 'é'.repeat(50), policy: 'replace' },
      description: { text: '港'.repeat(1000), policy: 'replace' },
      keywords: { list: [keyword], add: [], remove: [] },
    })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(plan.warnings.map((warning) => [warning.code, warning.data?.['field']])).toEqual([
      ['value-truncated', 'title'],
      ['value-truncated', 'description'],
      ['value-truncated', 'keywords'],
    ])
    expect(readTag(photo.path, 'IPTC:ObjectName')).toBe('é'.repeat(32))
    expect(readTag(photo.path, 'IPTC:Caption-Abstract')).toBe('港'.repeat(666))
    expect(readTag(photo.path, 'IPTC:Keywords')).toBe('ä'.repeat(32))
    expect(await kit.reader.read(photo)).toMatchObject({ title: 'é'.repeat(50), keywords: [keyword], conflicts: [] })
    expect((await kit.revert(outcome.writeId)).outcome).toBe('reverted')
    expect(dumpTags(photo.path)).toEqual(before)
  })
})

describe('what was there before', () => {
  it('F21 other languages stay when the title is replaced, go when it is cleared, and come back', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(photo.path, '-XMP-dc:Title=Boat', '-XMP-dc:Title-de=Boot', '-XMP-dc:Title-fr=Bateau')
    const before = dumpTags(photo.path)
    const replaced = await kit.save(photo, { title: { text: 'Ship', policy: 'replace' } })
    expect(readTag(photo.path, 'XMP-dc:Title-de')).toBe('Boot')
    expect((await kit.revert(replaced.outcome.writeId)).outcome).toBe('reverted')
    expect(dumpTags(photo.path)).toEqual(before)
    const cleared = await kit.save(photo, { title: { text: null, policy: 'replace' } })
    expect(cleared.outcome).toMatchObject({ outcome: 'written', message: null })
    expect((await kit.reader.read(photo)).title).toBeNull()
    expect((await kit.save(photo, { title: { text: null, policy: 'replace' } })).outcome.outcome).toBe('unchanged')
    expect((await kit.revert(cleared.outcome.writeId)).outcome).toBe('reverted')
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('F23 undeclared Latin IPTC is carried over whole, and back again', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(photo.path, '-IPTC:City=Zürich', '-IPTC:By-line=Jürg Müller', '-IPTC:Keywords=Brücke', '-IPTC:Keywords=Fluß', '-IPTC:ObjectName=Über')
    expect(readTag(photo.path, 'IPTC:CodedCharacterSet')).toBe('')
    const before = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, { title: { text: '港', policy: 'replace' } })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(readTag(photo.path, 'IPTC:City')).toBe('Zürich')
    expect(readTag(photo.path, 'IPTC:By-line')).toBe('Jürg Müller')
    expect(readTag(photo.path, 'IPTC:Keywords')).toBe('Brücke\nFluß')
    expect(readTag(photo.path, 'IPTC:ObjectName')).toBe('港')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', message: null })
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('F23 undeclared UTF-8 IPTC is recognised, only gains its mark, and loses it again', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(photo.path, '-charset', 'iptc=UTF8', '-IPTC:City=Zürich 港', '-IPTC:ObjectName=Über')
    const before = dumpTags(photo.path)
    expect((await kit.reader.read(photo)).title).toBe('Über')
    const { outcome } = await kit.save(photo, { title: { text: 'Neu – 港', policy: 'replace' } })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(readTag(photo.path, 'IPTC:City')).toBe('Zürich 港')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', message: null })
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('F25 Latin bytes in EXIF are read as text and come back as the same bytes', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(photo.path, '-charset', 'exif=Latin', '-IFD0:ImageDescription=Café')
    const before = dumpTags(photo.path)
    expect(before.join('\n')).toContain('base64:Q2Fm6Q==')
    expect((await kit.reader.read(photo)).description).toBe('Café')
    const { outcome } = await kit.save(photo, { description: { text: 'Kaffee – 港', policy: 'replace' } })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', message: null })
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('F20 foreign namespaces, ratings, hierarchy, toolkit and creator stay as they are', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(
      photo.path,
      '-XMP-x:XMPToolkit=Adobe XMP Core 5.6',
      '-XMP-xmp:Rating=4',
      '-XMP-xmp:Label=Rot',
      '-XMP-lr:HierarchicalSubject=Place|Sea',
      '-XMP-digiKam:TagsList=Place/Sea',
      '-XMP-dc:Creator=Someone',
      '-XMP-crs:Exposure2012=+0.50',
      '-XMP-iptcExt:PersonInImage=Ann',
      '-IPTC:By-line=Someone',
      '-GPSLatitude=47.5',
      '-GPSLatitudeRef=N',
    )
    const before = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, {
      title: { text: 'T', policy: 'replace' },
      description: { text: 'D', policy: 'replace' },
      keywords: { list: null, add: ['a'], remove: [] },
    })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    const during = dumpTags(photo.path)
    for (const line of before.filter((entry) => entry.includes(':')))
      expect(during.map((entry) => entry.replace(/,$/, ''))).toContain(line.replace(/,$/, ''))
    expect((await kit.reader.read(photo)).hierarchicalKeywords).toEqual(['Place|Sea'])
    expect((await kit.revert(outcome.writeId)).outcome).toBe('reverted')
    expect(dumpTags(photo.path)).toEqual(before)
    expect(readTag(photo.path, 'XMP-x:XMPToolkit')).toBe('Adobe XMP Core 5.6')
  })

  it('F24 a stale digest keeps saying that IPTC is newer while an untouched field differs, and is renewed when all agree', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    await kit.save(photo, { title: { text: 'T', policy: 'replace' }, description: { text: 'Old', policy: 'replace' } })
    foreignEdit(photo.path, '-IPTC:Caption-Abstract=Newer', '-IFD0:ImageDescription=')
    expect((await kit.reader.read(photo)).description).toBe('Newer')
    expect((await kit.save(photo, { title: { text: 'T2', policy: 'replace' } })).outcome).toMatchObject({ outcome: 'written', message: null })
    expect(await kit.reader.read(photo)).toMatchObject({ title: 'T2', description: 'Newer' })
    expect((await kit.save(photo, { description: { text: 'Newer', policy: 'replace' } })).outcome).toMatchObject({
      outcome: 'written',
      message: null,
    })
    expect(await kit.reader.read(photo)).toMatchObject({ title: 'T2', description: 'Newer', conflicts: [] })
    expect(readTag(photo.path, 'Photoshop:IPTCDigest')).toBe(readTag(photo.path, 'File:CurrentIPTCDigest'))
  })

  it('F24 a TIFF’s digest is renewed where there is one, padding and all', async () => {
    const photo = copyFixture(tempFolder(), 'brushes.tif', 'tiff')
    foreignEdit(photo.path, '-IPTC:City=Bern', '-IPTC:CodedCharacterSet=UTF8', '-Photoshop:IPTCDigest=new')
    foreignEdit(photo.path, '-Photoshop:IPTCDigest=new')
    const before = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, { title: { text: 'T', policy: 'replace' } })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(readTag(photo.path, 'Photoshop:IPTCDigest')).toBe(readTag(photo.path, 'File:CurrentIPTCDigest'))
    expect(readTag(photo.path, 'Photoshop:IPTCDigest')).not.toBe('')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', message: null })
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('F20 a sidecar made by darktable’s naming is extended, and everything else in it stays', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const sidecar = `${photo.path}.xmp`
    foreignEdit(sidecar, '-XMP-xmp:Rating=3', '-XMP-dc:Subject=old', '-XMP-crs:Exposure2012=+0.50', '-XMP-dc:Title-de=Alt')
    const before = dumpTags(sidecar)
    const { plan, outcome } = await kit.save(photo, { title: { text: 'T', policy: 'replace' }, keywords: { list: null, add: ['new'], remove: [] } })
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    expect(plan.targetPath).toBe(sidecar)
    expect(await kit.reader.read(photo)).toMatchObject({ title: 'T', keywords: ['old', 'new'] })
    expect(readTag(sidecar, 'XMP-xmp:Rating')).toBe('3')
    expect((await kit.revert(outcome.writeId)).outcome).toBe('reverted')
    expect(dumpTags(sidecar)).toEqual(before)
  })
})
