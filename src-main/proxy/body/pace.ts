/** How fast a body must arrive. Slower ones hold a connection and memory without end. Pure. */

export interface BodyPace {
  /** Between two pieces. */
  idleMs: number
  /** For a small body, and until the rate counts. */
  graceMs: number
  /** Of everything that has arrived, once the grace is over. */
  minBytesPerS: number
}

/** The slowest program on this machine is far faster; what is slower than this has stopped. The largest body gets some nine minutes. */
export const BODY_PACE: BodyPace = { idleMs: 15_000, graceMs: 20_000, minBytesPerS: 64 * 1024 }

export type Slowness = 'idle' | 'rate'

/**
 * Milliseconds from the first look until the body counts as too slow if nothing more arrives, and by which rule.
 * @param lastAtMs Of the newest piece, since the first look.
 */
export function tooSlowAt({ idleMs, graceMs, minBytesPerS }: BodyPace, sizeBytes: number, lastAtMs: number): { atMs: number; why: Slowness } {
  const idleAtMs = lastAtMs + idleMs
  const rateAtMs = graceMs + (sizeBytes / minBytesPerS) * 1000
  return idleAtMs <= rateAtMs ? { atMs: idleAtMs, why: 'idle' } : { atMs: rateAtMs, why: 'rate' }
}
