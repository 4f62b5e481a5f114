import { Save } from 'lucide-react'
import { words } from '../../copy/words.ts'
import { Button } from '../../parts/button.tsx'
import { go } from '../../state/navigation.ts'
import { moveTo } from '../../state/review-actions.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'
import { planApproved } from '../../state/write-actions.ts'

export function ReviewNothing() {
  const studio = useStudio()
  return (
    <section className="empty">
      <h2>{words.review.none}</h2>
      <p>{words.review.noneHelp}</p>
      <Button onClick={() => go(studio, 'library')}>{words.review.toLibrary}</Button>
    </section>
  )
}

/** After the last photo: what is left to do is saving. */
export function ReviewFinished() {
  const studio = useStudio()
  const approved = useStudioState((state) => state.library.approvedCount)
  const last = useStudioState((state) => state.review.queue.length - 1)
  return (
    <section className="empty" data-testid="review-finished">
      <h2>{words.review.finishedTitle}</h2>
      <p>{words.review.finishedHelp(approved)}</p>
      <div className="review__ends">
        <Button onClick={() => void moveTo(studio, last)}>{words.review.previous}</Button>
        <Button onClick={() => go(studio, 'library')}>{words.review.toLibrary}</Button>
        {approved > 0 && (
          <Button look="primary" onClick={() => void planApproved(studio)}>
            <Save size={15} aria-hidden />
            {words.top.save(approved)}
          </Button>
        )}
      </div>
    </section>
  )
}
