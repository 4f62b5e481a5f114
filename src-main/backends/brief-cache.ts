/** Remembers answers for a moment, and lets callers of the same moment share one question. */
import type { Clock } from '../lib/clock.ts'

export class BriefCache<T> {
  #held = new Map<string, { askedAtMs: number; answer: Promise<T> }>()

  constructor(
    private readonly clock: Clock,
    private readonly freshMs: number,
  ) {}

  /** A failed question is forgotten at once. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const nowMs = this.clock.ticksMs()
    const held = this.#held.get(key)
    if (held && nowMs - held.askedAtMs < this.freshMs) return held.answer
    const answer = ask()
    this.#held.set(key, { askedAtMs: nowMs, answer })
    answer.catch(() => {
      if (this.#held.get(key)?.answer === answer) this.#held.delete(key)
    })
    return answer
  }

  forget(): void {
    this.#held.clear()
  }
}
