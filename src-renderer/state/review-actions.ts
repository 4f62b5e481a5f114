/** Moving through the queue of photos and deciding. Every decision is stored by the studio at once; a reload loses none. */
import type { DecisionChange, Review, TextField } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import { go } from './navigation.ts'
import { predictDecision } from './predict.ts'
import type { ReviewSlice } from './review-slice.ts'
import { fieldView, parseTypedKeywords } from './review-view.ts'
import { announce, ask, notify, patch, type Studio, toProblem } from './studio.ts'

/** Reviews read ahead, newest last. Not state: nothing on the screen depends on it. */
const ahead = new WeakMap<Studio, Map<number, Promise<Review>>>()
const KEPT_AHEAD = 6

function fetchReview(studio: Studio, photoId: number): Promise<Review> {
  const cache = ahead.get(studio) ?? new Map<number, Promise<Review>>()
  ahead.set(studio, cache)
  const known = cache.get(photoId)
  if (known) return known
  const fetched = studio.client.request('review.get', { photoId })
  cache.set(photoId, fetched)
  fetched.catch(() => cache.delete(photoId))
  for (const oldest of cache.keys()) {
    if (cache.size <= KEPT_AHEAD) break
    cache.delete(oldest)
  }
  return fetched
}

/** Forgets what was read ahead of these photos; null forgets all. */
export function forgetAhead(studio: Studio, photoIds: readonly number[] | null): void {
  if (photoIds === null) ahead.get(studio)?.clear()
  else for (const photoId of photoIds) ahead.get(studio)?.delete(photoId)
}

/** Opens the review on these photos, at the given one. The queue stays as it is, whatever the decisions do to filters. */
export async function openReview(studio: Studio, queue: readonly number[], photoId: number): Promise<void> {
  const index = queue.indexOf(photoId)
  patch(studio, 'review', { queue: index < 0 ? [photoId] : queue, index: Math.max(0, index), finished: false, editing: null, keywordText: null })
  go(studio, 'review')
  await showCurrent(studio)
}

export const currentPhotoId = (studio: Studio): number | undefined => {
  const { queue, index } = studio.store.getState().review
  return queue[index]
}

async function showCurrent(studio: Studio): Promise<void> {
  const photoId = currentPhotoId(studio)
  if (photoId === undefined) return
  try {
    const review = await fetchReview(studio, photoId)
    if (currentPhotoId(studio) !== photoId) return
    patch(studio, 'review', { review, problem: null })
    readAhead(studio)
  } catch (error) {
    if (currentPhotoId(studio) === photoId) patch(studio, 'review', { review: null, problem: toProblem(error) })
  }
}

/** Reads the photo that is on the screen again, without blinking. */
export async function refreshReview(studio: Studio): Promise<void> {
  const photoId = currentPhotoId(studio)
  if (photoId === undefined || studio.store.getState().app.screen !== 'review') return
  forgetAhead(studio, [photoId])
  await showCurrent(studio)
}

/** Reviews of the next two photos and the one before, ready before they are asked for. */
function readAhead(studio: Studio): void {
  const { queue, index } = studio.store.getState().review
  const near = [queue[index + 1], queue[index + 2], queue[index - 1]].filter((photoId) => photoId !== undefined)
  // A failure shows itself when the photo's turn comes.
  void Promise.allSettled(near.map((photoId) => fetchReview(studio, photoId))).then((results) => {
    if (studio.store.getState().review.index !== index) return
    patch(studio, 'review', { ahead: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.photo] : [])) })
  })
}

export async function moveTo(studio: Studio, index: number): Promise<void> {
  const { queue } = studio.store.getState().review
  if (index < 0) return
  if (index >= queue.length) {
    patch(studio, 'review', { finished: true })
    return
  }
  patch(studio, 'review', { index, finished: false, editing: null, keywordText: null })
  await showCurrent(studio)
}

export const move = (studio: Studio, by: number): Promise<void> => moveTo(studio, studio.store.getState().review.index + by)

export function remember(studio: Studio, photoIds: readonly number[]): void {
  if (photoIds.length > 0) patch(studio, 'review', { past: [...studio.store.getState().review.past, photoIds].slice(-1000), future: [] })
}

export function takeReview(studio: Studio, review: Review): void {
  const cache = ahead.get(studio)
  cache?.set(review.photo.id, Promise.resolve(review))
  if (currentPhotoId(studio) === review.photo.id) patch(studio, 'review', { review, problem: null })
}

/** Decisions on their way; an answer is shown only when no later one is. */
const underway = new WeakMap<Studio, number>()

/** Shown at once, then stored: the answer brings what will be written. A refusal puts the truth back on the screen. */
export async function decide(studio: Studio, change: DecisionChange | null): Promise<void> {
  const photoId = currentPhotoId(studio)
  if (photoId === undefined || change === null) return
  const { review: before } = studio.store.getState().review
  if (before?.photo.id === photoId) patch(studio, 'review', { review: { ...before, decision: predictDecision(before.decision, change) } })
  const turn = (underway.get(studio) ?? 0) + 1
  underway.set(studio, turn)
  const review = await ask(studio, 'review.decide', { photoId, change })
  if (!review) return refreshReview(studio)
  remember(studio, [photoId])
  if (underway.get(studio) === turn) takeReview(studio, review)
  else forgetAhead(studio, [photoId])
}

