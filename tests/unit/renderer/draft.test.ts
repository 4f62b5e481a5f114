import { array, assert as holds, integer, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../../src-main/contract/model.ts'
import { applyDecisionChange } from '../../../src-main/library/decisions.ts'
import { draftToText, parseDraft, parseQueue, queueToText } from '../../../src-renderer/state/draft.ts'
import { predictDecision } from '../../../src-renderer/state/predict.ts'

describe('what review remembers through a reload', () => {
  const draft = { photoId: 3, editing: { field: 'title' as const, text: 'Half a wo' }, keywordText: null, past: [[1], [2, 3]], future: [[4]] }

  it('round-trips, and forgets what is damaged instead of failing', () => {
    expect(parseDraft(draftToText(draft))).toEqual(draft)
    const nothing = { photoId: null, editing: null, keywordText: null, past: [], future: [] }
    for (const text of [null, 'x', 'null', '{"editing":{"field":"size","text":"a"},"past":[1],"photoId":"3"}'])
      expect(parseDraft(text)).toEqual(nothing)
  })

  it('keeps the newest of a very long order of decisions', () => {
    const many = Array.from({ length: 12_000 }, (_, at) => at)
    expect(parseDraft(draftToText({ ...draft, past: [[1], many, [2], many.slice(0, 7_999)] })).past.map((group) => group.length)).toEqual([
      12_000, 1, 7_999,
    ])
  })

  it('keeps a queue of any length and order', () => {
    holds(property(array(integer({ min: 1, max: 1e9 })), (queue) => void expect(parseQueue(queueToText(queue))).toEqual(queue)))
    expect(queueToText(Array.from({ length: 100_000 }, (_, at) => at + 1)).length).toBeLessThan(250_000)
    for (const text of [null, '', 'x', '1,2', '1  2']) expect(parseQueue(text)).toEqual([])
  })
})

describe('a decision shown before the answer', () => {
  const open: Decision = {
    photoId: 1,
    status: 'rejected',
    fields: {},
    keywords: [{ keyword: 'Boat', verdict: 'add', origin: 'hand' }],
    keywordList: null,
  }

  it.each([
    { kind: 'field', field: 'title', verdict: 'accept', text: 'A boat' },
    { kind: 'field', field: 'title', verdict: 'clear' },
    { kind: 'keyword', keyword: 'boat', verdict: 'clear' },
    { kind: 'keyword', keyword: 'sea', verdict: 'add' },
    {
      kind: 'keywords',
      entries: [
        { keyword: 'sea', verdict: 'add' },
        { keyword: 'BOAT', verdict: 'reject' },
      ],
    },
    { kind: 'keyword-list', keywords: ['sea', 'boat'] },
  ] as const)('is what the studio makes of %j', (change) => {
    const verdicts = (decision: Decision) => ({
      ...decision,
      fields: Object.entries(decision.fields).map(([field, { verdict, text }]) => [field, verdict, text]),
      keywords: decision.keywords.map(({ keyword, verdict }) => [keyword, verdict]),
    })
    const asked = structuredClone(change) as never
    expect(verdicts(predictDecision(open, asked))).toEqual(verdicts(applyDecisionChange(open, asked, {})))
  })
})
