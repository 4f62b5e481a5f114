/** Answers of several models to one photo, as columns. Pure. */
import type { Proposal, Review, Stage } from '../../src-main/contract/model.ts'

export interface AnswerColumn {
  model: string
  promptName: string
  /** The newest answer of each stage. */
  answers: Partial<Record<Stage, Proposal>>
  /** Answers of the same model and prompt that differ from the newest. */
  older: readonly Proposal[]
}

/** One column a model and prompt, the newest answer first. @param alternatives Newest first. */
export function answerColumns(alternatives: readonly Proposal[]): AnswerColumn[] {
  const columns = new Map<string, AnswerColumn>()
  for (const proposal of alternatives) {
    const key = `${proposal.model}\n${proposal.promptName}`
    const column = columns.get(key) ?? { model: proposal.model, promptName: proposal.promptName, answers: {}, older: [] }
    const { stage } = proposal
    if (column.answers[stage]) columns.set(key, { ...column, older: [...column.older, proposal] })
    else columns.set(key, { ...column, answers: { ...column.answers, [stage]: proposal } })
  }
  return [...columns.values()]
}

/** Whether an answer is the one that the fields show. Asking again stores an equal answer anew, so ids do not tell. */
export function isCurrentAnswer(review: Review, { stage, model, promptHash, text, keywords }: Proposal): boolean {
  const current = review.proposals[stage]
  if (!current || current.model !== model || current.promptHash !== promptHash || current.text !== text) return false
  return current.keywords.map((each) => each.keyword).join('\n') === keywords.map((each) => each.keyword).join('\n')
}
