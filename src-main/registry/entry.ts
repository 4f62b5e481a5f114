/** One model as the registry files describe it. Keys are the file's own (snake case), unknown keys pass through untouched. */
import { z } from 'zod'
import { backendName } from '../contract/model.ts'

/** Letters, digits and `. _ + : ( ) @ -`, starting with a letter or digit: never a path, a flag or shell text. */
export const MODEL_NAME_PATTERN = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._+:()@-]{0,127}$/
const ENVIRONMENT_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
export const KEY_NAME_PATTERN = /^[A-Za-z0-9._-]{1,128}$/

const text = z.string().max(4000)
const textOrNull = text.nullish().transform((value) => value ?? null)
/** Older files hold the word "None" where null was meant. */
const idOrNull = text.nullish().transform((value) => (value && value.toLowerCase() !== 'none' ? value : null))
const textList = z
  .array(text)
  .nullish()
  .transform((value) => value ?? [])
const countOrNull = z
  .number()
  .nonnegative()
  .nullish()
  .transform((value) => value ?? null)
const looseRecord = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {})

const backendConfig = z.looseObject({
  port: z.int().min(1).max(65_535).nullish(),
  host: text.nullish(),
  /** Address of an OpenAI-compatible server, with or without the final `/v1`. */
  base_url: text.nullish(),
  /** Several addresses of the same model (a cluster without a router of its own); `base_url` counts as one more. */
  base_urls: z.array(text).max(32).nullish(),
  /** Requests that the server answers side by side; more wait. */
  max_concurrent_requests: z.int().min(1).max(1024).nullish(),
  /** Name of a launch profile in `configs/backends/`; default: the one of the backend's name. */
  launch_profile: z
    .string()
    .regex(/^[a-z0-9_-]{1,64}$/)
    .nullish(),
  /** Weights for backends that load files themselves: a folder, or one GGUF file. */
  model_path: text.nullish(),
  /** The vision projector of a GGUF model. */
  mmproj_path: text.nullish(),
  /** Context in tokens that the model is started with; default: what the studio needs, cut to what fits. */
  max_model_len: z.int().min(256).max(4_194_304).nullish(),
  extra_args: z.array(text).nullish(),
  /** Name of the environment variable that holds the key; the key itself is never stored. */
  api_key_env: z.string().regex(ENVIRONMENT_NAME_PATTERN).nullish(),
  /** Name under which the operating system's keychain holds the key. */
  api_key_name: z.string().regex(KEY_NAME_PATTERN).nullish(),
})
export type BackendConfig = z.output<typeof backendConfig>

const generationDefaults = z.looseObject({
  max_tokens: z.int().positive().nullish(),
  min_tokens: z.int().nonnegative().nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().nullish(),
  frequency_penalty: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  stop_sequences: z.array(text).nullish(),
  context_window: z.int().positive().nullish(),
})

/** `{enabled: false}` is how some files say false. */
const capabilityFlag = z
  .union([z.boolean(), z.looseObject({ enabled: z.boolean().optional() }), z.null()])
  .transform((value) => (typeof value === 'object' ? value?.enabled === true : value))

/** What of a long conversation is sent on; absent fields take the studio's defaults. */
const historyPolicy = z.looseObject({
  enabled: z.boolean().nullish(),
  /** A turn is one message of the user with everything up to the next. These are kept whatever the budget says. */
  keep_last_n_turns: z.int().min(0).max(1000).nullish(),
  /** Tokens of context that the whole request may take; default: the entry's context less its answer. */
  max_tokens: z.int().min(256).nullish(),
})
export type HistoryPolicy = z.output<typeof historyPolicy>

const imagePolicy = z.looseObject({
  /** Pixels of the longer edge above which a picture is made smaller. */
  long_edge: z.int().min(64).max(8192).nullish(),
  jpeg_quality: z.int().min(10).max(100).nullish(),
})
export type ImagePolicy = z.output<typeof imagePolicy>

const versionLock = z.looseObject({
  locked: z.boolean().nullish(),
  /** SHA-256 over the sorted lines `<sha256>  <relative path>` of all weight files; for Ollama the digest of its manifest. */
  digest: text.nullish(),
  last_verified: text.nullish(),
})
export type VersionLock = z.output<typeof versionLock>

