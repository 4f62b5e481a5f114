/** What is told of a graphics card, whoever tells it. Types and small rules; pure. */
import type { Gpu } from '../contract/model.ts'

/** MB are MiB as the driver measures them; null is "not told", never 0. */
export interface Card extends Gpu {
  vendor: 'nvidia' | 'amd' | 'apple'
  uuid: string | null
  usedMb: number | null
  /** Kept by the driver itself; part of neither used nor free. */
  reservedMb: number | null
  /** For example `8.9`; null when not told, or not NVIDIA's. */
  computeCapability: string | null
  driver: string | null
  /** The card is cut into instances: no program can have it whole. Null when not told. */
  mig: boolean | null
  /** The memory is the processor's too; `totalMb` is the share that graphics may take. */
  unified: boolean
}

/** A program that computes on a card. */
export interface CardProcess {
  /** Of its card; null when there is one card and its tool does not name it. */
  uuid: string | null
  pid: number
  /** Null under WSL and Windows, where the driver does not tell. */
  usedMb: number | null
}

export interface CardReadings {
  cards: Card[]
  /** Null when this system does not tell who uses the cards. */
  processes: CardProcess[] | null
  /** Cards, lines or tools that could not be used, each with its reason. */
  skipped: string[]
}

export const NO_CARDS: CardReadings = { cards: [], processes: null, skipped: [] }

/** Used by everybody: as told, else what is neither free nor the driver's. */
export function usedMbOf(card: Card): number | null {
  if (card.usedMb !== null) return card.usedMb
  return card.freeMb === null ? null : Math.max(0, card.totalMb - card.freeMb - (card.reservedMb ?? 0))
}

export function toGpu({ index, name, totalMb, freeMb, uuid }: Card): Gpu {
  return { index, name, totalMb, freeMb, ...(uuid?.startsWith('MIG-') === true ? { device: uuid } : {}) }
}
