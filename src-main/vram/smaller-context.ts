/** What context to try once more with, after a model ran out of memory while it started. Pure. */
import { contextOfModel } from './context-of-model.ts'
import { estimateModel } from './estimate-model.ts'
import type { VramEntry } from './ports.ts'

/** A picture of 1536 tokens, its question and a short answer: with less a vision model is of no use. */
export const LEAST_CONTEXT_TOKENS = 2048
/** An estimate that said the whole would fit was wrong, so what it says of nearly the whole is not believed either. */
const LARGEST_SHARE = 0.5

export interface SmallerContext {
  /** Undefined when nobody said how much it was. */
  fromTokens: number | undefined
  toTokens: number
}

/**
 * The largest whole number of blocks that fits and is at most half of what failed.
 * @param budgetMb On each of its cards.
 * @returns Null when that is below 2048 tokens, or the model's figures are not known.
 */
export function smallerContext(entry: VramEntry, { budgetMb, gpuCount }: { budgetMb: number; gpuCount: number }): SmallerContext | null {
  const failed = estimateModel(entry, { gpuCount })
  const fromTokens = failed.known && failed.contextTokens.value > 0 ? failed.contextTokens.value : undefined
  const least = estimateModel(entry, { gpuCount, contextTokens: LEAST_CONTEXT_TOKENS })
  if (!least.known || least.parts.length === 0) return null
  const capTokens = Math.floor((fromTokens ?? least.trainedTokens ?? 0) * LARGEST_SHARE)
  if (capTokens < LEAST_CONTEXT_TOKENS) return null
  const found = contextOfModel(entry, { budgetMb, capTokens }, { gpuCount })
  if (!found.known || !found.fits || found.contextTokens < LEAST_CONTEXT_TOKENS) return null
  return { fromTokens, toTokens: found.contextTokens }
}
