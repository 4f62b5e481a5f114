/** A server that speaks OpenAI's protocol at an address: vLLM, llama-server, LMDeploy, LM Studio, a gateway, another machine. */
import type { BackendName } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, huggingFaceIdOf, type RegistryEntry, servedIdsOf } from '../registry/entry.ts'
import type { Availability, Backend } from '../registry/serving.ts'
import { BriefCache } from './brief-cache.ts'
import { readJson, requestUpstream, type UpstreamTimeouts } from './http-upstream.ts'
import { findBaseUrl, requireConsent } from './loopback.ts'
import type { Environment } from './ports.ts'

const PROBE_MS = 1_000
const FRESH_MS = 2_000

/** What a server said when asked for its models; `null`: it answers, but keeps no list (some gateways). */
type Listing = { kind: 'models'; ids: string[] | null } | { kind: 'none'; reason: string }

export interface OpenAiCompatibleOptions {
  name: BackendName
  clock: Clock
  environment: Environment
  timeouts: UpstreamTimeouts
}

function authorization(entry: RegistryEntry, environment: Environment): Record<string, string> {
  const variable = entry.backend_config.api_key_env
  if (!variable) return {}
  const key = environment[variable]?.trim()
  if (!key) {
    throw new StudioError('secret-missing', `${entry.name} needs its key in the environment variable ${variable}`, {
      data: { name: entry.name, variable },
    })
  }
  return { authorization: `Bearer ${key}` }
}

/** @throws StudioError `backend-unreachable` when the entry names no address, `endpoint-invalid`, `endpoint-consent-required`. */
function addressOf(entry: RegistryEntry): URL {
  const url = findBaseUrl(entry)
  if (!url) throw new StudioError('backend-unreachable', `${entry.name} names no address`, { data: { name: entry.name } })
  requireConsent(entry, url)
  return url
}

async function askModels(url: URL, headers: Record<string, string>): Promise<Listing> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), PROBE_MS)
  const timeouts = { connectMs: PROBE_MS, firstByteMs: PROBE_MS, idleMs: PROBE_MS }
  try {
    const reply = await requestUpstream({ method: 'GET', url: new URL(`${url.href}/models`), headers, timeouts, signal: abort.signal })
    if ([404, 405, 501].includes(reply.status)) return { kind: 'models', ids: null }
    if (reply.status === 401 || reply.status === 403) return { kind: 'none', reason: `the server at ${url.origin} refuses our key` }
    if (reply.status !== 200) return { kind: 'none', reason: `the server at ${url.origin} answers ${reply.status} when asked for its models` }
    const json = (await readJson(reply, url.origin)) as { data?: unknown } | null
    const data = Array.isArray(json?.data) ? (json.data as unknown[]) : []
    const ids = data.flatMap((item) => {
      const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined
      return typeof id === 'string' ? [id] : []
    })
    return { kind: 'models', ids }
  } catch (error) {
    const reason = error instanceof StudioError && error.code !== 'cancelled' ? error.message : `no answer from ${url.origin} within ${PROBE_MS} ms`
    return { kind: 'none', reason }
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
}

function howToGet(entry: RegistryEntry, url: URL): string {
  const source = huggingFaceIdOf(entry) ?? entry.name
  if (backendOf(entry) === 'vllm') return `; start it there, for example: vllm serve ${source} --host 127.0.0.1 --port ${url.port}`
  return `; start a server for ${source} there`
}

export function createOpenAiCompatibleBackend(options: OpenAiCompatibleOptions): Backend {
  const { name, clock, environment, timeouts } = options
  const listings = new BriefCache<Listing>(clock, FRESH_MS)

  const listingOf = (entry: RegistryEntry, url: URL) => {
    const headers = authorization(entry, environment)
    return listings.get(`${url.href} ${entry.backend_config.api_key_env ?? ''}`, () => askModels(url, headers))
  }
  /** The id under which this server knows the entry; undefined when it serves other models. */
  const servedId = (entry: RegistryEntry, ids: string[] | null): string | undefined =>
    ids === null ? servedIdsOf(entry)[0] : servedIdsOf(entry).find((id) => ids.includes(id))

  return {
    name,
    async availability(entry): Promise<Availability> {
      try {
        const url = addressOf(entry)
        const listing = await listingOf(entry, url)
        // A local server is something to start; an address elsewhere is something that is down.
        const absent = backendOf(entry) === 'remote' ? 'unreachable' : 'not-installed'
        if (listing.kind === 'none') return { state: absent, reason: `${listing.reason}${absent === 'not-installed' ? howToGet(entry, url) : ''}` }
        if (servedId(entry, listing.ids) !== undefined) return { state: 'ready', reason: null }
        const others = listing.ids?.slice(0, 3).join(', ') || 'nothing'
        return { state: absent, reason: `the server at ${url.origin} serves ${others}, not ${servedIdsOf(entry)[0]}` }
      } catch (error) {
        return { state: 'unreachable', reason: error instanceof Error ? error.message : 'unknown' }
      }
    },
    async chat(entry, request, signal) {
      const url = addressOf(entry)
      const headers = authorization(entry, environment)
      // Photos go to the model that was meant, not to whoever happens to listen on the port.
      const listing = await listingOf(entry, url)
      if (listing.kind === 'none') {
        throw new StudioError('backend-unreachable', `${entry.name}: ${listing.reason}`, {
          data: { name: entry.name, origin: url.origin },
          retry: 'later',
        })
      }
      const id = servedId(entry, listing.ids)
      if (id === undefined) {
        const others = listing.ids?.slice(0, 3).join(', ') || 'nothing'
        throw new StudioError('backend-unreachable', `the server at ${url.origin} serves ${others}, not ${servedIdsOf(entry)[0]}`, {
          data: { name: entry.name, origin: url.origin, serves: listing.ids?.slice(0, 10) ?? [] },
        })
      }
      const body = request.encode(id)
      return requestUpstream({ method: 'POST', url: new URL(`${url.href}/chat/completions`), headers, body, timeouts, signal })
    },
  }
}
