/** What a server takes ahead of its need. Pure. Such a claim says nothing about the model: it is kept apart from the need everywhere. */
import type { KnownEstimate } from './estimate-model.ts'
import type { VramEntry } from './ports.ts'

export interface Claim {
  /** MB that will be gone from the card. */
  claimMb: number
  /** MB that the model needs there. */
  needMb: number
  /** Share of the card that the server is told to take; null for servers that take what they need. */
  share: number | null
  /** Whether the need fits into the claim. */
  enough: boolean
}

/** Room above the need that a reserving server is given. */
const HEADROOM = 1.05

/** @param cardMb Total of each card that it runs on. */
export function claimOn(cardMb: number, entry: VramEntry, estimate: KnownEstimate): Claim {
  const needMb = Math.ceil(estimate.perGpuBytes / 2 ** 20)
  const share = estimate.serving.reservedShare?.value ?? null
  if (share === null) return { claimMb: needMb, needMb, share, enough: true }
  if (entry.backend === 'lmdeploy') {
    // LMDeploy takes its share of what the weights left.
    const weightsMb = (estimate.parts.find(({ part }) => part === 'weights')?.bytes ?? 0) / 2 ** 20 / estimate.serving.gpuCount.value
    const claimMb = Math.round(weightsMb + share * Math.max(0, cardMb - weightsMb))
    return { claimMb, needMb, share, enough: needMb <= claimMb }
  }
  const claimMb = Math.round(share * cardMb)
  return { claimMb, needMb, share, enough: needMb <= claimMb }
}

/** Share of a card to give to vLLM so that the need fits with 5 % to spare, in hundredths; null when the card is too small. */
export function shareFor(needMb: number, cardMb: number): number | null {
  const share = Math.ceil(((needMb * HEADROOM) / cardMb) * 100) / 100
  return cardMb > 0 && share <= 1 ? share : null
}
