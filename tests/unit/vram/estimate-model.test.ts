import { describe, expect, it } from 'vitest'
import { contextOfModel } from '../../../src-main/vram/context-of-model.ts'
import { estimateModel, type KnownEstimate, type ModelWish, type PartName } from '../../../src-main/vram/estimate-model.ts'
import { kvCacheBytes } from '../../../src-main/vram/kv-cache.ts'
import type { VramEntry } from '../../../src-main/vram/ports.ts'
import { claimOn, shareFor } from '../../../src-main/vram/reservation.ts'
import { qwen3Architecture, vramEntry } from './entry-samples.ts'

const MIB = 2 ** 20
const known = (entry: VramEntry, wish: ModelWish = {}): KnownEstimate => {
  const found = estimateModel(entry, wish)
  if (!found.known) throw new Error(JSON.stringify(found.missing))
  return found
}
const mib = (estimate: KnownEstimate, part: PartName) => (estimate.parts.find((each) => each.part === part)?.bytes ?? 0) / MIB
const off = (found: number, logged: number) => Math.abs(found / logged - 1)

describe('cases that somebody logged', () => {
  it('Qwen3-VL, 36 layers, 16384 tokens, KV q8_0: KV 1224.00 MiB, compute 352.77 MiB (LM Studio bug tracker 1176)', () => {
    const found = known(
      vramEntry({
        source: { huggingface_id: 'Qwen/Qwen3-VL-8B-Instruct' },
        quantization: 'q4_k_m',
        backend_config: { extra_args: ['--cache-type-k', 'q8_0', '--cache-type-v=q8_0', '-c', '16384'] },
      }),
    )
    expect(off(mib(found, 'kv'), 1224)).toBeLessThan(0.01)
    expect(off(mib(found, 'compute'), 352.77)).toBeLessThan(0.01)
  })

  it('Gemma 3 12B Q4_K_M, 2048 tokens, older Ollama: KV 608 MiB, total 10.3 GiB (ollama 10341)', () => {
    const found = known(vramEntry({ backend: 'ollama', served_model_id: 'gemma3:12b', quantization: 'Q4_K_M' }), {
      contextTokens: 2048,
      flashAttention: false,
    })
    expect(off(mib(found, 'kv'), 608)).toBeLessThan(0.01)
    expect(off(found.totalBytes / 2 ** 30, 10.3)).toBeLessThan(0.1)
  })
  it('the same with two slots of 4096: KV 1312 MiB', () => {
    const found = known(vramEntry({ backend: 'ollama', served_model_id: 'gemma3:12b', quantization: 'Q4_K_M' }), { contextTokens: 4096, slots: 2 })
    expect(off(mib(found, 'kv'), 1312)).toBeLessThan(0.01)
  })

  it('Qwen3-8B BF16, vLLM at 0.92 of 32607 MiB: weights 15.27 GiB, 89040 tokens of KV, 29914 MiB in all', () => {
    const entry = vramEntry({
      backend: 'vllm',
      quantization: 'bf16',
      capabilities: { text: true },
      metadata: { architecture: { ...qwen3Architecture, context_length: 131_072, params_billion: 8.19 } },
      backend_config: { extra_args: ['--gpu-memory-utilization', '0.92'] },
    })
    const found = known(entry, { contextTokens: 89_040 })
    expect(off(mib(found, 'weights') / 1024, 15.27)).toBeLessThan(0.02)
    expect(off(mib(found, 'kv'), 12_521)).toBeLessThan(0.01)
    expect(off(found.totalBytes / MIB, 29_914)).toBeLessThan(0.1)
    expect(off(claimOn(32_607, entry, found).claimMb, 29_914)).toBeLessThan(0.01)
  })

  it.each([
    [2048, 96],
    [8192, 384],
  ])('24 layers × 8 × 64 at %i tokens: KV %i MiB', (contextTokens, size) => {
    const load = { contextTokens, slots: 1, keyBytes: 2, valueBytes: 2, batchTokens: 512, crossTokens: 0 }
    const shape = { layers: 24, kvHeads: 8, keyDim: 64, valueDim: 64, sliding: null, crossLayers: 0 }
    expect(kvCacheBytes(shape, load) / MIB).toBe(size)
  })

  it('Qwen3-VL-8B FP8 without its files: 9.88 GiB on disk, because tower, embeddings and head stay in 16 bits', () => {
    const found = known(vramEntry({ backend: 'vllm', source: { huggingface_id: 'Qwen/Qwen3-VL-8B-Instruct-FP8' }, quantization: 'fp8' }), {
      contextTokens: 6144,
    })
    expect(off(mib(found, 'weights') * MIB, 10_605_588_977)).toBeLessThan(0.02)
    expect(found.parts.find(({ part }) => part === 'weights')?.source).toBe('table')
  })
})

