/** One edit over many photos: the bug would be a photo changed otherwise than it was shown, or one that the edit does not concern. */
import { describe, expect, it } from 'vitest'
import type { BulkEdit, Decision, MetadataSnapshot } from '../../../src-main/contract/model.ts'
import { type BulkInput, planBulkEdit } from '../../../src-main/library/bulk-edit.ts'
import { applyDecisionChange, wantedFields } from '../../../src-main/library/decisions.ts'

const current: MetadataSnapshot = {
  title: 'Boats in the harbor',
  description: null,
  altText: null,
  extendedDescription: null,
  keywords: ['Boat', 'harbor'],
  hierarchicalKeywords: [],
  monoVerdict: null,
  monoMode: null,
  monoStrictness: null,
  sources: {},
  conflicts: [],
}
const decision: Decision = { photoId: 1, status: 'open', fields: {}, keywords: [], keywordList: null }
const input = (change: Partial<BulkInput> = {}): BulkInput => ({ current, decision, proposals: {}, ...change })
const replace = (find: string, by: string, matchCase = false): BulkEdit => ({
  kind: 'replace',
  fields: ['title', 'description', 'altText', 'keywords'],
  find,
  replace: by,
  matchCase,
})

describe('an edit over many photos', () => {
  it('replaces words where they stand, in texts and keywords, and takes nothing else', () => {
    expect(planBulkEdit(replace('harbor', 'harbour'), input()).changes).toEqual([
      { field: 'title', from: 'Boats in the harbor', to: 'Boats in the harbour' },
      { field: 'keywords', from: ['Boat', 'harbor'], to: ['Boat', 'harbour'] },
    ])
    expect(planBulkEdit(replace('Harbor', 'x', true), input())).toEqual({ changes: [], decisions: [] })
  })

  it('takes what is searched for as text, never as a pattern, and puts a dollar sign as one', () => {
    expect(planBulkEdit(replace('.', 'x'), input()).changes).toEqual([])
    expect(planBulkEdit(replace('Boats', '$& $1'), input()).changes[0]).toMatchObject({ to: '$& $1 in the harbor' })
  })

  it('adds each keyword once and only where it is missing; takes away only what is there', () => {
    expect(planBulkEdit({ kind: 'add-keywords', keywords: ['boat', 'sea', 'Sea'] }, input()).changes).toEqual([
      { field: 'keywords', from: ['Boat', 'harbor'], to: ['Boat', 'harbor', 'sea'] },
    ])
    expect(planBulkEdit({ kind: 'remove-keywords', keywords: ['BOAT', 'sky'] }, input()).changes[0]?.to).toEqual(['harbor'])
    expect(planBulkEdit({ kind: 'add-keywords', keywords: ['BOAT'] }, input()).decisions).toEqual([])
  })

  it('works on what was decided rather than on what the file says', () => {
    const decided: Decision = { ...decision, fields: { title: { verdict: 'accept', text: 'A cat', origin: 'hand' } } }
    expect(planBulkEdit(replace('cat', 'dog'), input({ decision: decided })).changes).toEqual([{ field: 'title', from: 'A cat', to: 'A dog' }])
  })

  it('makes decisions that ask for exactly what was shown', () => {
    const { changes, decisions } = planBulkEdit(replace('harbor', 'harbour'), input())
    const next = decisions.reduce((each, change) => applyDecisionChange(each, change, {}), decision)
    const wanted = wantedFields(next, {})
    expect(wanted.title?.text).toBe(changes[0]?.to)
    expect(wanted.keywords).toMatchObject({ add: ['harbour'], remove: ['harbor'] })
  })
})
