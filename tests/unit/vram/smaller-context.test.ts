import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contextOfModel } from '../../../src-main/vram/context-of-model.ts'
import { LEAST_CONTEXT_TOKENS, smallerContext } from '../../../src-main/vram/smaller-context.ts'
import { vramEntryOf } from '../../../src-main/vram/vram-entry.ts'

const architecture = { num_layers: 36, num_attention_heads: 32, num_kv_heads: 8, head_dim: 128, hidden_size: 4096, vocab_size: 151_936 }
const entry = (contextTokens: number | null, backend = 'vllm') =>
  vramEntryOf({
    name: 'm',
    backend,
    quantization: 'fp8',
    backend_config: { max_model_len: contextTokens },
    metadata: { architecture: { ...architecture, intermediate_size: 12_288, params_billion: 8.2, context_length: 40_960 } },
  })

describe('the context of a second try', () => {
  it('must fit, be whole blocks, at most half of what failed, at least the least', () => {
    const figures = [fc.integer({ min: 256, max: 200_000 }), fc.integer({ min: 1000, max: 40_000 }), fc.constantFrom('vllm', 'llamacpp')] as const
    fc.assert(
      fc.property(...figures, (contextTokens, budgetMb, backend) => {
        const found = smallerContext(entry(contextTokens, backend), { budgetMb, gpuCount: 1 })
        if (found === null) return
        expect(found.toTokens % (backend === 'vllm' ? 16 : 256)).toBe(0)
        expect(found.toTokens).toBeGreaterThanOrEqual(LEAST_CONTEXT_TOKENS)
        expect(found.toTokens).toBeLessThanOrEqual(contextTokens / 2)
        const fits = contextOfModel(entry(contextTokens, backend), { budgetMb, capTokens: found.toTokens })
        expect(fits.known && fits.contextTokens).toBe(found.toTokens)
      }),
      { numRuns: 60 },
    )
  })

  it('is none where memory allows nothing useful, or the model is not known', () => {
    expect(smallerContext(entry(32_768), { budgetMb: 4000, gpuCount: 1 })).toBeNull()
    expect(smallerContext(entry(4000), { budgetMb: 40_000, gpuCount: 1 })).toBeNull()
    expect(smallerContext(vramEntryOf({ name: 'm', backend: 'vllm' }), { budgetMb: 40_000, gpuCount: 1 })).toBeNull()
  })

  it('of a model that names none begins with what it was trained for', () => {
    expect(smallerContext(entry(null), { budgetMb: 80_000, gpuCount: 1 })?.toTokens).toBe(20_480)
  })
})
