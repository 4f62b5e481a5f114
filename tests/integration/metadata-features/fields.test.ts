import { afterAll, describe, expect, it } from 'vitest'
import type { PhotoKind } from '../../../src-main/contract/model.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, dumpTags, foreignEdit, readTag, stampOf } from '../../helpers/writer-kit.ts'
import { add, createFeatureKit, createPool, fill, replace } from './feature-kit.ts'

const exiftool = createPool()
afterAll(() => exiftool.dispose())
const written = { outcome: 'written', code: null, message: null }
const verdict = (word: 'pass' | 'pass_with_query' | 'fail', mode = 'toned') => ({ mono: { verdict: word, mode, strictness: 'balanced' } })

describe('the long description for listeners', () => {
  it.each<[string, PhotoKind]>([
    ['wave.jpg', 'jpeg'],
    ['brick-wall.png', 'png'],
    ['pair/DSC_0042.dng', 'dng'],
  ])('%s: lands beside the alt text, other languages stay, follows its policy and goes back', async (fixture, kind) => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), fixture, kind)
    if (kind !== 'dng') foreignEdit(photo.path, '-XMP-iptcCore:ExtDescrAccessibility-de=Lang')
    const { plan, outcome } = await kit.save(photo, { altText: replace('A wave'), extendedDescription: replace('A wave breaks at the shore.') })
    expect(outcome).toMatchObject(written)
    expect(readTag(plan.targetPath, 'XMP-iptcCore:ExtDescrAccessibility')).toBe('A wave breaks at the shore.')
    expect(readTag(plan.targetPath, 'XMP-iptcCore:AltTextAccessibility')).toBe('A wave')
    if (kind !== 'dng') expect(readTag(plan.targetPath, 'XMP-iptcCore:ExtDescrAccessibility-de')).toBe('Lang')
    expect(await kit.reader.read(photo)).toMatchObject({ altText: 'A wave', extendedDescription: 'A wave breaks at the shore.', conflicts: [] })
    expect((await kit.writer.preview(photo, { extendedDescription: fill('Another') })).changes).toEqual([])
    kit.set({ extendedDescriptionPolicy: 'merge' })
    expect((await kit.writer.preview(photo, { extendedDescription: fill('Another') })).changes).toEqual([
      { field: 'extendedDescription', from: 'A wave breaks at the shore.', to: 'A wave breaks at the shore.\n\nAnother' },
    ])
    await kit.revert(outcome.writeId)
    expect((await kit.reader.read(photo)).extendedDescription).toBe(kind === 'dng' ? null : 'Lang')
  })
})

describe('the mono verdict', () => {
  it.each<[string, PhotoKind]>([
    ['wave.jpg', 'jpeg'],
    ['chelsea.webp', 'webp'],
    ['pair/DSC_0042.dng', 'dng'],
  ])('%s: stands in fields of its own, once however often it is checked, and goes back exactly', async (fixture, kind) => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), fixture, kind)
    const before = dumpTags(photo.path)
    const first = await kit.save(photo, verdict('pass_with_query'))
    expect(first.outcome).toMatchObject(written)
    expect(first.plan.changes.map(({ field, to }) => [field, to])).toEqual([
      ['monoVerdict', 'pass_with_query'],
      ['monoMode', 'toned'],
      ['monoStrictness', 'balanced'],
    ])
    const stamp = stampOf(first.plan.targetPath)
    expect((await kit.save(photo, verdict('pass_with_query'))).outcome.outcome).toBe('unchanged')
    expect(stampOf(first.plan.targetPath)).toEqual(stamp)
    const second = await kit.save(photo, verdict('fail', 'spot_colour'))
    expect(second.plan.changes.map(({ field }) => field)).toEqual(['monoVerdict', 'monoMode'])
    expect(readTag(second.plan.targetPath, 'XMP-iwstudio:MonoVerdict')).toBe('fail')
    expect(await kit.reader.read(photo)).toMatchObject({ monoVerdict: 'fail', monoMode: 'spot_colour', keywords: [], conflicts: [] })
    await kit.revert(second.outcome.writeId)
    expect(await kit.reader.read(photo)).toMatchObject({ monoVerdict: 'pass_with_query', monoMode: 'toned', monoStrictness: 'balanced' })
    await kit.revert(first.outcome.writeId)
    expect(dumpTags(photo.path)).toEqual(before)
  })

  it('monoKeyword: one keyword beside the fields; the next verdict takes its place, and that of every older one', async () => {
    const kit = createFeatureKit(exiftool, { monoKeyword: true })
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const old = 'mono:verdict:pass_with_query'
    const others = ['sea', 'mono:mode:toned']
    for (const tag of ['XMP-dc:Subject', 'IPTC:Keywords'])
      foreignEdit(photo.path, ...[old, ...others, old, old].map((word) => `-${tag}+=${word}`), '-codedcharacterset=utf8')
    const before = dumpTags(photo.path)
    const { outcome } = await kit.save(photo, { ...verdict('pass'), keywords: add('wave') })
    expect(outcome).toMatchObject(written)
    for (const tag of ['XMP-dc:Subject', 'IPTC:Keywords'])
      expect(readTag(photo.path, tag).split('\n')).toEqual([...others, 'wave', 'mono:verdict:pass'])
    for (const each of ['fail', 'fail', 'pass'] as const) await kit.save(photo, verdict(each))
    expect((await kit.reader.read(photo)).keywords).toEqual([...others, 'wave', 'mono:verdict:pass'])
    expect((await kit.save(photo, verdict('pass'))).outcome.outcome).toBe('unchanged')
    kit.set({ monoKeyword: false })
    expect((await kit.writer.preview(photo, verdict('fail'))).changes.map(({ field }) => field)).toEqual(['monoVerdict'])
    for (const entry of kit.journal.list(0, 10).items) if (entry.state === 'written') await kit.revert(entry.writeId)
    expect(dumpTags(photo.path)).toEqual(before)
  })
})
