/** What a server needs beside weights and cache. Pure; bytes. */

const MIB = 2 ** 20

/** Of one process on one card: the driver's context. Ollama reserves 457 MiB; observed are 300 to 600. */
export const DEVICE_CONTEXT_BYTES = 457 * MIB
/** vLLM's captured graphs; two logs say 0.64 and 0.73 GiB. */
export const CUDA_GRAPH_BYTES = 700 * MIB
/** Buffers for talking to the other cards; 200 to 500 MiB are seen. */
export const COLLECTIVE_BYTES = 350 * MIB
/** When nothing is known of a model's width or vocabulary: the upper end of what llama.cpp logs for models up to 8 B. */
export const UNKNOWN_COMPUTE_BYTES = 360 * MIB
/** When nothing is known of a vision tower: about the largest that a tower of 400 M needs for 2048 × 2048. */
export const UNKNOWN_ENCODER_BYTES = 512 * MIB

export interface TextWidth {
  vocab: number
  hidden: number
  heads: number
  ffn: number | undefined
}

/**
 * llama.cpp's graph: scores over the vocabulary and seven widths of activations for each token of a batch, in 32 bits (logged: 352.77 MiB
 * for 151936 × 4096 at 512). Without flash attention also each head's scores against the whole context.
 */
export function llamaComputeBytes(text: TextWidth, load: { batchTokens: number; contextTokens: number; flashAttention: boolean }): number {
  const graph = load.batchTokens * (text.vocab + 7 * text.hidden) * 4
  return graph + (load.flashAttention ? 0 : text.heads * load.batchTokens * load.contextTokens * 4)
}

/** vLLM's profile run: activations of a full batch in 16 bits, and the sampler's warm-up with scores of 256 requests, twice. */
export function pagedComputeBytes(text: TextWidth, batchTokens: number): number {
  const ffn = text.ffn ?? 3 * text.hidden
  return batchTokens * (2 * ffn + 8 * text.hidden) * 2 + 256 * text.vocab * 4 * 2
}
