/** What an entry, the studio's settings and the request itself say about how much of a conversation goes on. Pure. */
import type { HistoryPolicy, RegistryEntry } from '../../registry/entry.ts'
import type { HistoryDefaults } from '../ports.ts'

export interface Policy {
  enabled: boolean
  keepLastTurns: number
  /** Tokens for the whole request, the answer not included; Infinity where nothing is known. */
  maxTokens: number
}

const asCount = (value: unknown): number | null => (typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : null)

/** Flags of the model servers that set the context. */
const CONTEXT_FLAGS = new Set(['--max-model-len', '--ctx-size', '-c', '--session-len', '--num-ctx'])

function contextFlag(args: readonly string[]): number | null {
  for (const [i, arg] of args.entries()) {
    const [flag, joined] = arg.split('=', 2)
    if (flag !== undefined && CONTEXT_FLAGS.has(flag)) return asCount(Number(joined ?? args[i + 1]))
  }
  return null
}

/** Tokens of context that the model is served with; null where nobody says. */
export function contextTokensOf(entry: RegistryEntry): number | null {
  return (
    asCount(entry.generation_defaults.context_window) ??
    asCount(entry.backend_config.max_model_len) ??
    contextFlag(entry.backend_config.extra_args ?? []) ??
    asCount(entry.metadata['context_length'])
  )
}

/** What is set aside for the answer where neither the caller nor the entry says. */
const USUAL_ANSWER_TOKENS = 1024

export function answerTokensOf(body: Readonly<Record<string, unknown>>, entry: RegistryEntry): number {
  return asCount(body['max_completion_tokens']) ?? asCount(body['max_tokens']) ?? asCount(entry.generation_defaults.max_tokens) ?? USUAL_ANSWER_TOKENS
}

const LEAST_TOKENS = 256

export function policyOf(own: HistoryPolicy, defaults: HistoryDefaults, entry: RegistryEntry, body: Readonly<Record<string, unknown>>): Policy {
  const context = contextTokensOf(entry)
  const room = context === null ? Number.POSITIVE_INFINITY : Math.max(LEAST_TOKENS, context - answerTokensOf(body, entry))
  return {
    enabled: own.enabled ?? defaults.enabled,
    keepLastTurns: own.keep_last_n_turns ?? defaults.keepLastTurns,
    maxTokens: own.max_tokens ?? room,
  }
}

/** Pictures that one request may hold; Infinity where the entry does not say. */
export function maxPicturesOf(entry: RegistryEntry): number {
  const value = entry.metadata['max_images']
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : Number.POSITIVE_INFINITY
}
