import { describe, expect, it } from 'vitest'
import { createMemoryLibrary } from '../../../src-renderer/client/memory/memory-library.ts'
import { reviewOf } from '../../../src-renderer/client/memory/memory-review.ts'
import { makeProposal } from '../../../src-renderer/client/memory/memory-words.ts'
import { answerColumns, isCurrentAnswer } from '../../../src-renderer/state/answers.ts'
import { allKeywords, keywordChips } from '../../../src-renderer/state/review-view.ts'

const photo = () => createMemoryLibrary('full', 3).photos.get(2)!

describe('answers side by side', () => {
  it('gives each model and prompt a column with its newest answer on top', () => {
    const answer = (id: number, model: string, promptName = 'default') => ({ ...makeProposal(id, 2, 'caption', 1, model, false), promptName })
    const columns = answerColumns([answer(4, 'big'), answer(3, 'embedded', 'concise'), answer(2, 'embedded'), answer(1, 'big')])
    expect(columns.map((column) => [column.model, column.promptName, column.answers.caption?.id, column.older.map(({ id }) => id)])).toEqual([
      ['big', 'default', 4, [1]],
      ['embedded', 'concise', 3, []],
      ['embedded', 'default', 2, []],
    ])
  })

  it('knows the answer that the fields show, though it was stored anew', () => {
    const review = reviewOf(photo())
    const current = review.proposals.caption!
    expect(isCurrentAnswer(review, { ...current, id: 99 })).toBe(true)
    expect(isCurrentAnswer(review, { ...current, model: 'big' })).toBe(false)
    expect(isCurrentAnswer(review, { ...current, text: 'Other words' })).toBe(false)
  })
})

describe('all keywords at once', () => {
  it('is one decision, takes the doubtful ones only when they were chosen, and is nothing when all stand so already', () => {
    const review = reviewOf(photo())
    const chips = keywordChips(review)
    expect(allKeywords(chips, 'accept')).toBeNull()
    const none = allKeywords(chips, 'reject')
    expect(none).toMatchObject({ kind: 'keywords' })
    expect(none?.kind === 'keywords' && none.entries.every((entry) => entry.verdict === 'reject')).toBe(true)
    expect(none?.kind === 'keywords' && none.entries.map((entry) => entry.keyword)).not.toContain('dog')
  })
})
