/**
 * A server that speaks OpenAI's protocol at one or several addresses: vLLM, llama-server, LMDeploy, LM Studio, a gateway, a cluster.
 * Another address is tried only while nothing of an answer has come, and only when the first could not be reached or said 503.
 */
import type { BackendName } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, huggingFaceIdOf, type RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend, BackendReply, ChatRequest, ModelRoute } from '../registry/serving.ts'
import { BriefCache } from './brief-cache.ts'
import type { Upstream, UpstreamTimeouts } from './http-upstream.ts'
import { findBaseUrls, requireConsent } from './loopback.ts'
import { createAddressPool } from './remote/address-pool.ts'
import { askServedModels, type Listing, servedId } from './remote/served-models.ts'
import type { Authorize } from './secrets/authorization.ts'

const FRESH_MS = 2_000

export interface OpenAiCompatibleOptions {
  name: BackendName
  upstream: Upstream
  clock: Clock
  authorize: Authorize
  timeouts: UpstreamTimeouts
  /** Where the entry is served when the studio started its server itself; null for the addresses that the entry names. */
  ownAddress?: (entry: RegistryEntry) => URL | null
}

export interface OpenAiCompatibleBackend extends Backend {
  /** Whether the right model answers at an address that the entry names, whoever started it. Never rejects. */
  answersAsConfigured(entry: RegistryEntry): Promise<boolean>
}

function howToGet(entry: RegistryEntry, url: URL): string {
  const source = huggingFaceIdOf(entry) ?? entry.name
  if (backendOf(entry) === 'vllm') return `; start it there, for example: vllm serve ${source} --host 127.0.0.1 --port ${url.port}`
  return `; start a server for ${source} there`
}

const unreachable = (entry: RegistryEntry, reason: string, data: Record<string, unknown> = {}) =>
  new StudioError('backend-unreachable', `${entry.name}: ${reason}`, { data: { name: entry.name, ...data }, retry: 'later' })

