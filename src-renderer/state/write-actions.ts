/** Plan, show, write: what was shown is what is written, because the write names stored plans and nothing else. */
import type { StudioEvents } from '../../src-main/contract/events.ts'
import { words } from '../copy/words.ts'
import { loadJournal } from './journal-actions.ts'
import { announce, ask, patch, type Studio, toProblem } from './studio.ts'
import { startWriting } from './writing-slice.ts'

const PLANS_A_REQUEST = 100

/** Reads all approved photos and works out what would change in each file. */
export async function planApproved(studio: Studio): Promise<void> {
  patch(studio, 'writing', { ...startWriting(), stage: 'planning' })
  patch(studio, 'app', { dialog: 'write' })
  const photoIds = await ask(studio, 'library.photoIds', { states: ['approved'] })
  if (!photoIds) return patch(studio, 'writing', { stage: 'idle' })
  patch(studio, 'writing', { total: photoIds.length })
  const plans = []
  try {
    for (let at = 0; at < photoIds.length; at += PLANS_A_REQUEST) {
      plans.push(...(await studio.client.request('metadata.plan', { photoIds: photoIds.slice(at, at + PLANS_A_REQUEST) })))
      if (studio.store.getState().writing.stage !== 'planning') return
      patch(studio, 'writing', { planned: plans.length })
    }
    patch(studio, 'writing', { stage: 'ready', plans })
  } catch (error) {
    patch(studio, 'writing', { stage: 'failed', problem: toProblem(error) })
  }
}

/** Photos whose file says everything already are sent too: no byte moves, and they are done. */
export async function confirmWrite(studio: Studio): Promise<void> {
  const { stage, plans } = studio.store.getState().writing
  const planIds = plans.filter((plan) => plan.refusal === null).map((plan) => plan.id)
  if (stage !== 'ready' || planIds.length === 0) return
  patch(studio, 'writing', { stage: 'writing', done: 0, total: planIds.length, outcomes: [] })
  try {
    const outcomes = await studio.client.request('metadata.write', { planIds })
    patch(studio, 'writing', { stage: 'done', outcomes, done: outcomes.length })
    const written = outcomes.filter((outcome) => outcome.outcome === 'written').length
    announce(studio, words.plan.saved(written))
    await loadJournal(studio)
  } catch (error) {
    patch(studio, 'writing', { stage: 'failed', problem: toProblem(error) })
  }
}

export function takeWriteProgress(studio: Studio, { done, total }: StudioEvents['write.progress']): void {
  if (studio.store.getState().writing.stage === 'writing') patch(studio, 'writing', { done, total })
}

/** Stops after the file in work; files already saved stay saved and can be reverted. */
export async function cancelWrite(studio: Studio): Promise<void> {
  await ask(studio, 'metadata.cancelWrite', {})
}

export function closeWriting(studio: Studio): void {
  if (studio.store.getState().writing.stage === 'writing') return
  patch(studio, 'writing', startWriting())
  patch(studio, 'app', { dialog: null })
}
