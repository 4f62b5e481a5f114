/** What vram takes from the outside. Types only; compose hands in the real things, which fit by shape. */

/** The fields of a registry entry that tell what it takes to run it. */
export interface VramEntry {
  name: string
  backend: string
  quantization: string | null
  family: string | null
  served_model_id: string | null
  source: Readonly<Record<string, unknown>>
  capabilities: Readonly<Record<string, boolean | null | undefined>>
  backend_config: { extra_args?: readonly string[] | null | undefined; max_model_len?: number | null | undefined }
  generation_defaults: { context_window?: number | null | undefined }
  image_policy: { long_edge?: number | null | undefined }
  metadata: Readonly<Record<string, unknown>>
  /** Of everything that is loaded, projector included. */
  download_size_bytes: number | null
  vram_estimate_mb: number | null
}

/** How a model was run when it was measured. Each combination has its own row. */
export interface MeasurementKey {
  model: string
  /** '' when the entry names none. */
  quantization: string
  backend: string
  /** Cards that it was spread over, in order, for example `0` or `0,1`; '' on the processor. */
  gpuSet: string
  contextTokens: number
  slots: number
  /** '' when the backend does not tell. */
  backendVersion: string
}

export interface Measurement extends MeasurementKey {
  /** High-water mark in MB over all its cards; null when it could not be measured. */
  peakMb: number | null
  /** What the backend was told to take ahead, need or not (vLLM); null for backends that take what they need. */
  reservedMb: number | null
  /** The need within a reservation, by the backend's own word. */
  neededMb: number | null
  /** Means over the last loads. */
  loadMs: number | null
  coldTtftMs: number | null
  coldSamples: number
  /** Means over the last requests that found the model loaded. */
  ttftMs: number | null
  tokensPerS: number | null
  samples: number
  observedAtMs: number
}

export interface MeasurementStore {
  find(key: MeasurementKey): Measurement | undefined
  /** Newest first. */
  ofModel(model: string): Measurement[]
  put(measurement: Measurement): void
}
