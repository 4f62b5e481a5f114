import { describe, expect, it } from 'vitest'
import type { MetadataSnapshot } from '../../../src-main/contract/model.ts'
import { changeTree, digikamTags, flatRemovals, flatWords, isPath } from '../../../src-main/metadata/keyword-trees.ts'
import { planChanges } from '../../../src-main/metadata/plan-write.ts'
import { DEFAULT_RULES, type WritingRules } from '../../../src-main/metadata/writing-rules.ts'

const snapshot = (keywords: string[], hierarchicalKeywords: string[] = []): MetadataSnapshot => ({
  title: null,
  description: null,
  altText: null,
  extendedDescription: null,
  monoVerdict: null,
  monoMode: null,
  monoStrictness: null,
  keywords,
  hierarchicalKeywords,
  sources: {},
  conflicts: [],
})
const wish = (given: { list?: string[]; add?: string[]; remove?: string[] }) => ({
  keywords: { list: given.list ?? null, add: given.add ?? [], remove: given.remove ?? [] },
})
const withKeywords = (keywords: Partial<WritingRules['keywords']>): WritingRules => ({
  ...DEFAULT_RULES,
  keywords: { ...DEFAULT_RULES.keywords, ...keywords },
})
const result = (current: MetadataSnapshot, wanted: ReturnType<typeof wish>, rules = DEFAULT_RULES) => {
  const changes = planChanges(current, wanted, 'embedded', rules)
  const after = { ...current, ...Object.fromEntries(changes.map(({ field, to }) => [field, to])) } as MetadataSnapshot
  // What was written must never be planned again.
  expect(planChanges(after, wanted, 'embedded', rules)).toEqual([])
  return { flat: after.keywords, tree: after.hierarchicalKeywords }
}

describe('paths', () => {
  it('a bar between letters makes a path, one between spaces is text', () => {
    expect(isPath('Animals|Dog')).toBe(true)
    expect(isPath('dogs | cats')).toBe(false)
    expect(isPath('|')).toBe(false)
    expect(flatWords(['Animals|Dog|Poodle', 'sea'], 'every-level')).toEqual(['Animals', 'Dog', 'Poodle', 'sea'])
    expect(flatWords(['Animals|Dog|Poodle', 'sea'], 'leaf')).toEqual(['Poodle', 'sea'])
  })
})

describe('a path that is added', () => {
  it('lands in the tree and, level by level, among the flat words, behind what is there', () => {
    expect(result(snapshot(['sea'], ['Places|Coast']), wish({ add: ['Animals|Dog'] }))).toEqual({
      flat: ['sea', 'Animals', 'Dog'],
      tree: ['Places|Coast', 'Animals|Dog'],
    })
  })

  it('adds no twin that differs in case, Unicode form or spaces, and keeps the old spelling', () => {
    expect(result(snapshot(['café', 'DOG'], ['Animals|DOG', 'Places|Café']), wish({ add: ['animals|dog', 'places| cafe\u0301'] }))).toMatchObject({
      tree: ['Animals|DOG', 'Places|Café'],
    })
  })

  it('leaf only, every prefix, every keyword: as the other program wants it', () => {
    const add = wish({ add: ['Animals|Dog|Poodle'] })
    expect(result(snapshot(['sea']), add, withKeywords({ flat: 'leaf' })).flat).toEqual(['sea', 'Poodle'])
    expect(result(snapshot(['sea']), add, withKeywords({ tree: 'every-prefix' })).tree).toEqual(['Animals', 'Animals|Dog', 'Animals|Dog|Poodle'])
    expect(result(snapshot(['sea', 'a | b']), add, withKeywords({ tree: 'every-keyword' })).tree).toEqual(['Animals|Dog|Poodle', 'sea'])
  })

  it('a file without a tree gets none from flat words', () => {
    for (const tree of ['given', 'every-prefix', 'every-keyword'] as const)
      expect(result(snapshot(['a']), wish({ add: ['b'] }), withKeywords({ tree })).tree).toEqual([])
  })
})

