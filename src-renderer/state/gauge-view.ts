/** What the memory gauge shows of a reading. Pure; memory in MB (2^20 bytes), times in ms. */
import type { Gauge, StartForecast } from '../../src-main/contract/engine.ts'

export type Card = Gauge['cards'][number]

/** What a card holds. `usedMb` null: its driver tells nothing, so there is nothing to draw. */
export interface CardParts {
  usedMb: number | null
  ourMb: number | null
  otherMb: number | null
  /** Used, and the driver does not tell by whom. */
  unnamedMb: number
  reservedMb: number
  freeMb: number | null
}

export function partsOf({ totalMb, usedByUsMb, usedByOthersMb, reservedMb, freeMb }: Card): CardParts {
  const named = (usedByUsMb ?? 0) + (usedByOthersMb ?? 0)
  const told = usedByUsMb !== null || usedByOthersMb !== null
  const usedMb = freeMb !== null ? Math.max(named, totalMb - freeMb - reservedMb) : told ? named : null
  return {
    usedMb,
    ourMb: usedByUsMb,
    otherMb: usedByOthersMb,
    // Figures of two moments differ by a little; only where one of them is missing is the rest nobody's.
    unnamedMb: usedMb === null || (usedByUsMb !== null && usedByOthersMb !== null) ? 0 : usedMb - named,
    reservedMb,
    freeMb: freeMb ?? (usedMb === null ? null : Math.max(0, totalMb - usedMb - reservedMb)),
  }
}

/** Share of each card in use, 0 to 1, by its index; a card that does not tell is left out. */
export interface GaugeSample {
  atMs: number
  shares: Readonly<Record<number, number>>
}

export const HISTORY_MS = 5 * 60_000

/** The history with this reading; one that was seen already, or comes from an earlier time, adds nothing. */
export function addSample(history: readonly GaugeSample[], { cards, takenAtMs }: Gauge): readonly GaugeSample[] {
  if (takenAtMs <= (history.at(-1)?.atMs ?? 0)) return history
  const shares = Object.fromEntries(
    cards.flatMap((card) => {
      const { usedMb, reservedMb } = partsOf(card)
      return usedMb === null || card.totalMb === 0 ? [] : [[card.index, Math.min(1, (usedMb + reservedMb) / card.totalMb)]]
    }),
  )
  return [...history.filter(({ atMs }) => atMs > takenAtMs - HISTORY_MS), { atMs: takenAtMs, shares }]
}

/** Milliseconds until the cards are read again; null: not by itself, as there is nothing to watch. */
export function pollAfterMs({ watched, loading, cardCount }: { watched: boolean; loading: boolean; cardCount: number | null }): number | null {
  if (watched || (loading && cardCount !== 0)) return 1_000
  return cardCount === 0 ? null : 8_000
}

export type Outlook = 'fits' | 'evicts' | 'does-not-fit'

export const outlookOf = ({ fits, evicts }: StartForecast): Outlook => (!fits ? 'does-not-fit' : evicts.length > 0 ? 'evicts' : 'fits')
