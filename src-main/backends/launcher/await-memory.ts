/** The driver gives memory back a little after a process has gone; a load that starts sooner would count it as taken. */
import type { Gpu } from '../../contract/model.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Placement } from '../../registry/serving.ts'

const LOOK_EVERY_MS = 250
const LONGEST_MS = 5_000
const ENOUGH = 0.75

/** Free MB by index, of the cards that tell it. */
export function freeByCard(cards: readonly Gpu[]): Map<number, number> {
  return new Map(cards.flatMap(({ index, freeMb }) => (freeMb === null ? [] : [[index, freeMb] as const])))
}

/** Whether each card has three quarters of what was claimed on it free again (of what was in use at all, where that was less). Pure. */
export function memoryIsBack(placement: Placement, before: readonly Gpu[], now: readonly Gpu[]): boolean {
  const freeNow = freeByCard(now)
  return placement.gpus.every((gpu, i) => {
    const card = before.find(({ index }) => index === gpu)
    const free = freeNow.get(gpu)
    if (!card || card.freeMb === null || free === undefined) return true
    const expectedMb = Math.min(placement.claimMb[i] ?? 0, card.totalMb - card.freeMb)
    return free - card.freeMb >= expectedMb * ENOUGH
  })
}

/** @returns Whether it is back; false after 5 s: the next load has to look at what is really free. */
export async function awaitMemoryBack(options: {
  placement: Placement
  /** Read before the process was ended. */
  before: readonly Gpu[]
  readCards: () => Promise<Gpu[]>
  clock: Clock
}): Promise<boolean> {
  const { placement, before, readCards, clock } = options
  for (const until = clock.ticksMs() + LONGEST_MS; ; ) {
    if (memoryIsBack(placement, before, await readCards())) return true
    if (clock.ticksMs() >= until) return false
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
