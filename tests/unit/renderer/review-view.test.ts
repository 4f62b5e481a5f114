import { describe, expect, it } from 'vitest'
import { createMemoryLibrary, type MemoryPhoto } from '../../../src-renderer/client/memory/memory-library.ts'
import { reviewOf } from '../../../src-renderer/client/memory/memory-review.ts'
import { fieldVerdict, fieldView, keywordChips, parseTypedKeywords } from '../../../src-renderer/state/review-view.ts'

/** Photo 1: the file has a title and keywords; photo 2: it has nothing. */
function photo(id: number): MemoryPhoto {
  return createMemoryLibrary('full', 12).photos.get(id)!
}

describe('fields', () => {
  it('says that approving keeps what the file has, and fills what is empty', () => {
    expect(fieldView(reviewOf(photo(1)), 'title')).toMatchObject({ onApprove: 'keep', status: 'open', result: 'Boats in the harbour' })
    expect(fieldView(reviewOf(photo(2)), 'title')).toMatchObject({ onApprove: 'fill', result: photo(2).proposals.caption!.text })
  })

  it('tells an accepted proposal from an edited one', () => {
    const one = photo(1)
    one.decision.fields.title = { verdict: 'accept', text: one.proposals.caption!.text!, origin: 'proposal' }
    expect(fieldView(reviewOf(one), 'title').status).toBe('accepted')
    one.decision.fields.title.text = 'My own words'
    expect(fieldView(reviewOf(one), 'title')).toMatchObject({ status: 'edited', result: 'My own words' })
  })

  it('never lets a gated proposal count as filled by approving', () => {
    const one = photo(2)
    one.proposals.caption!.gates = ['repetition']
    expect(fieldView(reviewOf(one), 'title')).toMatchObject({ onApprove: 'nothing', result: null })
  })

  it('takes a verdict back when it is given twice', () => {
    const one = photo(1)
    expect(fieldVerdict(fieldView(reviewOf(one), 'title'), 'accept')).toMatchObject({ verdict: 'accept', text: one.proposals.caption!.text })
    one.decision.fields.title = { verdict: 'reject', text: '', origin: 'proposal' }
    expect(fieldVerdict(fieldView(reviewOf(one), 'title'), 'reject')).toMatchObject({ verdict: 'clear' })
    expect(fieldVerdict(fieldView(reviewOf(one), 'altText'), 'accept')).toBeNull()
  })
})

describe('keyword chips', () => {
  it('shows a word once when file and proposal both have it, whatever its case', () => {
    const one = photo(1)
    one.file.keywords = ['MOUNTAIN', 'Iceland']
    const chips = keywordChips(reviewOf(one))
    expect(chips.filter((chip) => chip.keyword.toLowerCase() === 'mountain')).toMatchObject([{ kind: 'kept', alsoProposed: true, group: 'file' }])
  })

  it('gives the number keys to proposals in order and stops at nine', () => {
    const one = photo(2)
    one.proposals.keywords!.keywords = Array.from({ length: 12 }, (_, index) => ({
      keyword: `word ${index}`,
      confidence: null,
      source: 'model',
      level: 'propose' as const,
    }))
    expect(keywordChips(reviewOf(one)).map((chip) => chip.key)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, null, null, null])
  })

  it('keeps every key on its word when a word is refused', () => {
    const one = photo(2)
    const before = keywordChips(reviewOf(one))
    one.decision.keywords.push({ keyword: before[0]!.keyword, verdict: 'reject', origin: 'proposal' })
    const after = keywordChips(reviewOf(one))
    expect(after.map((chip) => [chip.keyword, chip.key])).toEqual(before.map((chip) => [chip.keyword, chip.key]))
    expect(after[0]).toMatchObject({ kind: 'rejected', toggle: { verdict: 'clear' } })
  })

  it('adds uncertain words only when asked, and nothing at all from a gated proposal', () => {
    const one = photo(2)
    const maybe = keywordChips(reviewOf(one)).find((chip) => chip.group === 'maybe')!
    expect(maybe).toMatchObject({ kind: 'maybe', toggle: { verdict: 'add' } })
    one.proposals.keywords!.gates = ['suspicious-text']
    expect(keywordChips(reviewOf(one)).some((chip) => chip.kind === 'added')).toBe(false)
  })

  it('offers to remove a word of the file and to bring it back', () => {
    const one = photo(1)
    expect(keywordChips(reviewOf(one))[0]).toMatchObject({ kind: 'kept', toggle: { verdict: 'remove' } })
    one.decision.keywords.push({ keyword: 'Iceland', verdict: 'remove', origin: 'hand' })
    expect(keywordChips(reviewOf(one))[0]).toMatchObject({ kind: 'removed', toggle: { verdict: 'clear' } })
  })

  it('shows words added by hand', () => {
    const one = photo(2)
    one.decision.keywords.push({ keyword: 'Grandma', verdict: 'add', origin: 'hand' })
    expect(keywordChips(reviewOf(one)).at(-1)).toMatchObject({ keyword: 'Grandma', kind: 'added', group: 'hand', toggle: { verdict: 'clear' } })
  })
})

describe('typed keywords', () => {
  it('splits at commas, keeps spelling, and drops what is there already', () => {
    expect(parseTypedKeywords(' Zürich ,  low  tide;ICELAND, , zürich', ['Iceland'])).toEqual(['Zürich', 'low tide'])
  })
})