export const entrySchema = z.looseObject({
  name: z.string().regex(MODEL_NAME_PATTERN),
  display_name: textOrNull,
  /** `gguf` and `triton` are older spellings; see `backendOf`. */
  backend: z.union([backendName, z.enum(['gguf', 'triton'])]),
  backend_config: backendConfig.nullish().transform((value): BackendConfig => value ?? {}),
  capabilities: z
    .record(z.string(), capabilityFlag)
    .nullish()
    .transform((value) => value ?? {}),
  generation_defaults: generationDefaults.nullish().transform((value) => value ?? {}),
  served_model_id: idOrNull,
  model_aliases: textList,
  roles: textList,
  /** Role → priority; higher wins. */
  role_priority: z
    .record(z.string(), z.number())
    .nullish()
    .transform((value) => value ?? {}),
  quantization: textOrNull,
  /** Graphics memory in MB that the model needs when serving; 0 for none, null for unknown. */
  vram_estimate_mb: countOrNull,
  /** `task_tokens`: the model answers to task prompts such as `<OD>` alone (Florence-2). */
  adapter: z
    .enum(['chat', 'task_tokens'])
    .nullish()
    .transform((value) => value ?? 'chat'),
  /** Never unloaded to make room. */
  pinned: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  vision_history: historyPolicy.nullish().transform((value): HistoryPolicy => value ?? {}),
  reasoning_history: historyPolicy.nullish().transform((value): HistoryPolicy => value ?? {}),
  image_policy: imagePolicy.nullish().transform((value): ImagePolicy => value ?? {}),
  version_lock: versionLock.nullish().transform((value): VersionLock => value ?? {}),
  deprecated: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  license: textOrNull,
  family: textOrNull,
  source_provider: textOrNull,
  source: looseRecord,
  probes: looseRecord,
  metadata: looseRecord,
  download_path: textOrNull,
  download_size_bytes: countOrNull,
})
export type RegistryEntry = z.output<typeof entrySchema>
export type EntryRecord = Record<string, unknown> & { name: string }

export function backendOf(entry: RegistryEntry): z.infer<typeof backendName> {
  if (entry.backend === 'gguf') return 'llamacpp'
  if (entry.backend === 'triton') return 'unassigned'
  return entry.backend
}

export function displayNameOf(entry: RegistryEntry): string {
  return entry.display_name ?? entry.name
}

/** `owner/name`: never a path or a flag. */
const HUGGING_FACE_ID = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?$/

export function huggingFaceIdOf(entry: RegistryEntry): string | null {
  const id = entry.source['huggingface_id']
  return typeof id === 'string' && HUGGING_FACE_ID.test(id) ? id : null
}

/** Its weights were found once and are no longer where they were. */
export function isMissing(entry: RegistryEntry): boolean {
  return entry.metadata['missing'] === true
}

/** Identifies the weights, as far as it was found out: Ollama's manifest digest, or what the files hash to. */
export function digestOf(entry: RegistryEntry): string | null {
  const digest = entry.metadata['digest']
  return typeof digest === 'string' && digest !== '' ? digest : null
}

/** Place in measured comparisons, 1 for the best, for all roles or by role; null when it was never compared. */
export function duelRankOf(entry: RegistryEntry, role: string): number | null {
  const ranks = entry.metadata['duel_rank']
  const rank = typeof ranks === 'object' && ranks !== null ? (ranks as Record<string, unknown>)[role] : ranks
  return typeof rank === 'number' && Number.isFinite(rank) ? rank : null
}

/** Ids under which a server may know this model, the likeliest first. */
export function servedIdsOf(entry: RegistryEntry): string[] {
  return [...new Set([entry.served_model_id, huggingFaceIdOf(entry), entry.name].filter((id) => id !== null))]
}

/** Roles that the entry offers, by list or by priority. */
export function rolesOf(entry: RegistryEntry): string[] {
  return [...new Set([...entry.roles, ...Object.keys(entry.role_priority)])]
}

const VISION_KEYS = ['vision', 'multimodal', 'mm', 'image', 'visual']

/** Whether the model sees pictures: a stored probe result is final, else what its metadata declares. Never guessed from the name. */
export function seesPictures(entry: RegistryEntry): boolean {
  const probe = entry.probes['vision']
  if (typeof probe === 'object' && probe !== null && 'vision_ok' in probe && typeof probe.vision_ok === 'boolean') return probe.vision_ok
  return VISION_KEYS.some((key) => entry.capabilities[key] === true)
}
