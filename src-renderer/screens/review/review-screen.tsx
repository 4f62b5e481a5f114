import { ChevronLeft, ChevronRight, Redo2, RotateCcw, Undo2 } from 'lucide-react'
import { useRef } from 'react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { judge, move, redo, reopen, undo } from '../../state/review-actions.ts'
import { fieldView, TEXT_FIELDS } from '../../state/review-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { KeyHint } from '../shell/key-hint.tsx'
import { FieldBlock } from './field-block.tsx'
import { KeywordBlock } from './keyword-block.tsx'
import { PhotoStage, toggleFullScreen } from './photo-stage.tsx'
import { Preview } from './preview.tsx'
import { Provenance } from './provenance.tsx'
import { ReviewFinished, ReviewNothing } from './review-ends.tsx'
import { useReviewKeys } from './review-keys.ts'
import './review.css'

export function ReviewScreen() {
  const studio = useStudio()
  const { queue, index, review, problem, finished } = useStudioState((state) => state.review)
  const shown = review?.photo.id === queue[index] ? review : null
  const stage = useRef<HTMLElement>(null)
  useReviewKeys(() => toggleFullScreen(stage))

  if (queue.length === 0) return <ReviewNothing />
  if (finished) return <ReviewFinished />
  const settled = shown !== null && shown.decision.status !== 'open'
  return (
    <div className="review">
      <PhotoStage shown={shown} stage={stage} />
      <section className="review__panel" aria-label={words.review.title}>
        <header className="review__head">
          <div className="review__name">
            <h2 className="cut">{shown?.photo.name ?? words.common.loading}</h2>
            <p className="faint">
              {words.review.position(index, queue.length)} {shown && <StateBadge state={shown.photo.state} />}
            </p>
          </div>
          {settled && (
            <Button small icon look="quiet" aria-label={words.review.reopen} onClick={() => void reopen(studio)}>
              <RotateCcw size={15} aria-hidden />
            </Button>
          )}
          <Button small icon look="quiet" aria-label={words.review.undo} onClick={() => void undo(studio)}>
            <Undo2 size={15} aria-hidden />
          </Button>
          <Button small icon look="quiet" aria-label={words.review.redo} onClick={() => void redo(studio)}>
            <Redo2 size={15} aria-hidden />
          </Button>
          <span className="review__rule" />
          <Button small icon look="quiet" aria-label={words.review.previous} disabled={index === 0} onClick={() => void move(studio, -1)}>
            <ChevronLeft size={16} aria-hidden />
          </Button>
          <Button small icon look="quiet" aria-label={words.review.next} onClick={() => void move(studio, 1)}>
            <ChevronRight size={16} aria-hidden />
          </Button>
        </header>
        <div className="review__body scrolls" tabIndex={0} role="group" aria-label={words.review.proposed}>
          {problem && <ProblemNote problem={problem} />}
          {shown?.currentProblem && shown.currentProblem.code !== shown.photo.problem?.code && (
            <ProblemNote problem={shown.currentProblem} tone="warn" />
          )}
          {shown && (
            <>
              {TEXT_FIELDS.slice(0, 2).map((field) => (
                <FieldBlock key={field} view={fieldView(shown, field)} />
              ))}
              <KeywordBlock review={shown} />
              {TEXT_FIELDS.slice(2).map((field) => (
                <FieldBlock key={field} view={fieldView(shown, field)} />
              ))}
              <Preview review={shown} />
              <Provenance review={shown} />
            </>
          )}
        </div>
        <footer className="review__foot">
          <Button className="button--danger" disabled={!shown} onClick={() => void judge(studio, 'reject')} data-testid="reject-button">
            {words.review.rejectPhoto}
            <KeyHint group="review" action="reject" />
          </Button>
          <Button onClick={() => void move(studio, 1)}>
            {words.review.skip}
            <KeyHint group="review" action="skip" />
          </Button>
          <Button look="primary" disabled={!shown} onClick={() => void judge(studio, 'approve')} data-testid="approve-button">
            {words.review.approve}
            <KeyHint group="review" action="approve" />
          </Button>
        </footer>
      </section>
    </div>
  )
}
