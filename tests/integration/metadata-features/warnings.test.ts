import { chmodSync, readFileSync, truncateSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { problemLine } from '../../../src-renderer/copy/errors.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, dumpTags, foreignEdit, readTag, sha } from '../../helpers/writer-kit.ts'
import { add, createFeatureKit, createPool, replace } from './feature-kit.ts'

const exiftool = createPool()
afterAll(() => exiftool.dispose())

/** A JPEG's first segment becomes a JUMBF box that says it is a C2PA manifest store. */
function addManifest(file: string): Buffer {
  const box = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts)
    const head = Buffer.alloc(8)
    head.writeUInt32BE(body.length + 8)
    head.write(type, 4, 'latin1')
    return Buffer.concat([head, body])
  }
  const description = box('jumd', Buffer.from('6332706100110010800000aa00389b71', 'hex'), Buffer.from([3]), Buffer.from('c2pa\0'))
  const store = box('jumb', description)
  const segment = Buffer.concat([Buffer.from('JP'), Buffer.from([0, 1, 0, 0, 0, 1]), store])
  const marker = Buffer.from([0xff, 0xeb, (segment.length + 2) >> 8, (segment.length + 2) & 0xff])
  const bytes = readFileSync(file)
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 2), marker, segment, bytes.subarray(2)]))
  return segment
}

describe('before the first write', () => {
  it('content credentials are told of, and the manifest’s bytes stay', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'kitchen.jpg', 'jpeg')
    const segment = addManifest(photo.path)
    const plan = await kit.writer.plan(photo, { title: replace('T') }, [])
    expect(plan).toMatchObject({ refusal: null, warnings: [{ code: 'c2pa-present' }] })
    expect((await kit.writer.write([plan.id]))[0]).toMatchObject({ outcome: 'written', message: null })
    expect(readFileSync(photo.path).includes(segment)).toBe(true)
    // Beside the photo nothing is broken, so nothing is warned of.
    const beside = createFeatureKit(exiftool, { sidecarKinds: ['jpeg'] })
    const other = copyFixture(tempFolder(), 'kitchen.jpg', 'jpeg')
    addManifest(other.path)
    expect((await beside.writer.plan(other, { title: replace('T') }, [])).warnings).toEqual([])
  })

  it('what IPTC cannot hold is said with its numbers, and XMP gets all', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'kitchen.jpg', 'jpeg')
    const title = 'é'.repeat(40)
    const { plan } = await kit.save(photo, { title: replace(title), keywords: add('k'.repeat(70)), description: replace('d'.repeat(2100)) })
    expect(plan.warnings.map(({ code, data }) => [code, data?.['tag'], data?.['limitBytes'], data?.['sizeBytes']])).toEqual([
      ['value-truncated', 'IPTC:ObjectName', 64, 80],
      ['value-truncated', 'IPTC:Caption-Abstract', 2000, 2100],
      ['value-truncated', 'IPTC:Keywords', 64, 70],
    ])
    expect(problemLine(plan.warnings[0]!)).toContain('64 bytes')
    expect(problemLine(plan.warnings[0]!)).toContain('80')
    expect(readTag(photo.path, 'XMP-dc:Title')).toBe(title)
    expect(readTag(photo.path, 'IPTC:ObjectName')).toBe('é'.repeat(32))
  })

  it('a photo and its sidecar that disagree are shown, whichever counts', async () => {
    const kit = createFeatureKit(exiftool)
    const folder = tempFolder()
    const photo = copyFixture(folder, 'kitchen.jpg', 'jpeg')
    foreignEdit(photo.path, '-XMP-dc:Title=Inside')
    foreignEdit(`${photo.path}.xmp`, '-XMP-dc:Title=Beside')
    const wanted = { title: replace('New') }
    expect((await kit.writer.preview(photo, wanted)).warnings).toMatchObject([
      { code: 'sidecar-conflict', data: { sidecars: ['kitchen.jpg.xmp'], fields: ['title'], written: 'the photo itself' } },
    ])
    const beside = createFeatureKit(exiftool, { sidecarKinds: ['jpeg'] })
    expect(await beside.writer.preview(photo, wanted)).toMatchObject({
      changes: [{ from: 'Beside', to: 'New' }],
      warnings: [{ code: 'sidecar-conflict', data: { fields: ['title'], written: 'kitchen.jpg.xmp' } }],
    })
  })
})

describe('fields that describe generated pictures', () => {
  it('are neither set nor changed, in a photo that has them and in one that has not', async () => {
    const origin = { promptHashes: ['h'], action: 'approved' as const }
    const told = createFeatureKit(exiftool, { writeProvenance: true, headlineMirror: true, digikamTags: true, monoKeyword: true })
    const everything = {
      title: replace('T'),
      description: replace('D'),
      altText: replace('A'),
      extendedDescription: replace('E'),
      keywords: add('A|B'),
      mono: { verdict: 'pass' as const, mode: 'toned', strictness: 'balanced' },
      origin,
    }
    const ai = ['XMP-iptcExt:DigitalSourceType', 'XMP-iptcExt:AISystemUsed', 'XMP-iptcExt:AIPromptInformation']
    const plain = copyFixture(tempFolder(), 'kitchen.jpg', 'jpeg')
    await told.save(plain, everything)
    expect(dumpTags(plain.path).join('\n')).not.toMatch(/DigitalSourceType|AISystem|AIPrompt/)
    const marked = copyFixture(tempFolder(), 'kitchen.jpg', 'jpeg')
    foreignEdit(
      marked.path,
      `-${ai[0]}=http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture`,
      `-${ai[1]}=Other system`,
      `-${ai[2]}=Other prompt`,
    )
    const before = ai.map((tag) => readTag(marked.path, tag))
    expect((await told.save(marked, everything)).outcome.outcome).toBe('written')
    expect(ai.map((tag) => readTag(marked.path, tag))).toEqual(before)
    expect(before.every((value) => value !== '')).toBe(true)
  })
})

describe('a photo that is refused', () => {
  it('still shows the words that wait, beside what can be read of it', async () => {
    const kit = createFeatureKit(exiftool)
    const photo = copyFixture(tempFolder(), 'kitchen.jpg', 'jpeg')
    foreignEdit(photo.path, '-XMP-dc:Title=Old')
    const wanted = { title: replace('New'), keywords: add('k') }
    chmodSync(photo.path, 0o444)
    expect(await kit.writer.plan(photo, wanted, [])).toMatchObject({
      refusal: { code: 'file-read-only' },
      changes: [
        { field: 'title', from: 'Old', to: 'New' },
        { field: 'keywords', to: ['k'] },
      ],
    })
    chmodSync(photo.path, 0o644)
    truncateSync(photo.path, Math.floor(statSync(photo.path).size / 2))
    const before = sha(photo.path)
    const { plan, outcome } = await kit.save(photo, wanted)
    expect(plan).toMatchObject({ refusal: { code: 'photo-damaged' }, changes: [{ from: 'Old', to: 'New' }, { to: ['k'] }] })
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'photo-damaged' })
    expect(sha(photo.path)).toBe(before)
  })
})