describe('each number', () => {
  const qwen3 = { source: { huggingface_id: 'Qwen/Qwen3-VL-8B-Instruct' }, quantization: 'fp8', backend: 'vllm' }
  it('of real files goes before any table', () => {
    const found = known(vramEntry({ ...qwen3, download_size_bytes: 5_000_000_000 }), { contextTokens: 4096 })
    expect(found.parts[0]).toEqual({ part: 'weights', bytes: 5_000_000_000, source: 'file' })
    expect(known(vramEntry({ ...qwen3, download_size_bytes: 5e9 }), { contextTokens: 4096, fileBytes: 6e9 }).parts[0]?.bytes).toBe(6e9)
  })
  it('that decides and is not known must block the answer, and say what is missing', () => {
    const found = estimateModel(vramEntry({ name: 'nobody-knows', quantization: 'q4_k_m' }))
    expect(found.known ? [] : found.missing.map(({ figure }) => figure)).toEqual(['weights', 'layers', 'contextTokens'])
    const strange = estimateModel(vramEntry({ ...qwen3, quantization: 'q9_zz' }), { contextTokens: 4096 })
    expect(strange.known ? [] : strange.missing.map(({ figure }) => figure)).toEqual(['weights'])
  })
  it('a window of unknown pattern must not shrink the cache', () => {
    const at = (sliding_window: object) =>
      mib(
        known(vramEntry({ metadata: { architecture: { ...qwen3Architecture, sliding_window } }, download_size_bytes: 1e9, capabilities: {} }), {
          contextTokens: 8192,
        }),
        'kv',
      )
    expect(at({ window: 1024 })).toBe(1152)
    expect(at({ window: 1024, global_layers: 36 })).toBe(1152)
    expect(at({ window: 1024, global_every: 6 })).toBe((6 * 8192 + 30 * 1536) / 256)
  })
  it('the KV type of the flags counts, whoever wrote it', () => {
    const entry = vramEntry({ ...qwen3, backend_config: { extra_args: ['--kv-cache-dtype', 'fp8', '--max-model-len', '8192'] } })
    expect(mib(known(entry), 'kv')).toBe(576)
    expect(known(entry).serving.keyType).toEqual({ value: 'fp8', source: 'given' })
    expect(mib(known(entry, { kvDtype: 'fp16' }), 'kv')).toBe(1152)
  })
  it('llama.cpp shares its context flag over the slots', () => {
    const entry = vramEntry({ ...qwen3, backend: 'llamacpp', quantization: 'q4_k_m', backend_config: { extra_args: ['-c', '16384', '-np', '4'] } })
    expect(known(entry).contextTokens.value).toBe(4096)
    expect(mib(known(entry), 'kv')).toBe(2304)
  })
  it('the context is never above what the model was trained for', () => {
    const entry = vramEntry({ metadata: { architecture: qwen3Architecture }, download_size_bytes: 1e9, capabilities: {} })
    expect(known(entry, { contextTokens: 157_000 }).contextTokens).toEqual({ value: 40_960, source: 'header' })
  })
  it('of a header goes before the table of its name', () => {
    const entry = vramEntry({ ...qwen3, metadata: { architecture: { ...qwen3Architecture, num_layers: 18 } }, download_size_bytes: 5e9 })
    const kv = known(entry, { contextTokens: 8192 }).parts[1]
    expect(kv).toEqual({ part: 'kv', bytes: 576 * MIB, source: 'header' })
  })
  it('cross attention holds picture tokens instead of text', () => {
    const entry = vramEntry({ backend: 'ollama', served_model_id: 'llama3.2-vision:11b', quantization: 'q4_k_m', image_policy: { long_edge: 1024 } })
    // 32 layers of text, 8 of four tiles.
    expect(mib(known(entry, { contextTokens: 4096 }), 'kv') * MIB).toBe(4096 * (32 * 4096 + 8 * 4 * 1601))
  })
  it('a model that runs elsewhere takes nothing here', () => {
    for (const backend of ['embedded', 'remote', 'onnx']) expect(known(vramEntry({ backend })).needMb).toBe(0)
  })
  it('split over two cards each holds half the weights and cache, and its own context', () => {
    const one = known(vramEntry({ ...qwen3, download_size_bytes: 10e9 }), { contextTokens: 8192 })
    const two = known(vramEntry({ ...qwen3, download_size_bytes: 10e9 }), { contextTokens: 8192, gpuCount: 2 })
    expect(two.perGpuBytes).toBeLessThan(one.perGpuBytes)
    expect(two.perGpuBytes).toBeGreaterThan(one.perGpuBytes / 2)
    expect(two.totalBytes).toBeGreaterThan(one.totalBytes)
  })
})

