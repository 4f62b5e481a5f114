import { existsSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PhotoKind } from '../../../src-main/contract/model.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, dumpTags, findTool, imageDataHash, leftovers, readTag, sha, stampOf } from '../../helpers/writer-kit.ts'

const kit = createWriterKit()
afterAll(() => kit.exiftool.dispose())

const WORDS: WantedFields = {
  title: { text: 'Möwe über dem Hafen', policy: 'replace' },
  description: { text: 'A gull above the harbour — 港の上のカモメ 🐦.', policy: 'replace' },
  altText: { text: 'A gull in flight', policy: 'replace' },
  keywords: { list: null, add: ['gull', '2024', '007', '1e5', 'true', 'Ärmelkanal', '港'], remove: [] },
}

const EMBEDDED: [string, PhotoKind][] = [
  ['citrus.jpg', 'jpeg'],
  ['Löwenzahn – été.jpg', 'jpeg'],
  ['abroad/森の小川.jpg', 'jpeg'],
  ['officer.jpg', 'jpeg'],
  ['friends.jpg', 'jpeg'],
  ['brushes.tif', 'tiff'],
  ['brick-wall.png', 'png'],
  ['chelsea.webp', 'webp'],
  ['fig.avif', 'avif'],
  ['wine.heic', 'heif'],
]

describe('one photo of each kind', () => {
  it.each(EMBEDDED)(
    'F31 F87 %s: writing keeps everything else, a second write moves no byte, taking back gives every tag back',
    async (fixture, kind) => {
      const folder = tempFolder()
      const photo = copyFixture(folder, fixture, kind)
      const before = { tags: dumpTags(photo.path), image: imageDataHash(photo.path), snapshot: await kit.reader.read(photo), sha: sha(photo.path) }

      const { plan, outcome } = await kit.save(photo, WORDS)
      expect(outcome).toMatchObject({ outcome: 'written', code: null, message: null })
      expect(plan).toMatchObject({ target: 'embedded', targetPath: photo.path, refusal: null })
      const written = await kit.reader.read(photo)
      expect(written).toMatchObject({ title: WORDS.title!.text, description: WORDS.description!.text, altText: WORDS.altText!.text, conflicts: [] })
      expect(written.keywords).toEqual(expect.arrayContaining(WORDS.keywords!.add))
      expect(imageDataHash(photo.path)).toBe(before.image)
      expect(sha(photo.path)).not.toBe(before.sha)
      expect(kit.journal.find(outcome.writeId!)).toMatchObject({ state: 'written', hashBefore: before.sha, hashAfter: sha(photo.path) })
      const isMirrored = kind === 'jpeg' || kind === 'tiff'
      expect(readTag(photo.path, 'IPTC:Caption-Abstract')).toBe(isMirrored ? WORDS.description!.text : '')
      expect(readTag(photo.path, 'IFD0:ImageDescription')).toBe(isMirrored ? WORDS.description!.text : '')
      if (kind === 'jpeg') expect(readTag(photo.path, 'Photoshop:IPTCDigest')).toBe(readTag(photo.path, 'File:CurrentIPTCDigest'))

      const stamp = stampOf(photo.path)
      expect((await kit.save(photo, WORDS)).outcome.outcome).toBe('unchanged')
      expect((await kit.writer.write([plan.id]))[0]).toMatchObject({ outcome: 'unchanged' })
      expect(stampOf(photo.path)).toEqual(stamp)

      const back = await kit.revert(outcome.writeId)
      expect(back).toMatchObject({ outcome: 'reverted', code: null, message: null })
      expect(dumpTags(photo.path)).toEqual(before.tags)
      expect(await kit.reader.read(photo)).toEqual(before.snapshot)
      expect(imageDataHash(photo.path)).toBe(before.image)
      expect(kit.journal.find(outcome.writeId!)).toMatchObject({ state: 'reverted', revertedBy: back.writeId })
      expect(kit.journal.latestWriteOf(photo.path)).toBeUndefined()
      expect(leftovers(folder)).toEqual([])
    },
  )
})

describe('sidecars', () => {
  it('F17 F18 F76 a DNG keeps its bytes and time; its words go into photo.xmp, which the JPEG of the pair never uses', async () => {
    const folder = tempFolder()
    const raw = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const jpeg = copyFixture(folder, 'pair/DSC_0042.jpg', 'jpeg')
    const rawBefore = { sha: sha(raw.path), stamp: stampOf(raw.path) }
    const { plan, outcome } = await kit.save(raw, WORDS)
    expect(outcome).toMatchObject({ outcome: 'written', message: null })
    const sidecar = path.join(folder, 'DSC_0042.xmp')
    expect(plan).toMatchObject({ target: 'sidecar', targetPath: sidecar })
    expect(readTag(sidecar, 'XMP-photoshop:SidecarForExtension')).toBe('DNG')
    expect(await kit.reader.read(raw)).toMatchObject({ title: WORDS.title!.text, sources: { title: ['sidecar XMP-dc:Title'] } })
    expect((await kit.reader.read(jpeg)).title).not.toBe(WORDS.title!.text)
    const jpegSave = await kit.save(jpeg, { title: { text: 'The JPEG', policy: 'replace' } })
    expect(jpegSave.plan).toMatchObject({ target: 'embedded', warnings: [] })
    expect(readTag(sidecar, 'XMP-dc:Title')).toBe(WORDS.title!.text)
    expect({ sha: sha(raw.path), stamp: stampOf(raw.path) }).toEqual(rawBefore)
    expect((await kit.save(raw, WORDS)).outcome.outcome).toBe('unchanged')

    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted', message: null })
    expect(existsSync(sidecar)).toBe(false)
    expect(leftovers(folder)).toEqual([])
  })
})

describe('second readers', () => {
  it('F86 exiv2 and an older ExifTool read the same words in JPEG, TIFF, PNG, WebP and a sidecar', async () => {
    const exiv2 = findTool('exiv2')
    const exiftool = findTool('exiftool')
    if (!exiv2) noteSkip('second reader exiv2', 'not installed')
    if (!exiftool) noteSkip('second reader /usr/bin/exiftool', 'not installed')
    const folder = tempFolder()
    const photos = [
      copyFixture(folder, 'citrus.jpg', 'jpeg'),
      copyFixture(folder, 'brushes.tif', 'tiff'),
      copyFixture(folder, 'brick-wall.png', 'png'),
      copyFixture(folder, 'chelsea.webp', 'webp'),
      copyFixture(folder, 'pair/DSC_0042.dng', 'dng'),
    ]
    for (const photo of photos) {
      const { plan, outcome } = await kit.save(photo, WORDS)
      expect(outcome.outcome).toBe('written')
      const seen = exiv2?.('-Pkt', '-g', 'Xmp.dc', '-g', 'Iptc.App', '-g', 'Exif.Image.ImageDescription', plan.targetPath)
      if (seen !== undefined) {
        expect(seen).toContain(`lang="x-default" ${WORDS.title!.text}`)
        expect(seen).toContain(`lang="x-default" ${WORDS.description!.text}`)
        expect(seen).toMatch(/Xmp\.dc\.subject\s+.*gull, 2024, 007, 1e5, true, Ärmelkanal, 港/)
        if (photo.kind === 'jpeg' || photo.kind === 'tiff') {
          expect(seen).toMatch(new RegExp(`Iptc\\.Application2\\.ObjectName\\s+${WORDS.title!.text}`))
          expect(seen).toContain('港')
        }
      }
      if (exiftool) expect(exiftool('-config', '', '-s3', '-XMP-dc:Title', plan.targetPath).trim()).toBe(WORDS.title!.text)
    }
  })
})
