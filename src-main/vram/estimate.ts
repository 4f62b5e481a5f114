/**
 * Graphics memory from bare figures, when nothing is known of a model but its size. Pure. All amounts in GiB (2^30 bytes):
 *
 *     weights = params × bytes per param      kv = 2 × layers × KV heads × head size × KV bytes × tokens × batch
 *     total   = (weights + kv + overhead + vision) × fragmentation factor
 *
 * For a model of the registry `estimate-model.ts` knows better.
 */
import { StudioError } from '../lib/studio-error.ts'
import { largestContext } from './largest-context.ts'
import type { OverheadProfile } from './overhead-profiles.ts'
import { bytesPerParam, kvBytesPerElement } from './precision.ts'

export interface BareFigures {
  paramsBillion: number
  quant: string
  layers: number
  kvHeads: number
  headDim: number
  kvDtype: string
  /** Requests side by side, each with the whole context. */
  batch: number
}

/** Keys as the command line prints them. */
export interface GibEstimate {
  weights_gib: number
  kv_gib: number
  overhead_gib: number
  vision_gib: number
  frag_factor: number
  total_gib: number
}

export interface GibInverse extends GibEstimate {
  /** A multiple of 16, the block in which vLLM hands out its cache; 0 when it does not fit. */
  context_tokens: number
  fits: boolean
  limited_by: 'memory' | 'cap'
}

const GIB = 2 ** 30
const BLOCK_TOKENS = 16

function check(figures: BareFigures): void {
  for (const key of ['paramsBillion', 'layers', 'kvHeads', 'headDim', 'batch'] as const) {
    const value = figures[key]
    if (!Number.isFinite(value) || value <= 0) {
      throw new StudioError('invalid-request', `${key} must be a number above 0`, { data: { key } })
    }
  }
}

function estimateTokens(figures: BareFigures, contextTokens: number, profile: OverheadProfile): GibEstimate {
  const { paramsBillion, quant, layers, kvHeads, headDim, kvDtype, batch } = figures
  const weights = (paramsBillion * 1e9 * bytesPerParam(quant)) / GIB
  const kv = (2 * layers * kvHeads * headDim * kvBytesPerElement(kvDtype) * contextTokens * batch) / GIB
  return {
    weights_gib: weights,
    kv_gib: kv,
    overhead_gib: profile.overheadGib,
    vision_gib: profile.visionGib,
    frag_factor: profile.fragFactor,
    total_gib: (weights + kv + profile.overheadGib + profile.visionGib) * profile.fragFactor,
  }
}

/**
 * @param contextK In units of 1024 tokens.
 * @throws StudioError `invalid-request`: an unknown quantization or KV type (data {known}), or a figure that is no positive number.
 */
export function estimate(figures: BareFigures, contextK: number, profile: OverheadProfile): GibEstimate {
  check(figures)
  if (!Number.isFinite(contextK) || contextK < 0) throw new StudioError('invalid-request', 'the context must be a number of at least 0')
  return estimateTokens(figures, contextK * 1024, profile)
}

/**
 * The largest context within `totalVramGib`; the other keys tell what that context takes, or, when nothing fits, what one block would.
 * @throws StudioError `invalid-request` as `estimate`.
 */
export function maxContext(figures: BareFigures, limits: { totalVramGib: number; maxContextK: number }, profile: OverheadProfile): GibInverse {
  check(figures)
  const { totalVramGib, maxContextK } = limits
  if (!Number.isFinite(totalVramGib) || totalVramGib < 0 || !Number.isFinite(maxContextK) || maxContextK <= 0) {
    throw new StudioError('invalid-request', 'the memory and the largest context must be numbers above 0')
  }
  const found = largestContext((tokens) => estimateTokens(figures, tokens, profile).total_gib, totalVramGib, {
    blockTokens: BLOCK_TOKENS,
    capTokens: maxContextK * 1024,
  })
  return {
    context_tokens: found.contextTokens,
    fits: found.fits,
    limited_by: found.limitedBy,
    ...estimateTokens(figures, found.fits ? found.contextTokens : BLOCK_TOKENS, profile),
  }
}
