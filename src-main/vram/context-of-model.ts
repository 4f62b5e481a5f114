/** The other way round: the largest context with which a model of the registry fits. Pure. */
import { estimateModel, type KnownEstimate, type MissingFigure, type ModelWish } from './estimate-model.ts'
import { largestContext } from './largest-context.ts'
import type { VramEntry } from './ports.ts'

export type ModelContext =
  | {
      known: true
      /** A multiple of 16 for paged servers, of 256 for llama.cpp and Ollama; 0 when not even one block fits. */
      contextTokens: number
      fits: boolean
      /** `trained`: the model's own limit, memory would allow more. */
      limitedBy: 'memory' | 'cap' | 'trained'
      /** With that context, or with one block when nothing fits. */
      estimate: KnownEstimate
    }
  | { known: false; missing: MissingFigure[] }

const BLOCK_TOKENS: Readonly<Record<string, number>> = { vllm: 16, lmdeploy: 16 }
const LLAMA_BLOCK_TOKENS = 256

/**
 * @param budgetMb Of each card.
 * @throws StudioError `invalid-request` as `estimateModel`.
 */
export function contextOfModel(entry: VramEntry, limits: { budgetMb: number; capTokens: number }, wish: ModelWish = {}): ModelContext {
  const blockTokens = BLOCK_TOKENS[entry.backend] ?? LLAMA_BLOCK_TOKENS
  const at = (contextTokens: number) => estimateModel(entry, { ...wish, contextTokens })
  const least = at(blockTokens)
  if (!least.known) return least
  const trained = least.trainedTokens ?? Number.POSITIVE_INFINITY
  const capTokens = Math.min(limits.capTokens, trained)
  const bytesAt = (contextTokens: number) => {
    const estimate = at(contextTokens)
    return estimate.known ? estimate.perGpuBytes : Number.POSITIVE_INFINITY
  }
  const found = largestContext(bytesAt, limits.budgetMb * 2 ** 20, { blockTokens, capTokens })
  const estimate = found.fits ? at(found.contextTokens) : least
  return {
    known: true,
    contextTokens: found.contextTokens,
    fits: found.fits,
    limitedBy: found.limitedBy === 'cap' && trained <= limits.capTokens ? 'trained' : found.limitedBy,
    estimate: estimate.known ? estimate : least,
  }
}
