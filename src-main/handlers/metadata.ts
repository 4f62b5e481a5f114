/** Plan, write, journal, revert: what was shown is what is written. */
import { type Decision, FIELD_OF_STAGE, type FieldOfStage, type Plan, type WriteOutcome } from '../contract/model.ts'
import type { Handlers } from '../contract/routes/index.ts'
import type { EventBus } from '../lib/event-bus.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type LatestProposals, wantedFields } from '../library/decisions.ts'
import type { DecisionStore, PhotoRecord, PhotoStore } from '../library/ports.ts'
import type { JournalStore, WantedFields } from '../metadata/ports.ts'
import type { ProposalStore } from '../tagging/ports.ts'
import { restingState } from '../tagging/run-states.ts'

export interface WriteOptions {
  signal: AbortSignal
  onOutcome(outcome: WriteOutcome): void
}

export interface MetadataParts {
  photos: PhotoStore
  decisions: DecisionStore
  proposals: ProposalStore
  journal: JournalStore
  writer: {
    plan(photo: PhotoRecord, wanted: WantedFields, models: string[]): Promise<Plan>
    write(planIds: readonly number[], options: WriteOptions): Promise<WriteOutcome[]>
    revert(writeIds: readonly number[], options: WriteOptions): Promise<WriteOutcome[]>
    lastPlan(photoId: number): Plan | null
  }
  /** Where the model's texts land, by the settings. */
  fieldOfStage?(): FieldOfStage
  /** The file behind a photo changed: read its size and time again. */
  refresh(photo: PhotoRecord): Promise<void>
  events: EventBus
}

type MetadataRoutes = Extract<keyof Handlers, `metadata.${string}`>

export function createMetadataHandlers(parts: MetadataParts): Pick<Handlers, MetadataRoutes> {
  const { photos, decisions, proposals, journal, writer, fieldOfStage = () => FIELD_OF_STAGE, refresh, events } = parts
  let writing: AbortController | undefined

  /** One batch at a time: a second one would only wait for the same files. */
  const inBatch = async (total: number, work: (options: WriteOptions) => Promise<WriteOutcome[]>): Promise<WriteOutcome[]> => {
    if (writing) throw new StudioError('invalid-request', 'Another write is going on; wait for its end or cancel it.', { retry: 'later' })
    const batch = new AbortController()
    writing = batch
    let done = 0
    try {
      const outcomes = await work({
        signal: batch.signal,
        onOutcome: (last) => {
          done += 1
          events.emit('write.progress', { done, total, last })
        },
      })
      await follow(outcomes)
      return outcomes
    } finally {
      writing = undefined
    }
  }

  /** Photos stand where their files stand. */
  const follow = async (outcomes: readonly WriteOutcome[]): Promise<void> => {
    const changed: number[] = []
    for (const { photoId, outcome } of outcomes) {
      const photo = photos.find(photoId)
      if (!photo || outcome === 'refused' || outcome === 'failed') continue
      if (outcome !== 'unchanged') await refresh(photo)
      if (outcome === 'reverted') {
        decisions.put({ ...decisions.get(photoId), status: 'open' })
        photos.setState([photoId], restingState('open', Object.keys(proposals.latest(photoId)).length > 0))
      } else if (decisions.get(photoId).status === 'approved') photos.setState([photoId], 'written')
      changed.push(photoId)
    }
    if (changed.length > 0) events.emit('photos.changed', { photoIds: changed.length > 500 ? null : changed, state: null })
  }

  return {
    'metadata.plan': async ({ photoIds }) => {
      const plans: Plan[] = []
      for (const photoId of photoIds) {
        const photo = photos.find(photoId)
        if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
        const latest = proposals.latest(photoId)
        const decision = decisions.get(photoId)
        const wanted = decision.status === 'approved' ? { ...wantedFields(decision, latest, fieldOfStage()), origin: originOf(decision, latest) } : {}
        const models = [...new Set(Object.values(latest).map((proposal) => proposal.model))]
        const plan = await writer.plan(photo, wanted, models)
        plans.push(decision.status === 'approved' || plan.refusal ? plan : { ...plan, warnings: [...plan.warnings, NOT_APPROVED] })
      }
      return plans
    },
    'metadata.lastPlans': ({ photoIds }) => photoIds.map((photoId) => writer.lastPlan(photoId)),
    'metadata.write': ({ planIds }) => inBatch(planIds.length, (options) => writer.write(planIds, options)),
    'metadata.cancelWrite': () => {
      writing?.abort()
      return {}
    },
    'metadata.journal': ({ offset, limit }) => journal.list(offset, limit),
    'metadata.revert': ({ writeIds }) => inBatch(writeIds.length, (options) => writer.revert(writeIds, options)),
  }
}

const NOT_APPROVED = { code: 'nothing-approved', message: 'nothing was approved for this photo, so nothing would be written' }

/** Which prompts had a part in the words, and what the reviewer did with them. */
function originOf(decision: Decision, latest: LatestProposals): NonNullable<WantedFields['origin']> {
  const decided = [...Object.values(decision.fields).filter((each) => each.verdict === 'accept'), ...decision.keywords]
  const handCount = decided.filter((each) => each.origin === 'hand').length + (decision.keywordList === null ? 0 : 1)
  const isProposed = decided.some((each) => each.origin === 'proposal')
  return {
    promptHashes: isProposed ? [...new Set(Object.values(latest).map((proposal) => proposal.promptHash))] : [],
    action: !isProposed ? 'by hand' : handCount > 0 ? 'edited' : 'approved',
  }
}
