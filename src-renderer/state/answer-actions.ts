/** Other answers to the photo under review: asking again, comparing, taking one. */
import type { Proposal, Review, Stage } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import { closeDialog, openDialog } from './navigation.ts'
import { currentPhotoId, decide, refreshReview, takeReview } from './review-actions.ts'
import { TEXT_FIELDS } from './review-view.ts'
import { announce, ask, patch, type Studio } from './studio.ts'

export async function openAgain(studio: Studio, stage: Stage): Promise<void> {
  patch(studio, 'review', { againStage: stage })
  openDialog(studio, 'again')
  const prompts = await ask(studio, 'tagging.prompts', {})
  if (prompts) patch(studio, 'review', { prompts: prompts.map((each) => each.name) })
}

/** Asks in the background; the photo can be left meanwhile. */
export async function askAgain(studio: Studio, stage: Stage, model: string, prompt: string | undefined): Promise<void> {
  const photoId = currentPhotoId(studio)
  if (photoId === undefined) return
  closeDialog(studio)
  const key = `${photoId} ${stage}`
  const asked = () => studio.store.getState().review.asking
  patch(studio, 'review', { asking: { ...asked(), [key]: model } })
  const proposal = await ask(studio, 'tagging.again', { photoId, stage, model, ...(prompt === undefined ? {} : { prompt }) })
  patch(studio, 'review', { asking: Object.fromEntries(Object.entries(asked()).filter(([each]) => each !== key)) })
  if (!proposal || currentPhotoId(studio) !== photoId) return
  announce(studio, words.review.answered(words.roles[stage], proposal.model))
  await refreshReview(studio)
  if (studio.store.getState().review.view === 'compare') await loadAnswers(studio, photoId)
}

/** What stands where the photo is: the photo, what the model saw, or the answers side by side. The same again goes back to the photo. */
export function toggleView(studio: Studio, view: 'saw' | 'compare'): void {
  const next = studio.store.getState().review.view === view ? 'photo' : view
  patch(studio, 'review', { view: next })
}

export async function loadAnswers(studio: Studio, photoId: number): Promise<void> {
  const list = await ask(studio, 'review.alternatives', { photoId })
  if (list && currentPhotoId(studio) === photoId) patch(studio, 'review', { answers: { photoId, list } })
}

/** Makes an earlier answer the proposal again, and accepts its text. */
export async function takeAnswer(studio: Studio, proposal: Proposal): Promise<void> {
  const review = await ask(studio, 'review.prefer', { photoId: proposal.photoId, proposalId: proposal.id })
  if (!review) return
  takeReview(studio, review)
  const stages: NonNullable<Review['stageOfField']> = review.stageOfField ?? { title: 'caption', description: 'description' }
  const field = TEXT_FIELDS.find((each) => stages[each] === proposal.stage)
  if (proposal.text !== null && field !== undefined) {
    await decide(studio, { kind: 'field', field, verdict: 'accept', text: proposal.text })
  }
  await loadAnswers(studio, proposal.photoId)
}
