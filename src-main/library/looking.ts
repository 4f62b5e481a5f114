/** Looks at photos: what a file holds besides its name. Once a file, again when it changed. Effects only through ports. */
import type { EventBus } from '../lib/event-bus.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import type { PhotoKind } from '../contract/model.ts'
import type { PhotoFacts, PhotoMarks, PhotoRecord, PhotoStore } from './ports.ts'

export interface LookingParts {
  photos: PhotoStore
  look(path: string, kind: PhotoKind, signal?: AbortSignal): Promise<PhotoFacts & { marks: PhotoMarks }>
  events: EventBus
}

export type LookedPhoto = PhotoRecord & { facts: PhotoFacts; contentHash: string }

export interface Looking {
  /** The photo with its facts. @throws StudioError `photo-not-found`, or why the file cannot be read */
  ensureLooked(photoId: number, signal?: AbortSignal): Promise<LookedPhoto>
  /** Looks at everything not yet looked at, one after another, behind whatever a person waits for. Idempotent while it runs. */
  lookAtPending(): void
  stop(): Promise<void>
}

const BATCH = 200
/** Photos told at once to the windows. */
const TELL_EVERY = 20

export function createLooking({ photos, look, events }: LookingParts): Looking {
  const inFlight = new Map<number, Promise<LookedPhoto>>()
  const ending = new AbortController()
  let sweep: Promise<void> | undefined

  const run = async (photoId: number, signal?: AbortSignal): Promise<LookedPhoto> => {
    const photo = photos.find(photoId)
    if (!photo) throw new StudioError('photo-not-found', `there is no photo ${photoId}`)
    if (photo.facts) return { ...photo, facts: photo.facts, contentHash: photo.facts.contentHash }
    try {
      const { marks, ...facts } = await look(photo.path, photo.kind, signal)
      photos.putFacts(photoId, facts, marks)
      return { ...photo, ...facts, facts }
    } catch (error) {
      // A cancelled look says nothing about the photo.
      if (!(error instanceof StudioError && error.code === 'cancelled')) photos.putProblem(photoId, toProblem(error))
      throw error
    }
  }

  const ensureLooked: Looking['ensureLooked'] = (photoId, signal) => {
    const running = inFlight.get(photoId)
    if (running) return running
    const started = run(photoId, signal).finally(() => inFlight.delete(photoId))
    inFlight.set(photoId, started)
    return started
  }

  const lookAtAll = async () => {
    let told: number[] = []
    const tell = () => {
      if (told.length > 0) events.emit('photos.changed', { photoIds: told, state: null })
      told = []
    }
    for (let batch = photos.pending(BATCH); batch.length > 0 && !ending.signal.aborted; batch = photos.pending(BATCH)) {
      for (const photoId of batch) {
        if (ending.signal.aborted) return
        // Its reason is kept with the photo and shown there.
        await ensureLooked(photoId, ending.signal).catch(() => undefined)
        told.push(photoId)
        if (told.length >= TELL_EVERY) tell()
      }
    }
    tell()
  }

  return {
    ensureLooked,
    lookAtPending() {
      sweep ??= lookAtAll().finally(() => {
        sweep = undefined
      })
    },
    async stop() {
      ending.abort()
      await sweep
    },
  }
}
