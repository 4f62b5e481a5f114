import type { Logger } from '../../lib/logger.ts'
import type { Capacity, CardReading, SetTimer } from './ports.ts'
import { toRefusal } from './refusal-errors.ts'

/** A reading older than this is not trusted with a new load. */
const FRESH_MS = 1000
const BOUND_MS = 3000

interface CardReadings {
  /** Undefined when the cards cannot be read now (told in the log). Bounded to 3 s; never rejects. */
  read(): Promise<readonly CardReading[] | undefined>
  isStale(): boolean
}

export function createCardReadings(from: { capacity(): Promise<Capacity>; setTimer: SetTimer; now(): number; logger: Logger }): CardReadings {
  const { capacity, setTimer, now, logger } = from
  let readAtMs = Number.NEGATIVE_INFINITY
  return {
    async read() {
      let cancelBound = (): void => undefined
      const bound = new Promise<never>((_, reject) => {
        cancelBound = setTimer(BOUND_MS, () => reject(new Error(`no answer within ${BOUND_MS} ms`)))
      })
      try {
        const { cards } = await Promise.race([capacity(), bound])
        readAtMs = now()
        return cards
      } catch (error) {
        logger.warn('capacity-unreadable', { reason: toRefusal(error).message })
        return undefined
      } finally {
        cancelBound()
      }
    },
    isStale: () => now() - readAtMs >= FRESH_MS,
  }
}