export function createOpenAiCompatibleBackend(options: OpenAiCompatibleOptions): OpenAiCompatibleBackend {
  const { name, upstream, clock, authorize, timeouts, ownAddress } = options
  const listings = new BriefCache<Listing>(clock, FRESH_MS)
  const pool = createAddressPool(clock)

  /** @throws StudioError `backend-unreachable` when the entry names no address, `endpoint-invalid`, `endpoint-consent-required`. */
  const configuredAddresses = (entry: RegistryEntry): readonly URL[] => {
    const urls = findBaseUrls(entry)
    if (urls.length === 0) throw unreachable(entry, 'it names no address')
    for (const url of urls) requireConsent(entry, url)
    return urls
  }
  const addressesOf = (entry: RegistryEntry): readonly URL[] => {
    const own = ownAddress?.(entry) ?? null
    return own ? [own] : configuredAddresses(entry)
  }

  const listingOf = async (entry: RegistryEntry, url: URL): Promise<Listing> => {
    const headers = await authorize(entry)
    const { api_key_env: variable, api_key_name: keyName } = entry.backend_config
    return listings.get(`${url.href} ${variable ?? ''} ${keyName ?? ''}`, () => askServedModels(upstream, url, headers))
  }
  /** A "no" is asked anew, since the server may have started a moment ago. */
  const lookAgain = async (entry: RegistryEntry, url: URL) => {
    const first = servedId(entry, await listingOf(entry, url), url)
    if ('id' in first) return first
    listings.forget()
    return servedId(entry, await listingOf(entry, url), url)
  }

  const availableAt = async (entry: RegistryEntry, urls: readonly URL[]): Promise<Availability> => {
    const found = await Promise.all(urls.map(async (url) => servedId(entry, await listingOf(entry, url), url)))
    const missing = found.flatMap((each) => ('id' in each ? [] : [each]))
    if (missing.length < found.length) return { state: 'ready', reason: null }
    // A local server is something to start; an address elsewhere is something that is down.
    const local = backendOf(entry) !== 'remote'
    const reason = missing.map((each) => each.reason).join('; ')
    return {
      state: local ? 'not-installed' : 'unreachable',
      reason: local && missing[0]?.serves.length === 0 ? reason + howToGet(entry, urls[0]!) : reason,
    }
  }

  const send = async (entry: RegistryEntry, request: ChatRequest, url: URL, id: string, signal: AbortSignal): Promise<BackendReply> =>
    upstream.request({
      method: 'POST',
      url: routeAt(url, request.route ?? 'chat/completions'),
      headers: await authorize(entry),
      body: request.pieces?.(id) ?? request.encode(id),
      timeouts,
      signal,
    })

  return {
    name,
    async availability(entry) {
      try {
        return await availableAt(entry, addressesOf(entry))
      } catch (error) {
        return { state: 'unreachable', reason: error instanceof Error ? error.message : 'unknown' }
      }
    },
    async answersAsConfigured(entry) {
      try {
        return (await availableAt(entry, configuredAddresses(entry))).state === 'ready'
      } catch {
        return false
      }
    },
    async chat(entry, request, signal) {
      const urls = addressesOf(entry)
      const addresses = urls.map(({ href }) => href)
      const limit = entry.backend_config.max_concurrent_requests ?? Number.POSITIVE_INFINITY
      const tried = new Set<string>()
      let failure: StudioError | undefined
      for (;;) {
        const lease = await pool.lease(addresses, { tried, limit, signal })
        if (lease === null) throw failure ?? unreachable(entry, 'none of its addresses answered a moment ago')
        const url = urls[addresses.indexOf(lease.address)]!
        tried.add(lease.address)
        const last = tried.size === urls.length
        try {
          // Photos go to the model that was meant, not to whoever happens to listen on the port.
          const served = await lookAgain(entry, url)
          if (!('id' in served)) throw unreachable(entry, served.reason, { origin: url.origin, serves: served.serves })
          const reply = await send(entry, request, url, served.id, signal)
          lease.judge(reply.status === 503 ? 'failed' : 'well')
          if (reply.status !== 503 || last) return holding(reply, lease, signal)
          for await (const _ of reply.body) break
          failure = unreachable(entry, `the server at ${url.origin} says that it is not available`, { origin: url.origin })
        } catch (error) {
          const elsewhere = isConnectionFailure(error)
          lease.judge(elsewhere ? 'failed' : 'given-up')
          lease.release()
          if (!elsewhere || last) throw error
          failure = error
          continue
        }
        lease.release()
      }
    },
  }
}

const routes = new WeakMap<URL, Map<ModelRoute, URL>>()

/** The same object for the same address and route. */
function routeAt(url: URL, route: ModelRoute): URL {
  const known = routes.get(url) ?? new Map<ModelRoute, URL>()
  routes.set(url, known)
  let at = known.get(route)
  if (!at) known.set(route, (at = new URL(`${url.href}/${route}`)))
  return at
}

/** Not a byte of an answer came, and the server had not begun to work on one as far as can be told. */
function isConnectionFailure(error: unknown): error is StudioError {
  if (!(error instanceof StudioError)) return false
  if (error.code === 'backend-timeout') return error.data['stage'] === 'connecting'
  return error.code === 'backend-unreachable' || error.code === 'backend-failed'
}

/** Keeps the place at the address until the answer is over: read to its end, left early, or not wanted any more. */
function holding(reply: BackendReply, lease: { release(): void }, signal: AbortSignal): BackendReply {
  const release = () => {
    signal.removeEventListener('abort', release)
    lease.release()
  }
  signal.addEventListener('abort', release, { once: true })
  return { ...reply, body: withEnd(reply.body, release) }
}

/** The same pieces; `ended` is called once when they are over: read to the end, broken off or left early. */
function withEnd(body: AsyncIterable<Uint8Array>, ended: () => void): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const pieces = body[Symbol.asyncIterator]()
      return {
        async next() {
          try {
            const step = await pieces.next()
            if (step.done) ended()
            return step
          } catch (error) {
            ended()
            throw error
          }
        },
        async return() {
          await pieces.return?.()
          ended()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
