/** The largest context that fits. Pure. */

export interface ContextLimits {
  /** Tokens that memory is handed out in: 16 where the server pages its cache (vLLM, LMDeploy), 256 for llama.cpp and Ollama. */
  blockTokens: number
  /** Never above this: what was asked for, or what the model was trained for. */
  capTokens: number
}

export interface LargestContext {
  /** A multiple of the block; 0 when not even one block fits. */
  contextTokens: number
  fits: boolean
  limitedBy: 'memory' | 'cap'
}

/** @param totalAt Memory for a context, never falling as the context grows; same unit as `budget`. */
export function largestContext(
  totalAt: (contextTokens: number) => number,
  budget: number,
  { blockTokens, capTokens }: ContextLimits,
): LargestContext {
  const most = Math.floor(capTokens / blockTokens)
  let fitting = 0
  let tooMany = most + 1
  while (tooMany - fitting > 1) {
    const blocks = Math.floor((fitting + tooMany) / 2)
    if (totalAt(blocks * blockTokens) <= budget) fitting = blocks
    else tooMany = blocks
  }
  return { contextTokens: fitting * blockTokens, fits: fitting > 0, limitedBy: fitting === most && most > 0 ? 'cap' : 'memory' }
}
