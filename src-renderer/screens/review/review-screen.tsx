import { ChevronLeft, ChevronRight, Redo2, Undo2 } from 'lucide-react'
import { useEffect } from 'react'
import type { TextField } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { useKeys } from '../../parts/use-keys.ts'
import { findAction } from '../../state/keymap.ts'
import { go } from '../../state/navigation.ts'
import { decide, judge, move, redo, startEdit, startKeyword, toggleProvenance, undo } from '../../state/review-actions.ts'
import { fieldVerdict, fieldView, keywordChips, TEXT_FIELDS } from '../../state/review-view.ts'
import { findThumbUrl } from '../../state/thumb.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { FieldBlock } from './field-block.tsx'
import { Filmstrip } from './filmstrip.tsx'
import { KeywordBlock } from './keyword-block.tsx'
import { Preview } from './preview.tsx'
import { Provenance } from './provenance.tsx'
import { ReviewFinished, ReviewNothing } from './review-ends.tsx'
import './review.css'

export function ReviewScreen() {
  const studio = useStudio()
  const { queue, index, review, problem, finished } = useStudioState((state) => state.review)
  const shown = review?.photo.id === queue[index] ? review : null

  useKeys((event) => {
    const action = findAction('review', event)
    if (action === 'back') {
      go(studio, 'library')
      return true
    }
    if (action === 'previous') {
      void move(studio, finished ? 0 : -1)
      return true
    }
    if (finished) return false
    if (action === 'skip') {
      void move(studio, 1)
      return true
    }
    if (!shown) return false
    const verdict = (field: TextField) => void decide(studio, fieldVerdict(fieldView(shown, field), 'accept'))
    switch (action) {
      case 'approve':
        void judge(studio, 'approve')
        return true
      case 'reject':
        void judge(studio, 'reject')
        return true
      case 'keyword': {
        const chip = keywordChips(shown).find((each) => each.key === Number(event.key))
        if (chip) void decide(studio, chip.toggle)
        return true
      }
      case 'add-keyword':
        startKeyword(studio)
        return true
      case 'edit':
        startEdit(studio, 'title')
        return true
      case 'edit-description':
        startEdit(studio, 'description')
        return true
      case 'accept-title':
        verdict('title')
        return true
      case 'accept-description':
        verdict('description')
        return true
      case 'provenance':
        toggleProvenance(studio)
        return true
      default:
        return false
    }
  })
  useReadAheadPictures()

  if (queue.length === 0) return <ReviewNothing />
  if (finished) return <ReviewFinished />
  const url = shown ? findThumbUrl(studio, shown.photo, 1600) : undefined
  return (
    <div className="review">
      <section className="review__stage" aria-label={words.review.photo}>
        <div className="review__photo" data-testid="review-photo" data-photo-id={queue[index]}>
          {shown && url !== undefined && <img key={shown.photo.id} src={url} alt={words.review.photoAlt(shown.photo.name)} />}
          {shown?.photo.problem && <ProblemNote problem={shown.photo.problem} />}
        </div>
        <Filmstrip />
      </section>
      <section className="review__panel" aria-label={words.review.title}>
        <header className="review__head">
          <div className="review__name">
            <h2 className="cut">{shown?.photo.name ?? words.common.loading}</h2>
            <p className="faint">
              {words.review.position(index, queue.length)} {shown && <StateBadge state={shown.photo.state} />}
            </p>
          </div>
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
              <FieldBlock view={fieldView(shown, 'altText')} />
              <Preview review={shown} />
              <Provenance review={shown} />
            </>
          )}
        </div>
        <footer className="review__foot">
          <Button className="button--danger" disabled={!shown} onClick={() => void judge(studio, 'reject')} data-testid="reject-button">
            {words.review.rejectPhoto}
            <kbd aria-hidden>X</kbd>
          </Button>
          <Button onClick={() => void move(studio, 1)}>
            {words.review.skip}
            <kbd aria-hidden>S</kbd>
          </Button>
          <Button look="primary" disabled={!shown} onClick={() => void judge(studio, 'approve')} data-testid="approve-button">
            {words.review.approve}
            <kbd aria-hidden>A</kbd>
          </Button>
        </footer>
      </section>
    </div>
  )
}

/** Fetches the pictures of the neighbours before they are asked for. */
function useReadAheadPictures(): void {
  const studio = useStudio()
  const ahead = useStudioState((state) => state.review.ahead)
  useEffect(() => {
    for (const photo of ahead) {
      const url = findThumbUrl(studio, photo, 1600)
      if (url !== undefined) new Image().src = url
    }
  }, [ahead, studio])
}
