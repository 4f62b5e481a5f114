/** Review: what the file holds beside what was proposed, what was decided, and what approving would write. */
import {
  type BackendName,
  type BulkPreview,
  type Decision,
  type DroppedKeyword,
  FIELD_OF_STAGE,
  type FieldOfStage,
  type ItemOutcome,
  type MetadataSnapshot,
  type Problem,
  type Proposal,
  type Review,
  TEXT_FIELDS,
} from '../contract/model.ts'
import type { Handlers } from '../contract/routes/index.ts'
import type { EventBus } from '../lib/event-bus.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import { planBulkEdit } from '../library/bulk-edit.ts'
import { applyDecisionChange, approveDecision, findStageOf, mayApprove, wantedFields } from '../library/decisions.ts'
import type { DecisionStore, PhotoRecord, PhotoStore } from '../library/ports.ts'
import type { WantedFields } from '../metadata/ports.ts'
import type { ProposalStore } from '../tagging/ports.ts'
import { parseStageReply } from '../tagging/parse-reply.ts'
import { givesScores } from '../tagging/request.ts'
import { restingState } from '../tagging/run-states.ts'

const MOST_ALTERNATIVES = 60
const MOST_DROPPED = 100

export interface ReviewParts {
  photos: PhotoStore
  decisions: DecisionStore
  proposals: ProposalStore
  readMetadata(photo: PhotoRecord): Promise<MetadataSnapshot>
  /** A plan for looking at; nothing is stored. */
  preview(photo: PhotoRecord, wanted: WantedFields): Promise<NonNullable<Review['preview']>>
  /** Where the model's texts land, by the settings. */
  fieldOfStage?(): FieldOfStage
  events: EventBus
}

type ReviewRoutes = Extract<keyof Handlers, `review.${string}`>

