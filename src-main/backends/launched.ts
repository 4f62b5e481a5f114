/** A local model server: one that somebody runs at the entry's address, or our own child. It is started by the scheduler's word, never here. */
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend, BackendReply } from '../registry/serving.ts'
import { BriefCache } from './brief-cache.ts'
import { createChildEnds } from './child-ends.ts'
import { isLoopback, parseBaseUrl } from './loopback.ts'
import type { ProcessRunner } from './ports.ts'

/** Looking for programs and weights reads folders. */
const FRESH_MS = 5_000
/** From a broken connection until the end of its process is told, with what its log says. */
const END_TOLD_WITHIN_MS = 1_000
const BROKEN = new Set(['backend-failed', 'backend-unreachable'])

/** Whether the studio may start a server for the entry: not where an address was given, which names a server of somebody else. */
export function isLaunchable(entry: RegistryEntry): boolean {
  const { base_url: baseUrl, base_urls: baseUrls, host } = entry.backend_config
  if (baseUrl || (baseUrls ?? []).length > 0 || host?.includes('://')) return false
  return !host || isLoopback(parseBaseUrl(`http://${host}:1`))
}

export function createLaunchedBackend(options: { below: Backend; processes: ProcessRunner; clock: Clock }): Backend {
  const { below, processes, clock } = options
  const ends = createChildEnds(processes)
  const abilities = new BriefCache<Awaited<ReturnType<ProcessRunner['canServe']>>>(clock, FRESH_MS)
  return {
    name: below.name,
    /**
     * @throws StudioError as the backend below. With data {cause, remedy, logTail} of our child's end: `backend-failed` when it ended over the
     * request, `backend-unreachable` when it had ended a moment before.
     */
    async chat(entry, request, signal) {
      const wasServed = processes.baseUrlOf(entry.name) !== null
      if (!wasServed && !isLaunchable(entry)) return below.chat(entry, request, signal)
      const mark = ends.mark(entry.name)
      const explain = async (error: unknown): Promise<unknown> => {
        if (!(error instanceof StudioError) || !BROKEN.has(error.code)) return error
        const end = await ends.since(entry.name, mark, END_TOLD_WITHIN_MS, signal)
        if (end === undefined) return error
        return wasServed ? end : foundGone(end)
      }
      try {
        const reply = await below.chat(entry, request, signal)
        return { ...reply, body: explained(reply.body, explain) }
      } catch (error) {
        throw await explain(error)
      }
    },
    async availability(entry): Promise<Availability> {
      const now = await below.availability(entry)
      if (now.state === 'ready' || !isLaunchable(entry)) return now
      const ability = await abilities.get(entry.name, () => processes.canServe(entry))
      return ability.ok ? { state: 'available', reason: null } : { state: 'not-installed', reason: ability.reason }
    },
  }
}

const foundGone = ({ message, data }: StudioError) =>
  new StudioError('backend-unreachable', message, { data: { ...data, retryAfterSeconds: 1 }, retry: 'later' })

async function* explained(body: BackendReply['body'], explain: (error: unknown) => Promise<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body
  } catch (error) {
    throw await explain(error)
  }
}
