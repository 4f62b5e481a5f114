/** The short form of what `read-cards.ts` knows, for those who only choose by size. */
import { toGpu } from './cards.ts'
import type { GpuReadings } from './parse-nvidia-smi.ts'
import { readCards } from './read-cards.ts'
import type { Environment } from './run-tool.ts'

/** Never rejects; takes at most about 10 s when a driver hangs. */
export async function readGpus(
  options: { environment?: Environment; platform?: NodeJS.Platform; drmFolder?: string; signal?: AbortSignal } = {},
): Promise<GpuReadings> {
  const { cards, skipped } = await readCards({ ...options, withProcesses: false })
  return { gpus: cards.map(toGpu), skipped }
}