export function createReviewHandlers(parts: ReviewParts): Pick<Handlers, ReviewRoutes> {
  const { photos, decisions, proposals, readMetadata, preview, fieldOfStage = () => FIELD_OF_STAGE, events } = parts

  const hasProposals = (photoId: number) => Object.keys(proposals.latest(photoId)).length > 0

  const getPhoto = (photoId: number): PhotoRecord => {
    const photo = photos.find(photoId)
    if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
    return photo
  }

  const getReview = async (photoId: number): Promise<Review> => {
    const photo = getPhoto(photoId)
    const latest = proposals.latest(photoId)
    const decision = decisions.get(photoId)
    const fieldOf = fieldOfStage()
    let current: MetadataSnapshot | null = null
    let currentProblem: Problem | null = null
    let shown: Review['preview'] = null
    try {
      current = await readMetadata(photo)
      // An open decision shows what approving now would write.
      shown = await preview(
        photo,
        wantedFields(decision.status === 'approved' ? decision : approveDecision(decision, latest, fieldOf), latest, fieldOf),
      )
    } catch (error) {
      currentProblem = toProblem(error)
    }
    const canUndo = decisions.canUndo(photoId)
    const canRedo = decisions.canRedo(photoId)
    const stageOfField = Object.fromEntries(TEXT_FIELDS.flatMap((field) => ((stage) => (stage ? [[field, stage]] : []))(findStageOf(field, fieldOf))))
    const droppedKeywords = dropped(latest.keywords)
    return { photo, current, currentProblem, proposals: latest, decision, droppedKeywords, stageOfField, preview: shown, canUndo, canRedo }
  }

  /** A decision that changes after its photo was approved or written waits for approval again. */
  const reopen = (decision: Decision, photo: PhotoRecord): Decision => {
    if (photo.state !== 'approved' && photo.state !== 'written' && photo.state !== 'rejected') return decision
    photos.setState([photo.id], restingState('open', hasProposals(photo.id)))
    events.emit('photos.changed', { photoIds: [photo.id], state: null })
    return { ...decision, status: 'open' }
  }

  const settle = (
    photoIds: readonly number[],
    decide: (photo: PhotoRecord) => Problem | null,
    state: 'approved' | 'rejected' | null,
  ): ItemOutcome[] => {
    const outcomes = photoIds.map((photoId): ItemOutcome => {
      const photo = photos.find(photoId)
      if (!photo) return { photoId, path: '', done: false, problem: { code: 'photo-not-found', message: `there is no photo ${photoId}` } }
      const problem = decide(photo)
      return { photoId, path: photo.path, done: problem === null, problem }
    })
    const done = outcomes.filter((outcome) => outcome.done).map((outcome) => outcome.photoId)
    if (done.length > 0) {
      if (state !== null) photos.setState(done, state)
      events.emit('photos.changed', { photoIds: done.length > 500 ? null : done, state })
    }
    return outcomes
  }

  return {
    'review.get': ({ photoId }) => getReview(photoId),
    'review.alternatives': ({ photoId }) => {
      getPhoto(photoId)
      return proposals.alternatives(photoId, MOST_ALTERNATIVES)
    },
    'review.prefer': ({ photoId, proposalId }) => {
      getPhoto(photoId)
      const wanted = proposals.alternatives(photoId, MOST_ALTERNATIVES).find((proposal) => proposal.id === proposalId)
      if (!wanted) throw new StudioError('proposal-missing', `photo ${photoId} has no proposal ${proposalId}`)
      const { id, ...rest } = wanted
      if (proposals.latest(photoId)[wanted.stage]?.id !== id) proposals.add(rest)
      return getReview(photoId)
    },
    'review.decide': ({ photoId, change }) => {
      const photo = getPhoto(photoId)
      decisions.put(applyDecisionChange(reopen(decisions.get(photoId), photo), change, proposals.latest(photoId), fieldOfStage()))
      return getReview(photoId)
    },
    'review.previewEdit': async ({ photoIds, edit }) => {
      const previews: BulkPreview[] = []
      for (const photoId of photoIds) {
        const photo = photos.find(photoId)
        if (!photo) continue
        const preview = { photoId, name: photo.name, changes: [], decisions: [], problem: null }
        try {
          const input = { current: await readMetadata(photo), decision: decisions.get(photoId), proposals: proposals.latest(photoId) }
          previews.push({ ...preview, ...planBulkEdit(edit, { ...input, fieldOf: fieldOfStage() }) })
        } catch (error) {
          previews.push({ ...preview, problem: toProblem(error) })
        }
      }
      return previews
    },
    'review.decideMany': ({ items }) => {
      const changesOf = new Map(items.map(({ photoId, changes }) => [photoId, changes]))
      return settle(
        [...changesOf.keys()],
        (photo) => {
          const latest = proposals.latest(photo.id)
          const changes = changesOf.get(photo.id) ?? []
          decisions.put(
            changes.reduce((next, change) => applyDecisionChange(next, change, latest, fieldOfStage()), reopen(decisions.get(photo.id), photo)),
          )
          return null
        },
        null,
      )
    },
    'review.undo': ({ photoId }) => {
      const photo = getPhoto(photoId)
      const before = decisions.undo(photoId)
      if (before) followStatus(before, photo)
      return getReview(photoId)
    },
    'review.redo': ({ photoId }) => {
      const photo = getPhoto(photoId)
      const after = decisions.redo(photoId)
      if (after) followStatus(after, photo)
      return getReview(photoId)
    },
    'review.step': ({ photoIds, by }) =>
      settle(
        photoIds,
        (photo) => {
          const decision = decisions[by](photo.id)
          if (!decision) return { code: 'invalid-request', message: `there is nothing to ${by}` }
          photos.setState([photo.id], restingState(decision.status, hasProposals(photo.id)))
          return null
        },
        null,
      ),
    'review.approve': ({ photoIds }) =>
      settle(
        photoIds,
        (photo) => {
          const latest = proposals.latest(photo.id)
          const decision = decisions.get(photo.id)
          const allowed = mayApprove(decision, latest, fieldOfStage())
          if (!allowed) return { code: 'proposal-missing', message: 'nothing was proposed for this photo and nothing was decided by hand' }
          decisions.put(approveDecision(decision, latest, fieldOfStage()))
          return null
        },
        'approved',
      ),
    'review.reject': ({ photoIds }) =>
      settle(
        photoIds,
        (photo) => {
          decisions.put({ ...decisions.get(photo.id), status: 'rejected' })
          return null
        },
        'rejected',
      ),
    'review.reopen': ({ photoIds }) =>
      settle(
        photoIds,
        (photo) => {
          const decision = decisions.get(photo.id)
          if (decision.status === 'open') return null
          decisions.put({ ...decision, status: 'open' })
          photos.setState([photo.id], restingState('open', hasProposals(photo.id)))
          return null
        },
        null,
      ),
  }

  /** After undo and redo the photo stands where its decision says. */
  function followStatus(decision: Decision, photo: PhotoRecord): void {
    const state = restingState(decision.status, hasProposals(photo.id))
    photos.setState([photo.id], state)
    events.emit('photos.changed', { photoIds: [photo.id], state })
  }
}

/** What the reply held and the proposal does not: read from the reply again, so that it needs no place of its own. */
function dropped(proposal: Proposal | undefined): DroppedKeyword[] {
  if (!proposal) return []
  const parsed = parseStageReply('keywords', proposal.rawReply, { scored: givesScores(proposal.backend as BackendName) })
  return parsed.kind === 'keywords' ? parsed.dropped.slice(0, MOST_DROPPED) : []
}
