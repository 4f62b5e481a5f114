/** What a look at this machine finds: facts about one model, whoever described it. */
import type { BackendName } from '../../contract/model.ts'

/** Shape of a model as the predecessor's registry names it; unknown fields are left out. */
export interface Architecture {
  num_layers?: number
  num_attention_heads?: number
  num_kv_heads?: number
  head_dim?: number
  hidden_size?: number
  intermediate_size?: number
  vocab_size?: number
  context_length?: number
  params_billion?: number
  /** Layers that look back only `window` tokens: all but each `global_every`th, or those that are not among the `global_layers`. */
  sliding_window?: { window: number; global_every?: number; global_layers?: number }
  vision?: VisionTower
}

export interface VisionTower {
  image_size?: number
  patch_size?: number
  /** Patches a side that become one token. */
  merge?: number
  hidden_size?: number
  num_layers?: number
  intermediate_size?: number
  params_million?: number
}

export type FoundSource = 'ollama' | 'huggingface' | 'gguf' | 'lmstudio' | 'folder' | 'server'

export interface FoundModel {
  source: FoundSource
  /** What was looked through as a whole, e.g. `ollama` or `gguf:/models`: what is missing there is gone. */
  scope: string
  /** Repository `owner/name`, Ollama tag, model id of a server, or the file's folder. */
  repo: string
  /** GGUF file beside others of its repository. */
  file: string | null
  backend: BackendName
  /** What its name is made from, e.g. `Qwen3-VL-8B-Instruct-FP8`. */
  title: string
  quantization: string | null
  /** Of the weights, as far as it is known without reading them all. */
  digest: string | null
  servedModelId: string | null
  aliases: readonly string[]
  huggingFaceId: string | null
  /** Folder or file of the weights, absolute; null where the backend keeps them itself. */
  path: string | null
  /** For `backend_config`. */
  config: Readonly<Record<string, unknown>>
  /** Bytes of all weight files, the vision tower's included. */
  sizeBytes: number | null
  architecture: Architecture | null
  /** The head of the weights in its own words, for what `architecture` has no field for: `model_type`, and `config` or `gguf`. */
  header: Readonly<Record<string, unknown>>
  family: string | null
  /** Null where the source cannot tell. */
  sees: boolean | null
  generates: boolean
  /** Kept for entries whose address is outside this machine, e.g. the consent. */
  metadata?: Readonly<Record<string, unknown>>
}

/** How one place was looked through. */
export interface ScopeReport {
  scope: string
  /** Address of a server; of a folder, `scope` names it. */
  place?: string
  source: FoundSource
  /** read: whatever it does not list is gone · absent: there is no such place, so what was there is gone · failed: nothing can be said. */
  state: 'read' | 'absent' | 'failed'
  models: number
  /** Files or folders that were left out, and why. */
  problems: string[]
}

export interface Found {
  models: FoundModel[]
  report: ScopeReport
}

/** Drops undefined fields; undefined when nothing is left. */
export function compact<T extends object>(record: T): T | undefined {
  const kept = Object.entries(record).filter(([, value]) => value !== undefined && value !== null)
  return kept.length === 0 ? undefined : (Object.fromEntries(kept) as T)
}
