/** Whose memory it is: what the cards tell, divided among us and others. Pure. */
import { type Card, type CardProcess, usedMbOf } from './cards.ts'

/** How our share is known, surest first. `mixed`: of several models, not all in the same way. */
export type ShareSource = 'backend' | 'processes' | 'measured' | 'estimate' | 'mixed' | 'nothing-running' | 'unknown'

/** One model that we run. */
export interface Resident {
  name: string
  /** The process that we started; null when a server of its own holds the model (Ollama). */
  pid: number | null
  /** MB by card, in the server's own words. */
  reportedMb?: Readonly<Record<number, number>> | null
  /** MB by card that went between its start and its readiness. */
  measuredMb?: Readonly<Record<number, number>> | null
  /** MB by card that were claimed for it. */
  estimatedMb: Readonly<Record<number, number>>
}

/** A program on a card, with the process of ours that it descends from. */
export interface AttributedProcess extends CardProcess {
  root: number | undefined
}

export interface ResidentShare {
  name: string
  mb: number
  source: 'backend' | 'processes' | 'measured' | 'estimate'
}

export interface CardShare {
  usedByUsMb: number | null
  usedByOthersMb: number | null
  source: ShareSource
  residents: ResidentShare[]
}

/** Sum over a process tree; null when it is not there or one of them does not tell. */
function treeMb(processes: readonly AttributedProcess[], pid: number): number | null {
  const own = processes.filter(({ root }) => root === pid)
  return own.length === 0 || own.some(({ usedMb }) => usedMb === null) ? null : own.reduce((sum, { usedMb }) => sum + (usedMb ?? 0), 0)
}

function shareOf(resident: Resident, index: number, processes: readonly AttributedProcess[]): ResidentShare | undefined {
  const { name, pid } = resident
  const reported = resident.reportedMb?.[index]
  if (reported !== undefined) return { name, mb: reported, source: 'backend' }
  const counted = pid === null ? null : treeMb(processes, pid)
  if (counted !== null) return { name, mb: counted, source: 'processes' }
  const measured = resident.measuredMb?.[index]
  if (measured !== undefined) return { name, mb: measured, source: 'measured' }
  const estimated = resident.estimatedMb[index]
  return estimated === undefined ? undefined : { name, mb: estimated, source: 'estimate' }
}

/**
 * @param processes On this card; null when the system does not tell.
 * @param ownPids Every process that we started, whether or not a model is known for it.
 */
export function attribute(
  card: Card,
  processes: readonly AttributedProcess[] | null,
  residents: readonly Resident[],
  ownPids: readonly number[],
): CardShare {
  const here = processes ?? []
  const shares = residents.flatMap((resident) => shareOf(resident, card.index, here) ?? [])
  const named = new Set(residents.map(({ pid }) => pid))
  const rest = ownPids.filter((pid) => !named.has(pid)).map((pid) => ({ pid, mb: treeMb(here, pid) }))
  const onCard = rest.filter(({ pid }) => here.some(({ root }) => root === pid))
  const sources = new Set<ResidentShare['source']>(shares.map(({ source }) => source))
  if (onCard.length > 0) sources.add('processes')
  const hidden = processes === null ? rest.length > 0 && shares.length === 0 : onCard.some(({ mb }) => mb === null)
  const used = usedMbOf(card)
  if (hidden) return { usedByUsMb: null, usedByOthersMb: null, source: 'unknown', residents: shares }
  const sum = [...shares, ...onCard].reduce((total, { mb }) => total + (mb ?? 0), 0)
  // The cards are told in one moment and the servers in another: together they are never more than what is used.
  const usedByUsMb = used === null ? sum : Math.min(sum, used)
  const [only] = sources
  return {
    usedByUsMb,
    usedByOthersMb: used === null ? null : used - usedByUsMb,
    source: only === undefined ? 'nothing-running' : sources.size > 1 ? 'mixed' : only,
    residents: shares,
  }
}
