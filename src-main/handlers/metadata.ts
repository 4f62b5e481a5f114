/** Plan, write, journal, revert: what was shown is what is written. */
import type { Plan, WriteOutcome } from '../contract/model.ts'
import type { Handlers } from '../contract/routes/index.ts'
import type { EventBus } from '../lib/event-bus.ts'
import { StudioError } from '../lib/studio-error.ts'
import { wantedFields } from '../library/decisions.ts'
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
  }
  /** The file behind a photo changed: read its size and time again. */
  refresh(photo: PhotoRecord): Promise<void>
  events: EventBus
}

type MetadataRoutes = Extract<keyof Handlers, `metadata.${string}`>

export function createMetadataHandlers(parts: MetadataParts): Pick<Handlers, MetadataRoutes> {
  const { photos, decisions, proposals, journal, writer, refresh, events } = parts
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
        const wanted = decision.status === 'approved' ? wantedFields(decision, latest) : {}
        const models = [...new Set(Object.values(latest).map((proposal) => proposal.model))]
        const plan = await writer.plan(photo, wanted, models)
        plans.push(decision.status === 'approved' || plan.refusal ? plan : { ...plan, warnings: [...plan.warnings, NOT_APPROVED] })
      }
      return plans
    },
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