describe('what is removed does not come back from the tree', () => {
  it('a flat word takes its leaves along, other paths stay', () => {
    expect(result(snapshot(['Animals', 'Dog', 'sea'], ['Animals|Dog', 'Animals|Cat']), wish({ remove: ['dog'] }))).toEqual({
      flat: ['Animals', 'sea'],
      tree: ['Animals|Cat'],
    })
  })

  it('a path goes with all below it, its leaf only if no other path ends in it', () => {
    const current = snapshot(['Animals', 'Dog', 'Poodle'], ['Animals|Dog', 'Animals|Dog|Poodle', 'Signs|Dog'])
    expect(result(current, wish({ remove: ['animals|dog'] }))).toEqual({ flat: ['Animals', 'Dog', 'Poodle'], tree: ['Signs|Dog'] })
    expect(flatRemovals(['Animals|Dog'], ['Animals|Dog'])).toEqual(['Dog'])
  })

  it('a whole list by hand drops what it leaves out, and only that', () => {
    expect(result(snapshot(['Dog', 'sea'], ['Animals|Dog', 'Places|Coast']), wish({ list: ['sea'] }))).toEqual({
      flat: ['sea'],
      tree: ['Places|Coast'],
    })
  })
})

describe('changeTree and digikamTags', () => {
  it('order never depends on what was added when it was there already', () => {
    const tree = ['b|c', 'a|b']
    expect(changeTree(tree, { added: ['a|b', 'b|c'], removed: [], flat: [] }, 'given')).toEqual(tree)
  })

  it('keeps digiKam’s order, adds what is missing, drops what went, and makes no level out of a slash', () => {
    expect(digikamTags(['x/old', 'sea', 'Animals/Dog'], ['Animals|Dog', 'Music|AC/DC'], ['sea', 'Animals', 'Dog', 'sun'])).toEqual([
      'sea',
      'Animals/Dog',
      'Music/AC\u2215DC',
      'sun',
    ])
  })

  it('is planned again only while the list lacks something', () => {
    const rules = withKeywords({ digikamTags: true })
    const current = snapshot(['sea'])
    expect(planChanges(current, wish({ add: ['sea'] }), 'embedded', rules, () => null)).toEqual([{ field: 'keywords', from: ['sea'], to: ['sea'] }])
    expect(planChanges(current, wish({ add: ['sea'] }), 'embedded', rules, () => ['sea'])).toEqual([])
  })
})

describe('policies for proposed words; by hand always counts', () => {
  const filled = { ...snapshot(['old']), title: 'Old', description: 'Old words' }
  const proposed = {
    title: { text: 'New', policy: 'fill' as const },
    description: { text: 'New words', policy: 'fill' as const },
    keywords: { list: null, add: ['new', 'mine'], remove: [], proposed: ['new'] },
  }
  const policy = (each: 'keep' | 'fill' | 'replace' | 'merge'): WritingRules => ({
    ...DEFAULT_RULES,
    policies: { title: each, description: each, altText: each, extendedDescription: each, keywords: each },
  })
  const planned = (each: Parameters<typeof policy>[0], current: MetadataSnapshot = filled) => {
    const changes = planChanges(current, proposed, 'embedded', policy(each))
    const after = { ...current, ...Object.fromEntries(changes.map(({ field, to }) => [field, to])) } as MetadataSnapshot
    expect(planChanges(after, proposed, 'embedded', policy(each))).toEqual([])
    return [after.title, after.description, after.keywords]
  }

  it.each([
    ['keep', ['Old', 'Old words', ['old', 'mine']]],
    ['fill', ['Old', 'Old words', ['old', 'mine']]],
    ['replace', ['New', 'New words', ['new', 'mine']]],
    ['merge', ['Old – New', 'Old words\n\nNew words', ['old', 'new', 'mine']]],
  ] as const)('%s', (each, expected) => {
    expect(planned(each)).toEqual(expected)
  })

  it('an empty file: keep leaves it empty, the others fill it', () => {
    const empty = { ...snapshot([]) }
    expect(planned('keep', empty)).toEqual([null, null, ['mine']])
    for (const each of ['fill', 'replace', 'merge'] as const) expect(planned(each, empty)).toEqual(['New', 'New words', ['new', 'mine']])
  })

  it('a title by hand replaces under every policy', () => {
    for (const each of ['keep', 'fill', 'replace', 'merge'] as const)
      expect(planChanges(filled, { title: { text: 'Mine', policy: 'replace' } }, 'embedded', policy(each))).toMatchObject([{ to: 'Mine' }])
  })
})
