/** A chat request of OpenAI's protocol as Ollama's `POST /api/chat`. Pure. */
import type { RegistryEntry } from '../../registry/entry.ts'
import { invalid, isRecord } from '../request-fields.ts'
import { type NativeMessage, toNativeMessages } from './native-messages.ts'

export interface NativeChat {
  model: string
  messages: NativeMessage[]
  stream: boolean
  keep_alive: KeepAlive
  options: Record<string, unknown>
  /** A prompt that does not fit is refused, not cut without a word. Daemons that do not know the field ignore it. */
  truncate: false
  format?: unknown
  tools?: unknown[]
  think?: boolean | string
}

/** Seconds as `300s`; -1 for ever, 0 at once. */
export type KeepAlive = string | -1 | 0

type Body = Readonly<Record<string, unknown>>

const SAME_OPTIONS = ['temperature', 'top_p', 'top_k', 'min_p', 'seed', 'frequency_penalty', 'presence_penalty'] as const

/** Wishes that Ollama cannot be told, neither here nor at its OpenAI door, which drops them without a word. */
const INEXPRESSIBLE: Record<string, (value: unknown, body: Body) => boolean> = {
  n: (value) => value !== 1,
  logprobs: (value) => value !== false,
  top_logprobs: (value) => value !== 0,
  logit_bias: (value) => !isRecord(value) || Object.keys(value).length > 0,
  audio: () => true,
  modalities: (value) => !Array.isArray(value) || value.some((each) => each !== 'text'),
  functions: (value) => !Array.isArray(value) || value.length > 0,
  function_call: (value) => value !== 'none' && value !== 'auto',
  tool_choice: (value) => value !== 'auto' && value !== 'none',
  parallel_tool_calls: (value, body) => value === false && Array.isArray(body['tools']) && body['tools'].length > 0,
}

/**
 * Context in tokens that the model is loaded with; undefined leaves it to the daemon. Loading and asking must say the same, or the daemon
 * loads the model anew.
 */
export function contextTokensOf(entry: RegistryEntry): number | undefined {
  const own = entry.backend_config['num_ctx']
  const given = typeof own === 'number' && Number.isInteger(own) && own > 0 ? own : undefined
  return given ?? entry.backend_config.max_model_len ?? entry.generation_defaults.context_window ?? undefined
}

/** @throws StudioError `request-invalid` naming the field: nothing that was asked for is dropped without a word. */
export function toNativeChat(body: Body, given: { tag: string; entry: RegistryEntry; keepAlive: KeepAlive; stream: boolean }): NativeChat {
  for (const [field, asks] of Object.entries(INEXPRESSIBLE)) {
    const value = body[field]
    if (value === undefined || value === null || !asks(value, body)) continue
    throw invalid(field, `${given.entry.name} is served by Ollama, which has no ${field}`)
  }
  if (!Array.isArray(body['messages'])) throw invalid('messages', 'messages must be a list')
  const native: NativeChat = {
    model: given.tag,
    messages: toNativeMessages(body['messages'] as unknown[]),
    stream: given.stream,
    keep_alive: given.keepAlive,
    options: toOptions(body, given.entry),
    truncate: false,
  }
  const format = toFormat(body['response_format'])
  if (format !== undefined) native.format = format
  if (Array.isArray(body['tools']) && body['tools'].length > 0 && body['tool_choice'] !== 'none') native.tools = body['tools'] as unknown[]
  const think = toThink(body)
  if (think !== undefined) native.think = think
  return native
}

function readNumber(body: Body, field: string): number | undefined {
  const value = body[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw invalid(field, `${field} must be a number`)
  return value
}

function toOptions(body: Body, entry: RegistryEntry): Record<string, unknown> {
  const stop = body['stop']
  if (stop !== undefined && stop !== null && typeof stop !== 'string' && !Array.isArray(stop)) throw invalid('stop', 'stop must be a text or a list')
  const pairs: [string, unknown][] = [
    ...SAME_OPTIONS.map((field): [string, unknown] => [field, readNumber(body, field)]),
    ['repeat_penalty', readNumber(body, 'repetition_penalty')],
    ['num_predict', readNumber(body, 'max_completion_tokens') ?? readNumber(body, 'max_tokens')],
    ['stop', typeof stop === 'string' ? [stop] : (stop ?? undefined)],
    ['num_ctx', contextTokensOf(entry)],
  ]
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}

function toFormat(format: unknown): unknown {
  if (format === undefined || format === null) return undefined
  const type = isRecord(format) ? format['type'] : undefined
  if (!isRecord(format) || type === 'text') return undefined
  if (type === 'json_object') return 'json'
  const schema = type === 'json_schema' && isRecord(format['json_schema']) ? format['json_schema']['schema'] : undefined
  if (!isRecord(schema)) throw invalid('response_format', 'response_format must be text, json_object, or json_schema with a schema')
  return schema
}

const EFFORTS: Readonly<Record<string, boolean | string>> = { none: false, minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'high' }

/** Undefined leaves it to the model. */
function toThink(body: Body): boolean | string | undefined {
  const { think, reasoning_effort: effort, reasoning, chat_template_kwargs: template } = body
  if (typeof think === 'boolean') return think
  const named = effort ?? (isRecord(reasoning) ? reasoning['effort'] : undefined)
  if (typeof named === 'string') {
    const known = EFFORTS[named]
    if (known === undefined) throw invalid('reasoning_effort', `reasoning_effort must be one of ${Object.keys(EFFORTS).join(', ')}`)
    return known
  }
  // How vLLM's users switch it.
  const switched = isRecord(template) ? template['enable_thinking'] : undefined
  return typeof switched === 'boolean' ? switched : undefined
}
