/** Shapes of what is asked and answered over HTTP, in snake case as OpenAI's are. Loose where a field belongs to OpenAI or to the backend. */
import { z } from 'zod'

export const name = z.string().min(1).max(300)
export const flag = z.stringbool('must be true or false').default(false)
export const count = (otherwise: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 999')
    .transform(Number)
    .default(otherwise)
const mb = z.number().nonnegative()

export const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  extensions: z.object({
    display_name: z.string(),
    backend: z.string(),
    quantization: z.string().nullable(),
    vram_estimate_mb: mb.nullable(),
    roles: z.array(z.string()),
    modalities: z.array(z.string()),
    state: z.string(),
    state_reason: z.string().nullable(),
  }),
})
export const modelList = z.object({ object: z.literal('list'), data: z.array(model) })

export const selection = z.object({
  role: z.string(),
  profile: z.string(),
  max_vram_mb: mb.nullable(),
  top_n: z.int(),
  models: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      backend: z.string(),
      quantization: z.string().nullable(),
      vram_estimate_mb: mb.nullable(),
      role_priority: z.number(),
      reasons: z.array(z.string()).optional(),
    }),
  ),
  rejected: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
})

export const profile = z.object({
  active: z.string(),
  detected: z.string(),
  reason: z.string(),
  gpus: z.array(z.object({ index: z.int(), name: z.string(), total_vram_mb: mb, free_vram_mb: mb.nullable() })),
  available: z.array(z.object({ name: z.string(), description: z.string(), max_vram_mb: mb, effects: z.array(z.string()) })),
})

export const backends = z.object({
  object: z.literal('list'),
  in_flight: z.int(),
  waiting: z.int(),
  data: z.array(
    z.object({
      name: z.string(),
      backend: z.string(),
      state: z.enum(['stopped', 'queued', 'starting', 'ready', 'busy', 'draining', 'stopping', 'failed']),
      reason: z.string().nullable(),
      in_flight: z.int(),
      waiting: z.int(),
      slots: z.int(),
      pinned: z.boolean(),
      managed: z.boolean(),
      claims: z.array(z.object({ gpu: z.int(), mb })),
      need_mb: mb,
      idle_ms: z.number().nullable(),
      retry_in_ms: z.number().nullable(),
      reduced_context: z.int().nullable().describe('Tokens, where memory did not suffice for what the entry asks for'),
    }),
  ),
})
export const loaded = z.object({ name: z.string(), state: z.string(), reason: z.string().nullable() })

const leaseState = z.object({
  phase: z.enum(['wanted', 'held']),
  owner: z.string(),
  reason: z.string(),
  ttl_seconds: z.number(),
  expires_in_seconds: z.number().nullable(),
})
export const gpuStatus = z.object({
  leased: z.boolean(),
  lease: leaseState.nullable(),
  cards: z.array(
    z.object({
      index: z.int(),
      name: z.string(),
      total_mb: mb,
      used_by_us_mb: mb.nullable(),
      used_by_others_mb: mb.nullable(),
      free_mb: mb.nullable(),
    }),
  ),
  note: z.string().nullable(),
})
export const leaseWish = z.object({
  owner: z.string().trim().min(1).max(64).optional(),
  reason: z.string().max(512).default(''),
  /** Time between two heartbeats. */
  ttl_seconds: z.number().min(1).max(900).default(30),
  /** Of a lease that is held: a heartbeat. May stand in the header `x-imageworks-lease` instead. */
  token: z.string().min(8).max(200).optional(),
})
export const leaseEnd = z.object({ token: z.string().min(8).max(200).optional() })
export const lease = z.object({ token: z.string().optional(), ttl_seconds: z.number().optional(), expires_in_seconds: z.number() })

export const health = z.object({
  status: z.enum(['ok', 'degraded']),
  uptime_seconds: z.int(),
  models: z.record(z.string(), z.int()),
  in_flight: z.int(),
  waiting: z.int(),
  problem: z.string().nullable(),
})

export const failure = z.object({
  error: z.looseObject({
    message: z.string(),
    type: z.string(),
    code: z.string(),
    param: z.string().nullable(),
    studio_code: z.string(),
    data: z.record(z.string(), z.unknown()),
  }),
})

const part = z.looseObject({ type: z.string() })
const message = z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(part), z.null()]).optional() })
const common = { model: z.string().describe('A name, an alias, or a role such as role:caption'), stream: z.boolean().nullish() }
export const chatRequest = z.looseObject({ ...common, messages: z.array(message).min(1) })
export const completionRequest = z.looseObject({ ...common, prompt: z.union([z.string(), z.array(z.unknown()).min(1)]) })
export const embeddingRequest = z.looseObject({ model: common.model, input: z.union([z.string(), z.array(z.unknown()).min(1)]) })
export const choicesReply = z.looseObject({ id: z.string(), object: z.string(), model: z.string(), choices: z.array(z.looseObject({})) })
export const embeddingReply = z.looseObject({ object: z.string(), model: z.string(), data: z.array(z.looseObject({})) })
