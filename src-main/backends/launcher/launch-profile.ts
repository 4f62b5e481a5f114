/** What a launch profile file (`configs/backends/*.json`) may say. It is data: it names no path, no shell text and no loader variable. Pure. */
import { z } from 'zod'
import { StudioError } from '../../lib/studio-error.ts'

/** Everything that an argument may be made of; a group of arguments with a placeholder that has no value is left out. */
export const PLACEHOLDERS = [
  'model',
  'served_name',
  'host',
  'port',
  'context',
  'context_total',
  'gpu_memory_utilization',
  'cache_fraction',
  'tensor_parallel',
  'gpu_layers',
  'mmproj',
  'slots',
] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

/** Why a model's process is not there. Those that a log can tell come first. */
export const LOG_CAUSES = [
  'out-of-memory',
  'context-does-not-fit',
  'weights-missing',
  'bad-flag',
  'port-in-use',
  'no-gpu-driver',
  'unsupported-architecture',
] as const
export type LogCause = (typeof LOG_CAUSES)[number]
export type StartCause =
  | LogCause
  | 'executable-missing'
  | 'not-permitted'
  | 'argument-refused'
  | 'profile-missing'
  | 'wrong-model'
  | 'no-progress'
  | 'killed'
  | 'crashed'

/** A bare name: it is looked up in the absolute folders of PATH alone. */
const executableName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
const flagName = z.string().regex(/^--?[a-z][a-z0-9-]{0,63}$/)
const sentence = z.string().min(1).max(400)

const PLACEHOLDER = /\{([^{}]*)\}/g
const argument = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => [...text.matchAll(PLACEHOLDER)].every(([, name]) => (PLACEHOLDERS as readonly string[]).includes(name!)), {
    error: 'holds a placeholder that is not in the closed list',
  })
  .refine((text) => !text.includes('\0'), { error: 'holds a NUL' })

const argumentGroup = z.strictObject({
  args: z.array(argument).min(1),
  /** Left out when the entry's `extra_args` give one of these. */
  unless: z.array(flagName).default([]),
})

/** Variables that make a program load foreign code, wherever they come from. */
const LOADER_VARIABLE = /^(LD_|DYLD_|PYTHON|NODE_|PERL|RUBY|BASH_ENV|ENV$|GCONV_PATH|_JAVA|JAVA_TOOL)/i
export const isLoaderVariable = (name: string): boolean => LOADER_VARIABLE.test(name)

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
  .refine((name) => !isLoaderVariable(name), { error: 'is a loader variable' })

/** How many values follow a flag; `many`: all up to the next flag. */
const arity = z.enum(['none', 'one', 'many'])

const pattern = z
  .string()
  .min(3)
  .max(400)
  .refine(
    (text) => {
      try {
        return new RegExp(text, 'i') instanceof RegExp
      } catch {
        return false
      }
    },
    { error: 'is not a regular expression' },
  )

export const launchProfileSchema = z.strictObject({
  schema_version: z.literal(1),
  name: z.string().regex(/^[a-z0-9_-]{1,64}$/),
  backend: z.enum(['vllm', 'llamacpp', 'lmdeploy']),
  description: sentence,
  /** Platforms that the program exists for; default: all. */
  platforms: z
    .array(z.enum(['linux', 'darwin', 'win32']))
    .min(1)
    .optional(),
  /** Tried in their order. */
  executables: z.array(executableName).min(1).max(8),
  /** What to do when the program is not here. */
  install_hint: sentence,
  /** What `{model}` is: a GGUF file, or a folder of safetensors (or the id of one in the Hugging Face cache). */
  weights: z.enum(['gguf', 'folder']),
  /** The program takes its whole share of the card at once, whatever the model needs. */
  reserves_memory: z.boolean(),
  arguments: z.array(argumentGroup).min(1),
  extra_args: z.strictObject({
    /** Flag → values; anything else is refused. */
    allowed: z.record(flagName, arity),
    /** Only when the person's own layer of the registry gives them. */
    user_only: z.record(flagName, z.strictObject({ values: arity, reason: sentence })),
    /** Never, each with its reason, for a better sentence than "not in the list". */
    refused: z.record(flagName, sentence),
  }),
  environment: z.strictObject({
    /** Taken over from our own environment besides the base that every program needs. */
    pass: z.array(variableName),
    set: z.record(variableName, z.string().max(400)),
  }),
  /** Answers 200 when the model is loaded. */
  health_path: z.string().regex(/^\/[a-z0-9/_-]{0,100}$/),
  /** Tried in their order against the end of the log, without regard to case; the first that fits names the cause. */
  causes: z.array(z.strictObject({ pattern, cause: z.enum(LOG_CAUSES), remedy: sentence })),
  /** Between the polite signal and the other one. */
  stop_grace_ms: z.int().min(100).max(60_000),
})
export type LaunchProfile = z.output<typeof launchProfileSchema>

/** @throws StudioError `registry-invalid` naming the file and the field. */
export function parseLaunchProfile(text: string, file: string): LaunchProfile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new StudioError('registry-invalid', `${file}: is not JSON`, { data: { file, reason: 'is not JSON' }, cause: error })
  }
  const parsed = launchProfileSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  const reason = `${field === '' ? 'the file' : field}: ${issue?.message ?? 'is not valid'}`
  throw new StudioError('registry-invalid', `${file}: ${reason}`, { data: { file, field, reason } })
}
