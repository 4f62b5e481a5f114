/** An entry as it is served with another context than it asks for. Pure. */
import type { RegistryEntry } from './entry.ts'

const CONTEXT_FLAGS = new Set(['--max-model-len', '--ctx-size', '-c', '--session-len', '--num-ctx'])

function withoutContextFlags(args: readonly string[]): string[] {
  return args.filter((arg, i) => {
    const isFlag = CONTEXT_FLAGS.has(arg.split('=', 1)[0] ?? '')
    return !isFlag && !CONTEXT_FLAGS.has(args[i - 1] ?? '')
  })
}

/** @param contextTokens Of one request. */
export function withContext(entry: RegistryEntry, contextTokens: number): RegistryEntry {
  const { backend_config: config, generation_defaults: defaults } = entry
  return {
    ...entry,
    backend_config: { ...config, max_model_len: contextTokens, extra_args: withoutContextFlags(config.extra_args ?? []) },
    generation_defaults: { ...defaults, context_window: contextTokens },
  }
}