describe('the largest context of a model', () => {
  const entry = vramEntry({ backend: 'ollama', served_model_id: 'qwen2.5vl:7b', quantization: 'q4_k_m' })
  it('is a whole number of blocks, fits, and one more does not', () => {
    const found = contextOfModel(entry, { budgetMb: 10_000, capTokens: 262_144 })
    if (!found.known) throw new Error('unknown')
    expect([found.fits, found.limitedBy, found.contextTokens % 256]).toEqual([true, 'memory', 0])
    expect(known(entry, { contextTokens: found.contextTokens }).needMb).toBeLessThanOrEqual(10_000)
    expect(known(entry, { contextTokens: found.contextTokens + 256 }).needMb).toBeGreaterThan(10_000)
  })
  it('does not fit, or ends at what it was trained for', () => {
    expect(contextOfModel(entry, { budgetMb: 4000, capTokens: 262_144 })).toMatchObject({ fits: false, contextTokens: 0 })
    expect(contextOfModel(entry, { budgetMb: 90_000, capTokens: 262_144 })).toMatchObject({
      fits: true,
      limitedBy: 'trained',
      contextTokens: 128_000,
    })
  })
  it('without its shape says what is missing', () => {
    expect(contextOfModel(vramEntry({ download_size_bytes: 1 }), { budgetMb: 1, capTokens: 1 })).toMatchObject({
      known: false,
      missing: [{ figure: 'layers' }],
    })
  })
})

describe('what vLLM takes ahead', () => {
  const entry = vramEntry({ backend: 'vllm', source: { huggingface_id: 'Qwen/Qwen3-VL-4B-Instruct' }, quantization: 'bf16' })
  it('is its claim, whatever the model needs', () => {
    const estimate = known(entry, { contextTokens: 4096 })
    const claim = claimOn(24_080, entry, estimate)
    expect(claim).toEqual({ claimMb: 21_672, needMb: estimate.needMb, share: 0.9, enough: true })
    expect(claim.needMb).toBeLessThan(claim.claimMb - 5000)
  })
  it('is set from the need with 5 % to spare, and refused where the card is too small', () => {
    expect(shareFor(10_600, 16_376)).toBe(0.68)
    expect(shareFor(16_000, 16_376)).toBe(null)
  })
})
