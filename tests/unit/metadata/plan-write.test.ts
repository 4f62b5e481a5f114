import { describe, expect, it } from 'vitest'
import type { MetadataSnapshot } from '../../../src-main/contract/model.ts'
import { findValueProblem, planChanges, planWarnings, targetOf } from '../../../src-main/metadata/plan-write.ts'

const snapshot = (given: Partial<MetadataSnapshot> = {}): MetadataSnapshot => ({
  title: null,
  description: null,
  altText: null,
  extendedDescription: null,
  keywords: [],
  hierarchicalKeywords: [],
  monoVerdict: null,
  monoMode: null,
  monoStrictness: null,
  sources: {},
  conflicts: [],
  ...given,
})
const words = (given: Partial<{ list: string[] | null; add: string[]; remove: string[] }>) => ({
  keywords: { list: null, add: [], remove: [], ...given },
})

describe('planChanges', () => {
  it('fills an empty title and never a real one', () => {
    const wanted = { title: { text: 'Model words', policy: 'fill' as const } }
    expect(planChanges(snapshot(), wanted)).toEqual([{ field: 'title', from: null, to: 'Model words' }])
    expect(planChanges(snapshot({ title: '  ' }), wanted)).toHaveLength(1)
    expect(planChanges(snapshot({ title: 'Years of work' }), wanted)).toEqual([])
  })

  it('replaces by hand, clears with null or an empty text, and has nothing to do twice', () => {
    const current = snapshot({ title: 'Old' })
    expect(planChanges(current, { title: { text: 'New', policy: 'replace' } })).toEqual([{ field: 'title', from: 'Old', to: 'New' }])
    expect(planChanges(current, { title: { text: '', policy: 'replace' } })).toEqual([{ field: 'title', from: 'Old', to: null }])
    expect(planChanges(snapshot({ title: 'New' }), { title: { text: 'New', policy: 'replace' } })).toEqual([])
    expect(planChanges(snapshot(), { title: { text: null, policy: 'replace' } })).toEqual([])
    expect(planChanges(current, {})).toEqual([])
  })

  it('keeps the order and spelling of existing keywords and adds no twin in another case or Unicode form', () => {
    const current = snapshot({ keywords: ['Zebra', 'café', 'zebra'] })
    expect(planChanges(current, words({ add: ['ZEBRA', 'cafe\u0301', ' New ', 'new', ''] }))).toEqual([
      { field: 'keywords', from: ['Zebra', 'café', 'zebra'], to: ['Zebra', 'café', 'zebra', 'New'] },
    ])
    expect(planChanges(current, words({ add: ['zebra'] }))).toEqual([])
  })

  it('removes a keyword with its twins, and add wins over remove', () => {
    const current = snapshot({ keywords: ['Beach', 'sea', 'beach'] })
    expect(planChanges(current, words({ remove: ['BEACH'] }))[0]?.to).toEqual(['sea'])
    expect(planChanges(current, words({ remove: ['beach'], add: ['Beach'] }))[0]?.to).toEqual(['sea', 'Beach'])
    expect(planChanges(current, words({ list: ['b', 'a', 'B'], add: ['c'] }))[0]?.to).toEqual(['b', 'a', 'c'])
    expect(planChanges(current, words({ list: [] }))[0]?.to).toEqual([])
  })

  it('planning from the result of a plan is empty', () => {
    const wanted = { title: { text: 'T', policy: 'replace' as const }, ...words({ add: ['a', 'b'], remove: ['c'] }) }
    const current = snapshot({ keywords: ['c', 'd'] })
    const after = snapshot({ ...current, ...Object.fromEntries(planChanges(current, wanted).map(({ field, to }) => [field, to])) })
    expect(planChanges(after, wanted)).toEqual([])
  })

  it('keywords that only IPTC holds join the list instead of being lost when both are written', () => {
    const current = snapshot({
      keywords: ['a'],
      conflicts: [
        {
          field: 'keywords',
          values: [
            { tag: 'XMP-dc:Subject', value: ['a'] },
            { tag: 'IPTC:Keywords', value: ['a', 'legacy'] },
          ],
        },
      ],
    })
    expect(planChanges(current, words({ add: ['new'] }))[0]?.to).toEqual(['a', 'legacy', 'new'])
    expect(planChanges(current, words({ add: ['new'] }), 'sidecar')[0]?.to).toEqual(['a', 'new'])
  })

  it('a replaced field whose places disagree is written even when its value stays', () => {
    const current = snapshot({
      title: 'T',
      conflicts: [
        {
          field: 'title',
          values: [
            { tag: 'XMP-dc:Title', value: 'T' },
            { tag: 'IPTC:ObjectName', value: 'old' },
          ],
        },
      ],
    })
    expect(planChanges(current, { title: { text: 'T', policy: 'replace' } })).toEqual([{ field: 'title', from: 'T', to: 'T' }])
    expect(planChanges(current, { title: { text: 'T', policy: 'replace' } }, 'sidecar')).toEqual([])
  })

  it('the shortened copy in IPTC is no disagreement, so a long title is not written again and again', () => {
    const title = 'é'.repeat(50)
    const values = [
      { tag: 'XMP-dc:Title', value: title },
      { tag: 'IPTC:ObjectName', value: 'é'.repeat(32) },
      { tag: 'sidecar XMP-dc:Title', value: 'other' },
    ]
    expect(planChanges(snapshot({ title, conflicts: [{ field: 'title', values }] }), { title: { text: title, policy: 'replace' } })).toEqual([])
  })
})

