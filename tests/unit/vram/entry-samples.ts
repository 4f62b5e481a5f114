import type { Card } from '../../../src-main/vram/cards.ts'
import type { VramEntry } from '../../../src-main/vram/ports.ts'

export const vramEntry = (more: Partial<VramEntry> = {}): VramEntry => ({
  name: 'model',
  backend: 'llamacpp',
  quantization: null,
  family: null,
  served_model_id: null,
  source: {},
  capabilities: { vision: true },
  backend_config: {},
  generation_defaults: {},
  image_policy: {},
  metadata: {},
  download_size_bytes: null,
  vram_estimate_mb: null,
  ...more,
})

/** Qwen3-8B as its header is kept. */
export const qwen3Architecture = {
  num_layers: 36,
  num_attention_heads: 32,
  num_kv_heads: 8,
  head_dim: 128,
  hidden_size: 4096,
  intermediate_size: 12_288,
  vocab_size: 151_936,
  context_length: 40_960,
}

export const sampleCard = (more: Partial<Card> = {}): Card => ({
  ...{ index: 0, name: 'RTX', totalMb: 16_376, freeMb: 9_900, vendor: 'nvidia', uuid: 'GPU-1', usedMb: 6_000, reservedMb: 476 },
  ...{ computeCapability: '8.9', driver: '560', mig: false, unified: false },
  ...more,
})
