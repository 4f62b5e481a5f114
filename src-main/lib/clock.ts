export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. May jump; order by sequence, not by this. */
  nowMs(): number
  /** Monotonic milliseconds, for durations. */
  ticksMs(): number
}

export const systemClock: Clock = { nowMs: () => Date.now(), ticksMs: () => performance.now() }
