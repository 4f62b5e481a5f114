/** Tells the windows how runs and photos change, at most five times a second, the last change always included. */
import type { PhotoState, RunSummary } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import type { EventBus } from '../lib/event-bus.ts'
import type { Delay } from './ports.ts'

const INTERVAL_MS = 200
/** The contract's bound; more is told as null. */
const MAX_IDS = 500

export interface Announcer {
  run(runId: number): void
  photos(photoIds: readonly number[], state: PhotoState | null): void
  /** Tells everything now. */
  flush(): void
  dispose(): void
}

export function createAnnouncer(options: {
  events: EventBus
  clock: Clock
  delay: Delay
  summary: (runId: number) => RunSummary | undefined
}): Announcer {
  const { events, clock, delay, summary } = options
  const runs = new Set<number>()
  const photos = new Map<PhotoState | null, number[] | null>()
  let toldAt = Number.NEGATIVE_INFINITY
  let waiting: AbortController | null = null

  const flush = (): void => {
    waiting?.abort()
    waiting = null
    toldAt = clock.ticksMs()
    const changed = [...photos]
    photos.clear()
    for (const [state, photoIds] of changed) events.emit('photos.changed', { photoIds, state })
    const ids = [...runs]
    runs.clear()
    for (const runId of ids) {
      const told = summary(runId)
      if (told) events.emit('run.progress', told)
    }
  }
  const soon = (): void => {
    if (waiting) return
    const waitMs = toldAt + INTERVAL_MS - clock.ticksMs()
    if (waitMs <= 0) return flush()
    const timer = new AbortController()
    waiting = timer
    delay(waitMs, timer.signal).then(
      () => {
        if (waiting === timer) flush()
      },
      () => undefined,
    )
  }

  return {
    run(runId) {
      runs.add(runId)
      soon()
    },
    photos(photoIds, state) {
      const known = photos.get(state)
      const merged = known === null || (known?.length ?? 0) + photoIds.length > MAX_IDS ? null : [...(known ?? []), ...photoIds]
      photos.set(state, merged)
      soon()
    },
    flush,
    dispose() {
      waiting?.abort()
      waiting = null
    },
  }
}
