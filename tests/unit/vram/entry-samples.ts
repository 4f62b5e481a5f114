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

/** Qwen3-8B as its config.json says. */
export const qwen3Config = {
  model_type: 'qwen3',
  num_hidden_layers: 36,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 128,
  hidden_size: 4096,
  intermediate_size: 12_288,
  vocab_size: 151_936,
  tie_word_embeddings: false,
  max_position_embeddings: 40_960,
  sliding_window: 4096,
  use_sliding_window: false,
}
