import type { Proposal, Review } from '../../../src-main/contract/model.ts'
import { formatPercent } from '../../copy/format.ts'
import { explainGate } from '../../copy/gates.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { WordDiff } from '../../parts/word-diff.tsx'
import { openAgain, takeAnswer } from '../../state/answer-actions.ts'
import { answerColumns, isCurrentAnswer } from '../../state/answers.ts'
import { ROLES } from '../../state/models-slice.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** The answers of several models or prompts side by side, each to be taken field by field. */
export function CompareView({ review }: { review: Review }) {
  const studio = useStudio()
  const answers = useStudioState((state) => state.review.answers)
  const list = useStudioState((state) => state.models.list)
  const columns = answers?.photoId === review.photo.id ? answerColumns(answers.list) : null
  if (columns === null) return <p className="soft compare__empty">{words.common.loading}</p>
  const inFile = { caption: review.current?.title ?? null, description: review.current?.description ?? null, keywords: null }
  return (
    <div className="compare scrolls" tabIndex={0} role="group" aria-label={words.review.compare} data-testid="compare">
      {columns.length < 2 && (
        <p className="soft compare__empty">
          {columns.length === 0 ? words.review.noAnswers : words.review.oneAnswer}{' '}
          <Button small onClick={() => void openAgain(studio, 'caption')}>
            {words.review.again}
          </Button>
        </p>
      )}
      {columns.length > 0 && (
        <table>
          <thead>
            <tr>
              <td />
              {columns.map((column) => (
                <th key={`${column.model} ${column.promptName}`} scope="col" data-testid="compare-column">
                  {list?.find((each) => each.name === column.model)?.displayName ?? column.model}
                  <span className="faint"> {column.promptName}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ROLES.map((stage) => (
              <tr key={stage}>
                <th scope="row">{words.roles[stage]}</th>
                {columns.map((column) => (
                  <td key={`${column.model} ${column.promptName}`}>
                    {[column.answers[stage], ...column.older.filter((each) => each.stage === stage)].map(
                      (proposal) => proposal && <Answer key={proposal.id} proposal={proposal} review={review} inFile={inFile[stage]} />,
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function Answer({ proposal, review, inFile }: { proposal: Proposal; review: Review; inFile: string | null }) {
  const studio = useStudio()
  const current = isCurrentAnswer(review, proposal)
  return (
    <div className="compare__answer">
      {proposal.gates.map((gate) => (
        <p key={gate} className="state--warn">
          {explainGate(gate)}
        </p>
      ))}
      {proposal.text !== null && <WordDiff from={inFile ?? ''} to={proposal.text} show="new" />}
      {proposal.keywords.length > 0 && (
        <p dir="auto">
          {proposal.keywords.map(({ keyword, confidence }) => (confidence === null ? keyword : `${keyword} ${formatPercent(confidence)}`)).join(', ')}
        </p>
      )}
      {current ? (
        <span className="tag tag--good">{words.review.shown}</span>
      ) : (
        <Button
          small
          aria-label={`${words.review.take}: ${words.roles[proposal.stage]}, ${proposal.model}`}
          onClick={() => void takeAnswer(studio, proposal)}
        >
          {words.review.take}
        </Button>
      )}
    </div>
  )
}
