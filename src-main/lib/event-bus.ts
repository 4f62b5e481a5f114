import type { EventName, StudioEvent, StudioEvents } from '../contract/events.ts'

/** Typed events from the rooms to whichever hosts listen. A listener that throws does not silence the others. */
export class EventBus {
  #listeners = new Set<(event: StudioEvent) => void>()

  emit<N extends EventName>(name: N, data: StudioEvents[N]): void {
    const event = { name, data } as StudioEvent
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** Returns its own undo. */
  subscribe(listener: (event: StudioEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
