/** A local model server: one that somebody runs at the entry's address, or our own child. It is started by the scheduler's word, never here. */
import type { Clock } from '../lib/clock.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend } from '../registry/serving.ts'
import { BriefCache } from './brief-cache.ts'
import { isLoopback, parseBaseUrl } from './loopback.ts'
import type { ProcessRunner } from './ports.ts'

/** Looking for programs and weights reads folders. */
const FRESH_MS = 5_000

/** Whether the studio may start a server for the entry: not where an address was given, which names a server of somebody else. */
export function isLaunchable(entry: RegistryEntry): boolean {
  const { base_url: baseUrl, base_urls: baseUrls, host } = entry.backend_config
  if (baseUrl || (baseUrls ?? []).length > 0 || host?.includes('://')) return false
  return !host || isLoopback(parseBaseUrl(`http://${host}:1`))
}

export function createLaunchedBackend(options: { below: Backend; processes: ProcessRunner; clock: Clock }): Backend {
  const { below, processes, clock } = options
  const abilities = new BriefCache<Awaited<ReturnType<ProcessRunner['canServe']>>>(clock, FRESH_MS)
  return {
    name: below.name,
    chat: (entry, request, signal) => below.chat(entry, request, signal),
    async availability(entry): Promise<Availability> {
      const now = await below.availability(entry)
      if (now.state === 'ready' || !isLaunchable(entry)) return now
      const ability = await abilities.get(entry.name, () => processes.canServe(entry))
      return ability.ok ? { state: 'available', reason: null } : { state: 'not-installed', reason: ability.reason }
    },
  }
}