describe('targetOf', () => {
  it('embeds in pictures and leaves RAW and DNG alone', () => {
    expect(targetOf({ path: '/p/a.jpg', kind: 'jpeg' }, [])).toEqual({ target: 'embedded', targetPath: '/p/a.jpg' })
    for (const kind of ['raw', 'dng'] as const) {
      expect(targetOf({ path: '/p/a.b.cr3', kind }, [])).toEqual({ target: 'sidecar', targetPath: '/p/a.b.xmp' })
    }
    expect(targetOf({ path: '/p/a.jxl', kind: 'jxl', signature: 'jxl-codestream' }, []).target).toBe('sidecar')
  })

  it('extends an existing sidecar in its own style and never takes another file’s', () => {
    expect(targetOf({ path: '/p/a.cr3', kind: 'raw' }, [{ path: '/p/a.CR3.xmp', style: 'full-name' }]).targetPath).toBe('/p/a.CR3.xmp')
    expect(targetOf({ path: '/p/a.cr3', kind: 'raw' }, [], true).targetPath).toBe('/p/a.cr3.xmp')
  })
})

describe('warnings and refusals', () => {
  const ask = (kind: 'jpeg' | 'png', to: string | string[], field: 'title' | 'keywords' = 'title') =>
    planWarnings({
      kind,
      target: { target: 'embedded', targetPath: '/p/a' },
      changes: [{ field, from: null, to }],
      current: snapshot(),
      sidecars: [],
      hasC2pa: false,
    })

  it('says before writing what IPTC cannot hold, by bytes, and only where IPTC is written', () => {
    expect(ask('jpeg', 'x'.repeat(64))).toEqual([])
    expect(ask('jpeg', 'é'.repeat(33))).toMatchObject([{ code: 'value-truncated', data: { field: 'title', limitBytes: 64, sizeBytes: 66 } }])
    expect(ask('jpeg', ['short', 'y'.repeat(65), 'z'.repeat(70)], 'keywords')).toHaveLength(2)
    expect(ask('png', 'x'.repeat(50_000))).toEqual([])
  })

  it('refuses what metadata cannot store and takes every other letter', () => {
    for (const text of ['a\0b', 'bell \u0007', '\ud800', 'x\udc00', '\uffff']) {
      expect(findValueProblem([{ field: 'title', from: null, to: text }])).toMatchObject({ code: 'value-not-writable' })
    }
    expect(findValueProblem([{ field: 'keywords', from: [], to: ['tab\tand\r\nlines', '👩‍🚀', '\u200f', '港'] }])).toBeNull()
  })
})
