import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MetadataSnapshot } from '../../../src-main/contract/model.ts'
import { emptySnapshot } from '../../../src-main/metadata/effective-values.ts'
import { addKeywords } from '../../../src-main/metadata/keyword-sets.ts'
import { digikamTags } from '../../../src-main/metadata/keyword-trees.ts'
import { planChanges } from '../../../src-main/metadata/plan-write.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { DEFAULT_RULES, type WritingRules } from '../../../src-main/metadata/writing-rules.ts'

/** Few letters, so that twins, prefixes and shared leaves come up often; and any Unicode. */
const level = fc.oneof(fc.constantFrom('a', 'A', 'b', 'c', 'é', 'e\u0301', ' a'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }))
const verdict = fc.constantFrom('pass' as const, 'pass_with_query' as const, 'fail' as const)
const mono = fc.record({ verdict, mode: fc.constantFrom('neutral', 'toned'), strictness: fc.constantFrom('balanced', 'strict') })
const word = fc.oneof(
  level,
  verdict.map((each) => `mono:verdict:${each}`),
  fc.array(level, { minLength: 2, maxLength: 4 }).map((levels) => levels.join('|')),
)
const words = fc.array(word, { maxLength: 5 })
const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }))
const wishedText = fc.record({ text, policy: fc.constantFrom('fill' as const, 'replace' as const) })
const policy = fc.constantFrom('keep' as const, 'fill' as const, 'replace' as const, 'merge' as const)

const snapshot: fc.Arbitrary<MetadataSnapshot> = fc.record({
  title: text,
  description: text,
  altText: text,
  extendedDescription: text,
  keywords: words,
  hierarchicalKeywords: words,
  monoVerdict: text,
  monoMode: text,
  monoStrictness: text,
  sources: fc.constant({}),
  conflicts: fc.constant([]),
})
const wanted: fc.Arbitrary<WantedFields> = fc.record(
  {
    title: wishedText,
    description: wishedText,
    altText: wishedText,
    extendedDescription: wishedText,
    mono,
    keywords: fc
      .record({ list: fc.option(words), add: words, remove: words })
      .chain((wish) => fc.subarray(wish.add).map((proposed) => ({ ...wish, proposed }))),
  },
  { requiredKeys: [] },
)
const rules: fc.Arbitrary<WritingRules> = fc.record({
  ...Object.fromEntries(Object.entries(DEFAULT_RULES).map(([name, value]) => [name, fc.constant(value)])),
  policies: fc.record({ title: policy, description: policy, altText: policy, extendedDescription: policy, keywords: policy }),
  monoKeyword: fc.boolean(),
  keywords: fc.record({
    tree: fc.constantFrom('given' as const, 'every-prefix' as const, 'every-keyword' as const),
    flat: fc.constantFrom('every-level' as const, 'leaf' as const),
    digikamTags: fc.constant(false),
  }),
}) as fc.Arbitrary<WritingRules>

const applied = (current: MetadataSnapshot, wish: WantedFields, given: WritingRules): MetadataSnapshot => ({
  ...current,
  ...Object.fromEntries(planChanges(current, wish, 'embedded', given).map(({ field, to }) => [field, to])),
})

describe('for any words, any settings', () => {
  it('planning from the result of a write finds nothing to do', () => {
    fc.assert(
      fc.property(snapshot, wanted, rules, (current, wish, given) => {
        expect(planChanges(applied(current, wish, given), wish, 'embedded', given)).toEqual([])
      }),
      { numRuns: 2000 },
    )
  }, 60_000)

  it('a proposal does not bring back a path that was removed by hand, nor what lies below it', () => {
    const wish: WantedFields = { keywords: { list: null, add: ['c|a|leaf', 'a'], remove: ['c|a'], proposed: ['c|a|leaf'] } }
    const given: WritingRules = { ...DEFAULT_RULES, policies: { ...DEFAULT_RULES.policies, keywords: 'fill' } }
    expect(applied(emptySnapshot(), wish, given)).toMatchObject({ keywords: ['a'], hierarchicalKeywords: [] })
  })

  it('adding keywords is associative, and adding none or the same changes nothing', () => {
    fc.assert(
      fc.property(words, words, words, (a, b, c) => {
        expect(addKeywords(addKeywords(a, b), c)).toEqual(addKeywords(a, addKeywords(b, c)))
        expect(addKeywords(a, [])).toEqual(a)
        expect(addKeywords(a, a)).toEqual(a)
      }),
    )
  })

  it('nothing that is there goes unless it was removed, replaced, or left out of a whole list', () => {
    fc.assert(
      fc.property(snapshot, words, rules, (current, added, given) => {
        const after = applied(current, { keywords: { list: null, add: added, remove: [] } }, given)
        expect(after.keywords.slice(0, current.keywords.length)).toEqual(current.keywords)
        expect(after.hierarchicalKeywords.slice(0, current.hierarchicalKeywords.length)).toEqual(current.hierarchicalKeywords)
      }),
    )
  })

  it('a mono verdict takes the place of every one before it, in the fields and among the keywords', () => {
    fc.assert(
      fc.property(snapshot, wanted, mono, rules, (current, wish, given, by) => {
        const after = applied(current, { ...wish, mono: given }, { ...by, monoKeyword: true })
        expect([after.monoVerdict, after.monoMode, after.monoStrictness]).toEqual([given.verdict, given.mode, given.strictness])
        const spoken = new Set(after.keywords.filter((each) => each.toLowerCase().startsWith('mono:verdict:')))
        expect([...spoken]).toEqual([`mono:verdict:${given.verdict}`])
      }),
    )
  })

  it('digiKam’s list comes to rest at once', () => {
    fc.assert(
      fc.property(words, words, words, (existing, tree, flat) => {
        const once = digikamTags(existing, tree, flat)
        expect(digikamTags(once, tree, flat)).toEqual(once)
      }),
    )
  })
})
