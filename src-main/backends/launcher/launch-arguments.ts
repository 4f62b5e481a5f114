/** From an entry and its place on the cards to the argument array of its server. Pure. */
import type { RegistryEntry } from '../../registry/entry.ts'
import type { Placement } from '../../registry/serving.ts'
import type { ExtraArguments } from './extra-arguments.ts'
import type { LaunchProfile, Placeholder } from './launch-profile.ts'

export interface CardMemory {
  index: number
  totalMb: number
  freeMb: number | null
  /** How programs name it, where that is not its index. */
  device?: string | undefined
}

export type ArgumentValues = Partial<Record<Placeholder, string>>

/** Above this the driver and the desktop have no room left. */
const UTILIZATION_CAP = 0.95
/** Of a model's need, where the size of its weights is not known. */
const WEIGHTS_SHARE = 0.7
/** "All layers": more than any model has. */
const ALL_LAYERS = '999'

/**
 * The share of each card that vLLM may take: (need + 5 %) / total, rounded up to a hundredth; the largest over the cards, since the
 * program takes one share for all. Undefined when a card's total or the need is not known: the program's own default then holds.
 */
export function gpuMemoryUtilization(placement: Placement, cards: readonly CardMemory[]): number | undefined {
  const shares = placement.gpus.map((gpu, i) => {
    const totalMb = cards.find((card) => card.index === gpu)?.totalMb ?? 0
    const claimMb = placement.claimMb[i] ?? 0
    // Rounded to a millionth first, so that 0.7000000001 does not become 0.71.
    return totalMb > 0 && claimMb > 0 ? Math.ceil(Math.round(((claimMb * 1.05) / totalMb) * 1e6) / 1e4) / 100 : undefined
  })
  if (shares.length === 0 || shares.some((share) => share === undefined)) return undefined
  return Math.min(UTILIZATION_CAP, Math.max(...shares.map((share) => share!)))
}

/**
 * LMDeploy's cache is a share of what is free after its weights: (claim − weights) / (free − weights), the smallest over the cards.
 * Weights by the size of the download, else 70 % of the claim.
 */
export function cacheFraction(entry: RegistryEntry, placement: Placement, cards: readonly CardMemory[]): number | undefined {
  const weightsMb = entry.download_size_bytes === null ? undefined : entry.download_size_bytes / 1024 ** 2 / Math.max(1, placement.gpus.length)
  const shares = placement.gpus.map((gpu, i) => {
    const card = cards.find(({ index }) => index === gpu)
    const claimMb = placement.claimMb[i] ?? 0
    if (!card || claimMb <= 0) return undefined
    const weights = Math.min(weightsMb ?? claimMb * WEIGHTS_SHARE, claimMb * 0.95)
    const freeMb = (card.freeMb ?? card.totalMb) - weights
    return freeMb <= 0 ? undefined : (claimMb - weights) / freeMb
  })
  if (shares.length === 0 || shares.some((share) => share === undefined)) return undefined
  return Math.min(0.8, Math.max(0.01, Math.min(...shares.map((share) => share!))))
}

const CONTEXT_FLAGS = ['--max-model-len', '--ctx-size', '-c', '--session-len']
const SLOT_FLAGS = ['--max-num-seqs', '--parallel', '-np', '--max-batch-size']

function numberIn(extra: ExtraArguments, flags: readonly string[]): number | undefined {
  const text = flags.map((flag) => extra.given.get(flag)).find((value) => value !== undefined)
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

/** Context in tokens that the model is started with; undefined: the program decides. */
export function contextOf(entry: RegistryEntry, extra: ExtraArguments): number | undefined {
  return numberIn(extra, CONTEXT_FLAGS) ?? entry.backend_config.max_model_len ?? entry.generation_defaults.context_window ?? undefined
}

export function argumentValues(options: {
  entry: RegistryEntry
  extra: ExtraArguments
  placement: Placement
  cards: readonly CardMemory[]
  /** A file or folder, or the id of a model in the Hugging Face cache. */
  model: string
  mmproj: string | undefined
  servedName: string
  tensorParallel: number | undefined
}): Omit<ArgumentValues, 'port'> {
  const { entry, extra, placement, cards } = options
  const context = contextOf(entry, extra)
  const slots = numberIn(extra, SLOT_FLAGS) ?? entry.backend_config.max_concurrent_requests ?? undefined
  const parallel = options.tensorParallel ?? placement.gpus.length
  const utilization = gpuMemoryUtilization(placement, cards)
  const fraction = cacheFraction(entry, placement, cards)
  return {
    model: options.model,
    served_name: options.servedName,
    host: '127.0.0.1',
    gpu_layers: placement.gpus.length > 0 ? ALL_LAYERS : '0',
    ...(context === undefined ? {} : { context: String(context), context_total: String(context * (slots ?? 1)) }),
    ...(slots === undefined ? {} : { slots: String(slots) }),
    ...(utilization === undefined ? {} : { gpu_memory_utilization: utilization.toFixed(2) }),
    ...(fraction === undefined ? {} : { cache_fraction: fraction.toFixed(2) }),
    ...(parallel > 1 ? { tensor_parallel: String(parallel) } : {}),
    ...(options.mmproj === undefined ? {} : { mmproj: options.mmproj }),
  }
}

/** The template with its values, then the extra arguments. Each argument stays one element, whatever it holds. */
export function buildArguments(profile: LaunchProfile, values: ArgumentValues, extra: ExtraArguments): string[] {
  const args: string[] = []
  for (const group of profile.arguments) {
    if (group.unless.some((flag) => extra.given.has(flag))) continue
    const filled = group.args.map((arg) => {
      let complete = true
      const text = arg.replace(/\{([a-z_]+)\}/g, (_, name: Placeholder) => {
        const value = values[name]
        if (value === undefined) complete = false
        return value ?? ''
      })
      return complete ? text : undefined
    })
    if (filled.every((text) => text !== undefined)) args.push(...filled)
  }
  return [...args, ...extra.args]
}
