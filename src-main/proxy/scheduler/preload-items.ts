import type { Logger } from '../../lib/logger.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { FindEntry } from './ports.ts'
import { toRefusal } from './refusal-errors.ts'
import type { ModelDemand, PreloadItem } from './state.ts'

/** The names of a preload list with what each needs, in order. A name that leads nowhere is told in the log and left out. */
export async function findPreloadItems(
  names: readonly string[],
  from: { findEntry: FindEntry; demandOf(entry: RegistryEntry): Promise<ModelDemand>; logger: Logger },
): Promise<{ entries: RegistryEntry[]; items: PreloadItem[] }> {
  const entries: RegistryEntry[] = []
  const items: PreloadItem[] = []
  for (const name of names) {
    try {
      const entry = await from.findEntry(name)
      if (!entry) {
        from.logger.warn('preload-unknown', { name })
        continue
      }
      items.push({ model: entry.name, demand: await from.demandOf(entry) })
      entries.push(entry)
    } catch (error) {
      from.logger.warn('preload-skipped', { name, reason: toRefusal(error).message })
    }
  }
  return { entries, items }
}
