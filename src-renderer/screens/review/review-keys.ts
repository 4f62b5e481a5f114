import type { TextField } from '../../../src-main/contract/model.ts'
import { useKeys } from '../../parts/use-keys.ts'
import { openAgain, toggleView } from '../../state/answer-actions.ts'
import { openBulk } from '../../state/bulk-actions.ts'
import { findAction } from '../../state/keymap.ts'
import { go } from '../../state/navigation.ts'
import { decide, judge, move, moveTo, reopen, startEdit, startKeyword, toggleProvenance, toggleZoom } from '../../state/review-actions.ts'
import { allKeywords, fieldVerdict, fieldView, keywordChips } from '../../state/review-view.ts'
import { useStudio, useStudioState } from '../../state/use-studio.ts'

/** The keys of the review. `onFullScreen` belongs to the element that is shown so. */
export function useReviewKeys(onFullScreen: () => void): void {
  const studio = useStudio()
  const keymap = useStudioState((state) => state.app.keymap)
  const { queue, index, review, finished } = useStudioState((state) => state.review)
  const shown = review?.photo.id === queue[index] ? review : null

  useKeys((event) => {
    const action = findAction(keymap, 'review', event)
    switch (action) {
      case undefined:
        return false
      case 'back':
        go(studio, 'library')
        return true
      case 'previous':
        void move(studio, finished ? 0 : -1)
        return true
      case 'first-photo':
        void moveTo(studio, 0)
        return true
      case 'last-photo':
        void moveTo(studio, queue.length - 1)
        return true
    }
    if (finished) return false
    switch (action) {
      case 'skip':
        void move(studio, 1)
        return true
      case 'zoom':
        toggleZoom(studio)
        return true
      case 'full-screen':
        onFullScreen()
        return true
    }
    if (!shown) return false
    const accept = (field: TextField) => void decide(studio, fieldVerdict(fieldView(shown, field), 'accept'))
    switch (action) {
      case 'approve':
      case 'reject':
        void judge(studio, action)
        break
      case 'reopen':
        void reopen(studio)
        break
      case 'keyword':
        void decide(studio, keywordChips(shown).find((each) => each.key === Number(event.key))?.toggle ?? null)
        break
      case 'accept-keywords':
        void decide(studio, allKeywords(keywordChips(shown), 'accept'))
        break
      case 'reject-keywords':
        void decide(studio, allKeywords(keywordChips(shown), 'reject'))
        break
      case 'add-keyword':
        startKeyword(studio)
        break
      case 'edit':
        startEdit(studio, 'title')
        break
      case 'edit-description':
        startEdit(studio, 'description')
        break
      case 'accept-title':
        accept('title')
        break
      case 'accept-description':
        accept('description')
        break
      case 'bulk-edit':
        openBulk(studio, queue)
        break
      case 'saw':
      case 'compare':
        toggleView(studio, action)
        break
      case 'ask-again':
        void openAgain(studio, 'caption')
        break
      case 'provenance':
        toggleProvenance(studio)
        break
    }
    return true
  })
}