/** Approves or rejects the photo on the screen and shows the next one at once; the answer is awaited in the background. */
export async function judge(studio: Studio, verdict: 'approve' | 'reject'): Promise<void> {
  const photoId = currentPhotoId(studio)
  const { review, index } = studio.store.getState().review
  if (photoId === undefined || !review) return
  forgetAhead(studio, [photoId])
  const answer = ask(studio, `review.${verdict}`, { photoIds: [photoId] })
  await moveTo(studio, index + 1)
  const outcome = (await answer)?.[0]
  if (outcome?.problem) notify(studio, outcome.problem)
  if (!outcome?.done) return
  remember(studio, [photoId])
  forgetAhead(studio, [photoId])
  announce(studio, verdict === 'approve' ? words.review.approved(review.photo.name) : words.review.rejectedSaid(review.photo.name))
  if (studio.store.getState().review.finished) await showCurrent(studio)
}

export type Verdict = 'approve' | 'reject' | 'reopen'

/** Takes approval or rejection of the photo on the screen back, and stays there. */
export async function reopen(studio: Studio): Promise<void> {
  const photoId = currentPhotoId(studio)
  const { review } = studio.store.getState().review
  if (photoId === undefined || review?.photo.id !== photoId || review.decision.status === 'open') return
  await judgeMany(studio, [photoId], 'reopen')
  await refreshReview(studio)
}

/** Approves, rejects or opens many photos again. */
export async function judgeMany(studio: Studio, photoIds: readonly number[], verdict: Verdict): Promise<void> {
  if (photoIds.length === 0) return
  const outcomes = await ask(studio, `review.${verdict}`, { photoIds: [...photoIds] })
  if (!outcomes) return
  const done = outcomes.filter((outcome) => outcome.done)
  const problem = outcomes.find((outcome) => outcome.problem !== null)?.problem
  if (problem) notify(studio, problem)
  forgetAhead(studio, photoIds)
  remember(
    studio,
    done.map((outcome) => outcome.photoId),
  )
  announce(studio, words.review.manyJudged(done.length, outcomes.length, verdict))
}

/** Takes back the last decision, whichever photo it was on, and shows that photo. */
export async function undo(studio: Studio): Promise<void> {
  const { past, future } = studio.store.getState().review
  await travel(studio, 'undo', past.at(-1), past.slice(0, -1), [...future, ...past.slice(-1)])
}

export async function redo(studio: Studio): Promise<void> {
  const { past, future } = studio.store.getState().review
  await travel(studio, 'redo', future.at(-1), [...past, ...future.slice(-1)], future.slice(0, -1))
}

async function travel(
  studio: Studio,
  way: 'undo' | 'redo',
  recorded: readonly number[] | undefined,
  past: ReviewSlice['past'],
  future: ReviewSlice['future'],
): Promise<void> {
  if (recorded && recorded.length > 1) return travelMany(studio, way, recorded, { past, future })
  // Where this window's order is gone, the photo's own history is not.
  const photoId = recorded?.[0] ?? currentPhotoId(studio)
  const { review, queue } = studio.store.getState().review
  if (photoId === undefined) return
  if (recorded === undefined && !(way === 'undo' ? review?.canUndo : review?.canRedo)) return
  const next = await ask(studio, `review.${way}`, { photoId })
  if (!next) return
  if (recorded !== undefined) patch(studio, 'review', { past, future })
  forgetAhead(studio, [photoId])
  takeReview(studio, next)
  announce(studio, way === 'undo' ? words.review.undone(next.photo.name) : words.review.redone(next.photo.name))
  const index = queue.indexOf(photoId)
  if (index >= 0) await moveTo(studio, index)
}

/** What was decided together is taken back together. */
async function travelMany(
  studio: Studio,
  by: 'undo' | 'redo',
  photoIds: readonly number[],
  order: Pick<ReviewSlice, 'past' | 'future'>,
): Promise<void> {
  const outcomes = await ask(studio, 'review.step', { photoIds: [...photoIds], by })
  if (!outcomes) return
  patch(studio, 'review', order)
  forgetAhead(studio, photoIds)
  announce(studio, words.review.manyStepped(outcomes.filter((outcome) => outcome.done).length, by))
  await refreshReview(studio)
}

export function startEdit(studio: Studio, field: TextField): void {
  const { review } = studio.store.getState().review
  if (!review) return
  const view = fieldView(review, field)
  const decided = review.decision.fields[field]
  const text = decided?.verdict === 'accept' ? decided.text : (view.proposed ?? view.inFile ?? '')
  patch(studio, 'review', { editing: { field, text } })
}

export function typeEdit(studio: Studio, text: string): void {
  const { editing } = studio.store.getState().review
  if (editing) patch(studio, 'review', { editing: { ...editing, text } })
}

export function typeKeywords(studio: Studio, keywordText: string): void {
  patch(studio, 'review', { keywordText })
}

export function cancelEdit(studio: Studio): void {
  patch(studio, 'review', { editing: null, keywordText: null })
}

export async function commitEdit(studio: Studio): Promise<void> {
  const { editing } = studio.store.getState().review
  if (!editing) return
  patch(studio, 'review', { editing: null })
  await decide(studio, { kind: 'field', field: editing.field, verdict: 'accept', text: editing.text.trim() })
}

export function startKeyword(studio: Studio): void {
  patch(studio, 'review', { keywordText: '' })
}

/** Adds the typed keywords; they are one decision, so that one undo takes them back. */
export async function addKeywords(studio: Studio, present: readonly string[]): Promise<void> {
  const typed = parseTypedKeywords(studio.store.getState().review.keywordText ?? '', present)
  patch(studio, 'review', { keywordText: '' })
  if (typed.length === 0) return
  await decide(studio, { kind: 'keywords', entries: typed.map((keyword) => ({ keyword, verdict: 'add' })) })
}

export function toggleZoom(studio: Studio): void {
  patch(studio, 'review', { zoomed: !studio.store.getState().review.zoomed })
}

export function toggleProvenance(studio: Studio): void {
  patch(studio, 'review', { showProvenance: !studio.store.getState().review.showProvenance })
}
