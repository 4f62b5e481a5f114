/** How an entry says it is served: context, slots, cache type, and the flags that matter for memory. Pure. */
import { StudioError } from '../lib/studio-error.ts'
import type { VramEntry } from './ports.ts'
import { isKvDtype } from './precision.ts'

/** Where a number comes from, surest first. `given`: asked for, or written in the entry. */
export type FigureSource = 'measured' | 'file' | 'header' | 'given' | 'table' | 'assumed'
export interface Figure<T = number> {
  value: T
  source: FigureSource
}

/** What the caller knows better than the entry. */
export interface ServingWish {
  contextTokens?: number | undefined
  slots?: number | undefined
  kvDtype?: string | undefined
  /** Cards that the weights are split over. */
  gpuCount?: number | undefined
}

export interface ServingFigures {
  /** Undefined when neither the caller nor the entry tells. */
  contextTokens: Figure | undefined
  slots: Figure
  keyType: Figure<string>
  valueType: Figure<string>
  gpuCount: Figure
  /** Tokens worked on in one go. */
  batchTokens: Figure
  /** Share of a card that the server takes ahead; null for servers that take what they need. */
  reservedShare: Figure | null
  cudaGraphs: boolean
  maxPixels: number | undefined
}

/** The value of the last of these flags, as `--flag value` or `--flag=value`. */
function flag(args: readonly string[], ...names: string[]): string | undefined {
  let found: string | undefined
  for (const [i, arg] of args.entries()) {
    if (names.includes(arg)) found = args[i + 1]
    else if (names.some((name) => arg.startsWith(`${name}=`))) found = arg.slice(arg.indexOf('=') + 1)
  }
  return found
}

function numberFlag(args: readonly string[], ...names: string[]): number | undefined {
  const text = flag(args, ...names)?.trim()
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value > 0 ? value : undefined
}

const given = <T>(value: T | null | undefined): Figure<T> | undefined =>
  value === undefined || value === null ? undefined : { value, source: 'given' }
const assumed = <T>(value: T): Figure<T> => ({ value, source: 'assumed' })

function kvTypes(entry: VramEntry, args: readonly string[], wish: ServingWish): [Figure<string>, Figure<string>] {
  const usable = (name: unknown) => (typeof name === 'string' && isKvDtype(name) ? name : undefined)
  const architecture = entry.metadata['architecture'] as Readonly<Record<string, unknown>> | null | undefined
  const both =
    wish.kvDtype ?? usable(flag(args, '--kv-cache-dtype')) ?? usable(entry.metadata['kv_cache_dtype']) ?? usable(architecture?.['kv_precision'])
  const key = usable(flag(args, '--cache-type-k', '-ctk'))
  const value = usable(flag(args, '--cache-type-v', '-ctv'))
  return [given(wish.kvDtype ?? key ?? both) ?? assumed('fp16'), given(wish.kvDtype ?? value ?? both) ?? assumed('fp16')]
}

function pixelCap(args: readonly string[]): number | undefined {
  const text = flag(args, '--mm-processor-kwargs')
  const found = text === undefined ? undefined : /"max_pixels"\s*:\s*(\d{1,12})/.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** @throws StudioError `invalid-request` for a wish that is no number above 0. */
export function servingFigures(entry: VramEntry, wish: ServingWish): ServingFigures {
  for (const key of ['contextTokens', 'slots', 'gpuCount'] as const) {
    const value = wish[key]
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
      throw new StudioError('invalid-request', `${key} must be a number above 0`, { data: { key } })
    }
  }
  const args = entry.backend_config.extra_args ?? []
  const [keyType, valueType] = kvTypes(entry, args, wish)
  const paged = entry.backend === 'vllm'
  // A paged cache is shared by need: one request of full length must fit, more are a matter of luck and not of need.
  const slots = given(wish.slots ?? (paged ? undefined : numberFlag(args, '--max-batch-size', '--parallel', '-np'))) ?? assumed(1)
  // llama.cpp's own flag is the sum over its slots.
  const shared = numberFlag(args, '--ctx-size', '-c')
  const context =
    wish.contextTokens ??
    entry.backend_config.max_model_len ??
    numberFlag(args, '--max-model-len', '--session-len', '--num-ctx') ??
    (shared === undefined ? entry.generation_defaults.context_window : Math.floor(shared / slots.value))
  const share = paged
    ? (given(numberFlag(args, '--gpu-memory-utilization')) ?? assumed(0.9))
    : entry.backend === 'lmdeploy'
      ? (given(numberFlag(args, '--cache-max-entry-count')) ?? assumed(0.8))
      : null
  return {
    contextTokens: given(context),
    slots,
    keyType,
    valueType,
    gpuCount: given(wish.gpuCount ?? numberFlag(args, '--tensor-parallel-size', '-tp', '--tp')) ?? assumed(1),
    batchTokens: given(numberFlag(args, '--max-num-batched-tokens', '--ubatch-size', '-ub')) ?? assumed(paged ? 2048 : 512),
    reservedShare: share,
    cudaGraphs: paged && !args.includes('--enforce-eager'),
    maxPixels: pixelCap(args),
  }
}
