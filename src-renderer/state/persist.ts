/** Keeps address and session in step with the state, so that a reload comes back to the same place. */
import { draftToText, parseDraft, parseQueue, queueToText } from './draft.ts'
import { memoryToText, parseHash, parseMemory, placeToHash } from './place.ts'
import { openReview } from './review-actions.ts'
import { go } from './navigation.ts'
import { patch, type Studio } from './studio.ts'

const KEY = 'imageworks.place'
/** Apart from the place, so that a keystroke writes little. */
const DRAFT_KEY = 'imageworks.draft'
const QUEUE_KEY = 'imageworks.queue'

/** Puts the state back to where the session was. Call before anything is loaded. */
export function restorePlace(studio: Studio, page: Window): void {
  const memory = parseMemory(page.sessionStorage.getItem(KEY))
  const { library } = studio.store.getState()
  patch(studio, 'library', {
    filter: memory.filter ?? library.filter,
    focus: memory.focus ?? 0,
    anchor: memory.focus ?? 0,
    cellPx: memory.cellPx ?? library.cellPx,
  })
  const place = parseHash(page.location.hash)
  if (place.screen === 'review' && place.photoId !== null) void openReview(studio, parseQueue(page.sessionStorage.getItem(QUEUE_KEY)), place.photoId)
  else go(studio, place.screen)
  const { photoId, editing, keywordText, past, future } = parseDraft(page.sessionStorage.getItem(DRAFT_KEY))
  patch(studio, 'review', { past, future, ...(photoId === place.photoId ? { editing, keywordText } : {}) })
}

/** Follows the state and the back button. Returns its own undo. */
export function followPlace(studio: Studio, page: Window): () => void {
  const write = () => {
    const { app, library, review } = studio.store.getState()
    const hash = placeToHash({ screen: app.screen, photoId: review.queue[review.index] ?? null })
    if (page.location.hash !== hash) {
      // Moving inside the review replaces the entry, so that Back leaves the review instead of replaying it.
      const within = page.location.hash.split('/')[1] === hash.split('/')[1]
      page.history[within || page.location.hash === '' ? 'replaceState' : 'pushState'](null, '', hash)
    }
    page.sessionStorage.setItem(KEY, memoryToText({ filter: library.filter, focus: library.focus, cellPx: library.cellPx }))
  }
  const writeDraft = () => {
    const { queue, index, editing, keywordText, past, future } = studio.store.getState().review
    page.sessionStorage.setItem(DRAFT_KEY, draftToText({ photoId: queue[index] ?? null, editing, keywordText, past, future }))
  }
  const read = () => {
    const place = parseHash(page.location.hash)
    const { review } = studio.store.getState()
    if (place.screen === 'review' && place.photoId !== null) void openReview(studio, review.queue, place.photoId)
    else go(studio, place.screen)
  }
  let last = studio.store.getState()
  const unsubscribe = studio.store.subscribe((state) => {
    const moved = state.app.screen !== last.app.screen || state.review.index !== last.review.index || state.review.queue !== last.review.queue
    const remembered =
      state.library.filter !== last.library.filter || state.library.focus !== last.library.focus || state.library.cellPx !== last.library.cellPx
    const typed = state.review.editing !== last.review.editing || state.review.keywordText !== last.review.keywordText
    const decided = state.review.past !== last.review.past || state.review.future !== last.review.future
    const queued = state.review.queue !== last.review.queue
    last = state
    if (queued) page.sessionStorage.setItem(QUEUE_KEY, queueToText(state.review.queue))
    if (typed || decided) writeDraft()
    if (moved || remembered) write()
  })
  page.addEventListener('popstate', read)
  return () => {
    unsubscribe()
    page.removeEventListener('popstate', read)
  }
}
