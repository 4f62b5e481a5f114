/** Remembers answers for a moment, and lets callers of the same moment share one question. */
import type { Clock } from '../lib/clock.ts'

export class BriefCache<T> {
  #held = new Map<string, { untilMs: number; answer: Promise<T> }>()

  constructor(
    private readonly clock: Clock,
    /** Milliseconds that an answer holds, from the asking. */
    private readonly freshMs: number | ((answer: T) => number),
  ) {}

  /** A question under way is shared; a failed one is forgotten at once. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const askedAtMs = this.clock.ticksMs()
    const held = this.#held.get(key)
    if (held && askedAtMs < held.untilMs) return held.answer
    const asked = { untilMs: Number.POSITIVE_INFINITY, answer: ask() }
    this.#held.set(key, asked)
    asked.answer.then(
      (answer) => {
        asked.untilMs = askedAtMs + (typeof this.freshMs === 'number' ? this.freshMs : this.freshMs(answer))
      },
      () => {
        if (this.#held.get(key) === asked) this.#held.delete(key)
      },
    )
    return asked.answer
  }

  forget(): void {
    this.#held.clear()
  }
}
