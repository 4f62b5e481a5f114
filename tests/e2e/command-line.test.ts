/** The whole job by commands alone, on a copy of the fixtures, checked with the system's own tools. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noteSkip } from '../helpers/skips.ts'
import { allTags, exivOf, hasTool, imageDataHash, imageworks, makeHome, type StudioHome, tagOf } from './studio-home.ts'

const secondReaders = hasTool('exiftool') && hasTool('exiv2')
if (!secondReaders) noteSkip('second readers on the command line', 'exiftool and exiv2 are not installed')

describe('tag → proposals → approve → plan → write → metadata → revert', () => {
  let home: StudioHome
  let files: string[]
  const before = new Map<string, { tags: string[]; hash: string | undefined }>()

  beforeAll(() => {
    home = makeHome([
      'friends.jpg',
      'coffee.jpg',
      'brushes.tif',
      'astronaut.png',
      'abroad/roebling-bridge.jpg',
      'Löwenzahn – été.jpg',
      'pair/DSC_0042.dng',
      'pair/DSC_0042.jpg',
    ])
    files = readdirSync(home.photos).map((name) => path.join(home.photos, name))
    if (secondReaders) for (const file of files) before.set(file, { tags: allTags(file), hash: imageDataHash(file) })
  })
  afterAll(() => home.remove())

  it('tags every photo and touches no file', () => {
    const names = readdirSync(home.photos)
    const { code, stderr } = imageworks(home, 'tag', home.photos)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(readdirSync(home.photos)).toEqual(names)
    if (secondReaders) for (const file of files) expect(allTags(file)).toEqual(before.get(file)?.tags)
  })

  it('shows the proposals, one JSON object a photo, a pair as one', () => {
    const { code, rows } = imageworks(home, 'proposals', '--json')
    expect(code).toBe(0)
    expect(rows).toHaveLength(files.length - 1)
    const coffee = rows.find((row) => String(row['path']).endsWith('coffee.jpg'))
    expect(coffee).toMatchObject({
      state: 'proposed',
      caption: { model: expect.stringContaining('embedded'), gates: [] },
      description: { gates: [] },
    })
    expect(((coffee?.['keywords'] ?? []) as { keyword: string }[]).map((each) => each.keyword)).toContain('cup')
  })

  it('approves, plans and writes; a second reader sees the same words', () => {
    expect(imageworks(home, 'approve', '--all-passing').code).toBe(0)
    const plans = imageworks(home, 'plan', '--json')
    expect(plans.code).toBe(0)
    const dng = plans.rows.find((row) => String(row['path']).endsWith('.dng'))
    expect(dng).toMatchObject({ target: 'sidecar', targetPath: path.join(home.photos, 'DSC_0042.xmp') })

    const written = imageworks(home, 'write', '--approved', '--json')
    // The dandelion holds a title and a description, and nothing sure was found to add.
    for (const row of written.rows)
      expect([row['path'], row['outcome'], row['message']]).toEqual([
        row['path'],
        String(row['path']).includes('Löwenzahn') ? 'unchanged' : 'written',
        null,
      ])
    expect(written.code).toBe(0)

    const coffee = path.join(home.photos, 'coffee.jpg')
    const [metadata] = imageworks(home, 'metadata', coffee, '--json').rows
    expect(metadata).toMatchObject({ conflicts: [] })
    expect(metadata?.['keywords']).toContain('cup')
    if (!secondReaders) return
    const bridge = path.join(home.photos, 'roebling-bridge.jpg')
    const title = imageworks(home, 'metadata', bridge, '--json').rows[0]?.['title']
    expect(title).toEqual(expect.stringContaining('Covington'))
    expect(tagOf(bridge, 'XMP-dc:Title')).toBe(title)
    expect(exivOf(bridge, 'Iptc.Application2.ObjectName')).toBe(String(title).slice(0, 64))
    expect(exivOf(coffee, 'Xmp.dc.subject').split(', ')).toEqual(metadata?.['keywords'])
    expect(exivOf(coffee, 'Iptc.Application2.Keywords').split('\n')).toEqual(metadata?.['keywords'])
    for (const file of files) expect(imageDataHash(file)).toBe(before.get(file)?.hash)
  })

  it('writes nothing the second time', () => {
    const { rows } = imageworks(home, 'write', home.photos, '--json')
    expect(new Set(rows.map((row) => row['outcome']))).toEqual(new Set(['unchanged']))
  })

  it('takes everything back', () => {
    const { code, rows } = imageworks(home, 'revert', home.photos, '--json')
    expect(new Set(rows.map((row) => row['outcome']))).toEqual(new Set(['reverted']))
    expect(code).toBe(0)
    expect(readdirSync(home.photos).toSorted()).toEqual(files.map((file) => path.basename(file)).toSorted())
    if (!secondReaders) return
    for (const file of files) {
      expect(allTags(file), file).toEqual(before.get(file)?.tags)
      expect(imageDataHash(file)).toBe(before.get(file)?.hash)
    }
  })

  it('tells the journal in order, newest first', () => {
    const { rows } = imageworks(home, 'journal', '--json')
    const ids = rows.map((row) => Number(row['writeId']))
    expect(ids).toEqual(ids.toSorted((a, b) => b - a))
    expect(rows.every((row) => ['written', 'reverted'].includes(String(row['state'])))).toBe(true)
  })
})

describe('edit', () => {
  // The coffee holds IPTC in Latin-1 without saying so: every one of its fields is replaced and must come back.
  it.each(['rocket.jpg', 'coffee.jpg'])('writes a decision made by hand into %s, exactly, and takes it back', (name) => {
    const home = makeHome([name])
    try {
      const file = path.join(home.photos, name)
      const tags = secondReaders ? allTags(file) : []
      const title = 'Start um 5 – „Große“ Rakete & <b>Rauch</b>'
      expect(
        imageworks(
          home,
          'edit',
          file,
          '--title',
          title,
          '--keywords',
          '007,Cape Canaveral',
          '--add-keyword',
          'ロケット',
          '--alt-text',
          'A rocket',
          '--description',
          'Drei\nZeilen – „ü“\n🚀',
        ).code,
      ).toBe(0)
      expect(imageworks(home, 'write', file).code).toBe(0)
      const [metadata] = imageworks(home, 'metadata', file, '--json').rows
      expect(metadata).toMatchObject({ title, keywords: ['007', 'Cape Canaveral', 'ロケット'], altText: 'A rocket' })
      expect(imageworks(home, 'revert', file).code).toBe(0)
      if (secondReaders) expect(allTags(file)).toEqual(tags)
    } finally {
      home.remove()
    }
  })
})

describe('a RAW and its JPEG', () => {
  it('are one photo by whichever name', () => {
    const pair = makeHome(['pair/DSC_0042.dng', 'pair/DSC_0042.jpg'])
    try {
      const jpeg = path.join(pair.photos, 'DSC_0042.jpg')
      expect(imageworks(pair, 'edit', jpeg, '--title', 'By its JPEG').code).toBe(0)
      expect(imageworks(pair, 'list', '--json').rows.map((row) => path.basename(String(row['path'])))).toEqual(['DSC_0042.dng'])
      const [plan] = imageworks(pair, 'plan', jpeg, '--json').rows
      expect(plan).toMatchObject({ target: 'sidecar', targetPath: path.join(pair.photos, 'DSC_0042.xmp') })
    } finally {
      pair.remove()
    }
  })
})

describe('words that are wrong', () => {
  let home: StudioHome
  beforeAll(() => {
    home = makeHome(['coffee.jpg'])
  })
  afterAll(() => home.remove())

  it.each([
    [['tag'], 'Name at least one photo'],
    [['tag', 'x', '--stages', 'captoin'], 'Did you mean caption?'],
    [['tag', 'photos', '--profile', 'balanced_24'], 'balanced_24gb'],
    [['tag', 'photos', '--role-model', 'caption=embeded-basic-facts'], 'embedded-basic-facts'],
    [['models', 'select', '--role', 'captions'], 'caption'],
    [['profile', 'set', 'cpuonly'], 'cpu_only'],
    [['settings', 'themes'], 'theme'],
    [['settings', 'taggingConcurrency', '99'], '32'],
    [['models', 'rollback', '99'], 'version'],
    [['nonsense'], 'unknown command'],
    [['write'], '--approved'],
  ])('%j is usage (exit code 2) with the nearest known name', (words, sentence) => {
    const { code, stderr, stdout } = imageworks(home, ...words)
    expect(stderr).toContain(sentence)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('reports a path that is not there, and goes on with the others', () => {
    const { code, stderr, rows } = imageworks(home, 'import', path.join(home.photos, 'missing.jpg'), home.photos, '--json')
    expect(stderr).toContain('missing.jpg')
    expect(rows).toHaveLength(1)
    expect(code).toBe(1)
  })
})

describe('models', () => {
  let home: StudioHome
  beforeAll(() => {
    home = makeHome([])
  })
  afterAll(() => home.remove())

  it('selects by role with reasons, and rejects with reasons', () => {
    const { rows, code } = imageworks(home, 'models', 'select', '--role', 'caption', '--profile', 'balanced_24gb', '--assume-installed', '--json')
    expect(code).toBe(0)
    const [selection] = rows as { models: { name: string }[]; rejected: unknown[] }[]
    expect(selection?.models.slice(0, 3).map((model) => model.name)).toEqual([
      'qwen3-vl-8b-instruct_(FP8)',
      'qwen25vl_8.3b_(Q4_K_M)',
      'florence-2-large_(FP16)',
    ])
  })

  it('asks a model about its two pictures and ends in good order: what the answers showed is kept before the library is closed', () => {
    const { stderr, stdout } = imageworks(home, 'models', 'probe', 'embedded-basic-facts')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/sees? pictures/)
  })

  it('keeps a profile that was set', () => {
    expect(imageworks(home, 'profile', 'set', 'cpu_only').code).toBe(0)
    expect(imageworks(home, 'profile', 'show', '--json').rows[0]).toMatchObject({ active: 'cpu_only' })
  })
})
