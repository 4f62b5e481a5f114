import { setTimeout as wait } from 'node:timers/promises'

/** Resolves after `ms`; rejects with the signal's reason when it aborts. Holds no process open. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal, ref: false })
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}
