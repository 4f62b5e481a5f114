/**
 * Cards that are cut into instances (MIG): each instance is a card of its own to us. The list of instances tells no memory, so it is taken
 * from the profile's name, less a twentieth that the driver keeps. What an instance holds is not told. Pure.
 */
import type { Card } from './cards.ts'

export interface MigInstance {
  /** Of the card that it is cut from. */
  card: number
  /** For example `3g.40gb`. */
  profile: string
  uuid: string
  totalMb: number
}

const USABLE_SHARE = 0.95
/** Above the indices of whole cards, the same at every reading. */
const FIRST_INDEX = 100

/** What `nvidia-smi -L` prints; lines that are neither card nor instance are passed over. */
export function parseMigInstances(output: string): MigInstance[] {
  let card: number | undefined
  return output.split(/\r?\n/).flatMap((line): MigInstance[] => {
    const whole = /^GPU (\d{1,3}):/.exec(line)?.[1]
    if (whole !== undefined) card = Number(whole)
    const [, profile, gigabytes, uuid] =
      /^\s+MIG\s+(\d+(?:c\.\d+)?g\.(\d{1,4})gb\S*)\s+Device\s+\d+:\s+\(UUID:\s+(MIG-[A-Za-z0-9/-]{1,100})\)/.exec(line) ?? []
    if (card === undefined || profile === undefined || uuid === undefined) return []
    return [{ card, profile, uuid, totalMb: Math.floor(Number(gigabytes) * 1024 * USABLE_SHARE) }]
  })
}

/** A card that is cut gives way to its instances; one without any stays, marked, since nothing can be put on it. */
export function instancesAsCards(cards: readonly Card[], instances: readonly MigInstance[]): Card[] {
  return cards.flatMap((card) => {
    const own = card.mig === true ? instances.filter((each) => each.card === card.index) : []
    if (own.length === 0) return [card]
    return own.map(
      ({ profile, uuid, totalMb }, at): Card => ({
        ...card,
        index: FIRST_INDEX * (card.index + 1) + at,
        name: `${card.name} MIG ${profile}`,
        uuid,
        totalMb,
        ...{ freeMb: null, usedMb: null, reservedMb: null, mig: null },
      }),
    )
  })
}
