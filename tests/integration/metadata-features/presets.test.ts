import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { METADATA_PRESETS, type MetadataPreset } from '../../../src-main/contract/settings.ts'
import { PRESET_SENTENCES } from '../../../src-renderer/copy/en/presets.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, sha } from '../../helpers/writer-kit.ts'
import { add, createFeatureKit, createPool, presets, replace } from './feature-kit.ts'

const exiftool = createPool()
afterAll(() => exiftool.dispose())

const BUNDLED = path.resolve(import.meta.dirname, '../../../node_modules/exiftool-vendored.pl/bin/exiftool')
/** What a program finds in the places it looks into, read by a process of its own. */
function words(file: string): Record<string, unknown> {
  const tags = ['XMP-dc:Title', 'XMP-dc:Subject', 'XMP-lr:HierarchicalSubject', 'XMP-digiKam:TagsList', 'IPTC:ObjectName', 'IPTC:Keywords']
  const out = execFileSync(BUNDLED, ['-config', '', '-j', '-G1', '-struct', '-api', 'StructFormat=JSONQ', ...tags.map((tag) => `-${tag}`), file])
  const { SourceFile: _file, ...rest } = (JSON.parse(out.toString()) as Record<string, unknown>[])[0]!
  return rest
}

const EVERY_LEVEL = ['sea', 'Animals', 'Dog', 'Poodle']
const IPTC = (keywords: string[]) => ({ 'IPTC:ObjectName': 'A poodle', 'IPTC:Keywords': keywords })
const TITLE = { 'XMP-dc:Title': 'A poodle' }
interface Golden {
  /** Files in the folder afterwards, beside a.jpg, b.nef and c.dng. */
  sidecars: string[]
  /** The file that holds the words of each photo. */
  jpeg: [string, Record<string, unknown>]
  raw: [string, Record<string, unknown>]
  dng: string
}

const flat = { ...TITLE, 'XMP-dc:Subject': EVERY_LEVEL }
const leaf = { ...TITLE, 'XMP-dc:Subject': ['sea', 'Poodle'], 'XMP-digiKam:TagsList': ['Animals/Dog/Poodle', 'sea'] }
const GOLDEN: Record<Exclude<MetadataPreset, 'custom'>, Golden> = {
  lightroom: {
    sidecars: ['b.xmp'],
    jpeg: ['a.jpg', { ...flat, ...IPTC(EVERY_LEVEL), 'XMP-lr:HierarchicalSubject': ['Animals', 'Animals|Dog', 'Animals|Dog|Poodle'] }],
    raw: ['b.xmp', { ...flat, 'XMP-lr:HierarchicalSubject': ['Animals', 'Animals|Dog', 'Animals|Dog|Poodle'] }],
    dng: 'c.dng',
  },
  captureone: {
    sidecars: ['b.xmp', 'c.xmp'],
    jpeg: ['a.jpg', { ...flat, ...IPTC(EVERY_LEVEL), 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle'] }],
    raw: ['b.xmp', { ...flat, 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle'] }],
    dng: 'c.xmp',
  },
  darktable: {
    sidecars: ['a.jpg.xmp', 'b.nef.xmp', 'c.dng.xmp'],
    jpeg: ['a.jpg.xmp', { ...flat, 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle', 'sea'] }],
    raw: ['b.nef.xmp', { ...flat, 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle', 'sea'] }],
    dng: 'c.dng.xmp',
  },
  digikam: {
    sidecars: ['b.nef.xmp', 'c.dng.xmp'],
    jpeg: ['a.jpg', { ...leaf, ...IPTC(['sea', 'Poodle']), 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle'] }],
    raw: ['b.nef.xmp', { ...leaf, 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle'] }],
    dng: 'c.dng.xmp',
  },
  immich: {
    sidecars: ['a.jpg.xmp', 'b.nef.xmp', 'c.dng.xmp'],
    jpeg: ['a.jpg.xmp', { ...leaf, 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle'] }],
    raw: ['b.nef.xmp', { ...leaf, 'XMP-lr:HierarchicalSubject': ['Animals|Dog|Poodle'] }],
    dng: 'c.dng.xmp',
  },
}

describe('each preset writes what its program reads', () => {
  it.each(Object.entries(GOLDEN))('%s', async (metadataPreset, golden) => {
    const folder = tempFolder()
    // The settings that the preset takes the place of say the opposite.
    const kit = createFeatureKit(exiftool, { metadataPreset: metadataPreset as MetadataPreset, sidecarKinds: ['png'], keywordTree: 'given' })
    const photos = [
      copyFixture(folder, 'kitchen.jpg', 'jpeg', 'a.jpg'),
      copyFixture(folder, 'pair/DSC_0042.dng', 'raw', 'b.nef'),
      copyFixture(folder, 'pair/DSC_0042.dng', 'dng', 'c.dng'),
    ]
    const rawBefore = sha(photos[1]!.path)
    const targets: string[] = []
    for (const photo of photos) {
      const wanted = { title: replace('A poodle'), keywords: { list: ['sea', 'Animals|Dog|Poodle'], add: [], remove: [] } }
      const { plan, outcome } = await kit.save(photo, wanted)
      expect(outcome).toMatchObject({ outcome: 'written', message: null })
      expect((await kit.writer.preview(photo, wanted)).changes).toEqual([])
      targets.push(path.basename(plan.targetPath))
    }
    expect(readdirSync(folder).sort()).toEqual(['a.jpg', 'b.nef', 'c.dng', ...golden.sidecars].sort())
    expect(targets).toEqual([golden.jpeg[0], golden.raw[0], golden.dng])
    expect(words(path.join(folder, golden.jpeg[0]))).toEqual(golden.jpeg[1])
    expect(words(path.join(folder, golden.raw[0]))).toEqual(golden.raw[1])
    expect(words(path.join(folder, golden.dng))).toEqual(golden.raw[1])
    expect(sha(photos[1]!.path)).toBe(rawBefore)
  })

  it('comes with one sentence on what to do in that program', () => {
    for (const name of METADATA_PRESETS) {
      if (name === 'custom') continue
      expect(presets[name].name).toBe(name)
      expect(PRESET_SENTENCES[name]).toMatch(/^In [^.]+\.$/)
    }
  })

  it('a darktable sidecar that is there keeps its history, and every keyword joins its tree', async () => {
    const folder = tempFolder()
    const kit = createFeatureKit(exiftool, { metadataPreset: 'darktable' })
    const photo = copyFixture(folder, 'pair/DSC_0042.dng', 'raw', 'b.nef')
    const sidecar = `${photo.path}.xmp`
    execFileSync(BUNDLED, ['-config', '', '-q', '-XMP-lr:HierarchicalSubject=darktable|format|nef', '-XMP-xmp:Rating=3', sidecar])
    await kit.save(photo, { keywords: add('sea') })
    expect(words(sidecar)).toEqual({ 'XMP-dc:Subject': ['sea'], 'XMP-lr:HierarchicalSubject': ['darktable|format|nef', 'sea'] })
    expect(execFileSync(BUNDLED, ['-config', '', '-s3', '-XMP-xmp:Rating', sidecar]).toString().trim()).toBe('3')
  })
})
