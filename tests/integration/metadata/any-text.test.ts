/** Any Unicode in all fields, through the real ExifTool: written exactly, a second time nothing, and back exactly. */
import * as fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import type { PhotoKind } from '../../../src-main/contract/model.ts'
import { findUnwritable } from '../../../src-main/metadata/exiftool-arguments.ts'
import { cutToBytes } from '../../../src-main/metadata/iptc-text.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, findTool } from '../../helpers/writer-kit.ts'
import { photoAt, picture, smallJpeg } from './matrix/hard-inputs.ts'
import { createWitness } from './matrix/witness.ts'

const kit = createWriterKit()
const witness = createWitness()
const [jpeg, tiff, png] = await Promise.all([smallJpeg(), picture().tiff().toBuffer(), picture().png().toBuffer()])
afterAll(() => Promise.all([kit.exiftool.dispose(), witness.dispose()]))

const isWritable = (value: string) => findUnwritable(value) === null
const unit = fc.constantFrom('grapheme' as const, 'binary' as const)
const text = unit.chain((kind) => fc.string({ unit: kind, minLength: 1, maxLength: 90 })).filter(isWritable)
const word = unit
  .chain((kind) => fc.string({ unit: kind, minLength: 1, maxLength: 40 }))
  .filter((value) => isWritable(value) && value.trim() !== '' && !value.includes('|'))
const words = fc.record({
  title: fc.option(text),
  description: fc.option(text),
  altText: fc.option(text),
  extendedDescription: fc.option(text),
  keywords: fc.uniqueArray(word, { maxLength: 5, selector: (value) => value.normalize('NFC').trim().toLowerCase() }),
})
const wantedOf = ({
  title,
  description,
  altText,
  extendedDescription,
  keywords,
}: typeof words extends fc.Arbitrary<infer T> ? T : never): WantedFields => ({
  title: { text: title, policy: 'replace' },
  description: { text: description, policy: 'replace' },
  altText: { text: altText, policy: 'replace' },
  extendedDescription: { text: extendedDescription, policy: 'replace' },
  keywords: { list: keywords, add: [], remove: [] },
})

it.each<[PhotoKind, number]>([
  ['jpeg', 8],
  ['tiff', 5],
  ['png', 5],
  ['dng', 5],
])('F26 %s: two writes of any words on top of each other, both taken back', async (kind, runs) => {
  await fc.assert(
    fc.asyncProperty(words, words, async (first, second) => {
      const folder = tempFolder()
      const photo =
        kind === 'dng'
          ? copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
          : photoAt(folder, { jpeg: 'a.jpg', tiff: 'a.tif', png: 'a.png' }[kind as 'jpeg'], kind, { jpeg, tiff, png }[kind as 'jpeg'])
      const before = await witness.tags(photo.path)
      const writes: number[] = []
      for (const each of [first, second]) {
        const { outcome } = await kit.save(photo, wantedOf(each))
        expect(['written', 'unchanged']).toContain(outcome.outcome)
        const now = await kit.reader.read(photo)
        expect(now).toMatchObject({ title: each.title, description: each.description, altText: each.altText, conflicts: [] })
        expect(now.extendedDescription).toBe(each.extendedDescription)
        expect(now.keywords).toEqual(each.keywords.map((value) => value.trim()))
        expect((await kit.save(photo, wantedOf(each))).outcome.outcome).toBe('unchanged')
        if (outcome.writeId !== null) writes.push(outcome.writeId)
      }
      for (const writeId of writes.toReversed()) expect(await kit.revert(writeId)).toMatchObject({ outcome: 'reverted', message: null })
      expect(await witness.tags(photo.path)).toEqual(before)
    }),
    { numRuns: runs, seed: 88, endOnFailure: true },
  )
})

it('F86 exiv2 reads the same words, whatever they are', async () => {
  const exiv2 = findTool('exiv2')
  if (!exiv2) return noteSkip('F86 any words by exiv2', 'not installed')
  // Its printed lines cannot show line breaks and trims the ends; everything else is compared as it is.
  const plain = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((value) => isWritable(value) && !/[\p{Cc}\u2028\u2029]/u.test(value) && value.trim() === value && !value.startsWith('lang='))
  await fc.assert(
    fc.asyncProperty(plain, async (title) => {
      const photo = photoAt(tempFolder(), 'a.jpg', 'jpeg', jpeg)
      expect((await kit.save(photo, { title: { text: title, policy: 'replace' } })).outcome.outcome).toBe('written')
      const lines = exiv2('-Pkt', '-K', 'Xmp.dc.title', '-K', 'Iptc.Application2.ObjectName', photo.path)
      expect(lines).toContain(`lang="x-default" ${title}`)
      expect(lines).toContain(cutToBytes(title, 64))
    }),
    { numRuns: 8, seed: 88 },
  )
})
