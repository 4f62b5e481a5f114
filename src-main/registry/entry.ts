/** One model as the registry files describe it. Keys are the file's own (snake case), unknown keys pass through untouched. */
import { z } from 'zod'
import { backendName } from '../contract/model.ts'

/** Letters, digits and `. _ + : ( ) @ -`, starting with a letter or digit: never a path, a flag or shell text. */
export const MODEL_NAME_PATTERN = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._+:()@-]{0,127}$/
const ENVIRONMENT_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

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
  /** Folder of weights for backends that load files themselves. */
  model_path: text.nullish(),
  extra_args: z.array(text).nullish(),
  /** Name of the environment variable that holds the key; the key itself is never stored. */
  api_key_env: z.string().regex(ENVIRONMENT_NAME_PATTERN).nullish(),
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

export function huggingFaceIdOf(entry: RegistryEntry): string | null {
  const id = entry.source['huggingface_id']
  return typeof id === 'string' && id !== '' ? id : null
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
