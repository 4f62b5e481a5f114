/** A running Ollama: which models it has, which of them see pictures, and its OpenAI-compatible door. It is never started or changed by us. */
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { servedIdsOf, type RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend } from '../registry/serving.ts'
import { BriefCache } from './brief-cache.ts'
import { readJson, requestUpstream, type UpstreamTimeouts } from './http-upstream.ts'
import { parseBaseUrl, requireConsent } from './loopback.ts'

const PROBE_MS = 1_000
const FRESH_MS = 2_000
/** Not there: asked less often, since on some systems even a refusal takes its time and every request would wait for it. */
const ABSENT_FRESH_MS = 10_000
const DEFAULT_PORT = 11_434

const tagsReply = z.object({
  models: z
    .array(
      z.object({
        name: z.string().min(1).max(300),
        digest: z.string().default(''),
        size: z.number().nonnegative().default(0),
        details: z.object({ quantization_level: z.string().nullish(), family: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
})
const psReply = z.object({ models: z.array(z.object({ name: z.string() })).nullish() })
const showReply = z.object({
  capabilities: z.array(z.string()).nullish(),
  projector_info: z.record(z.string(), z.unknown()).nullish(),
  details: z.object({ families: z.array(z.string()).nullish() }).nullish(),
})

export interface OllamaModel {
  tag: string
  digest: string
  sizeBytes: number
  quantization: string | null
  family: string | null
}
type OllamaSnapshot = { running: true; models: OllamaModel[]; loaded: string[] } | { running: false; reason: string }

export interface OllamaBackend extends Backend {
  readonly baseUrl: string
  /** Never rejects. */
  snapshot(): Promise<OllamaSnapshot>
  /** The installed models that see pictures, by Ollama's own word; asked once a model and kept by its digest. */
  visionModels(): Promise<OllamaModel[]>
  forget(): void
}

/** `llava` and `llava:latest` are one model. */
const sameTag = (a: string, b: string) => a.replace(/:latest$/, '').toLowerCase() === b.replace(/:latest$/, '').toLowerCase()

export function createOllamaBackend(options: { baseUrl: string; clock: Clock; timeouts: UpstreamTimeouts }): OllamaBackend {
  const { baseUrl, clock, timeouts } = options
  const snapshots = new BriefCache<OllamaSnapshot>(clock, ({ running }) => (running ? FRESH_MS : ABSENT_FRESH_MS))
  const seesByDigest = new Map<string, boolean>()

  const ask = async <T>(origin: string, path: string, shape: z.ZodType<T>, body?: unknown): Promise<T> => {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), PROBE_MS)
    const bounds = { connectMs: PROBE_MS, firstByteMs: PROBE_MS, idleMs: PROBE_MS }
    try {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
      const url = new URL(path, origin)
      const reply = await requestUpstream({ method: bytes ? 'POST' : 'GET', url, body: bytes, timeouts: bounds, signal: abort.signal })
      const json = await readJson(reply, origin)
      const parsed = shape.safeParse(json)
      if (reply.status !== 200 || !parsed.success) throw new StudioError('backend-failed', `the server at ${origin} does not answer like Ollama`)
      return parsed.data
    } finally {
      clearTimeout(timer)
      abort.abort()
    }
  }

  const look = async (origin: string): Promise<OllamaSnapshot> => {
    try {
      const [tags, ps] = await Promise.all([
        ask(origin, '/api/tags', tagsReply),
        // Older versions have no list of what is loaded.
        ask(origin, '/api/ps', psReply).catch(() => ({ models: [] })),
      ])
      const models = (tags.models ?? []).map(({ name, digest, size, details }) => ({
        tag: name,
        digest,
        sizeBytes: size,
        quantization: details?.quantization_level && details.quantization_level !== 'unknown' ? details.quantization_level : null,
        family: details?.family ?? null,
      }))
      return { running: true, models, loaded: (ps.models ?? []).map(({ name }) => name) }
    } catch (error) {
      const silent = error instanceof StudioError && error.code === 'backend-failed'
      return { running: false, reason: silent ? error.message : `Ollama does not answer at ${origin}` }
    }
  }
  const snapshotOf = (origin: string) => snapshots.get(origin, () => look(origin))

  /** The entry's own address when it has one that differs from the usual port; else the one Ollama we know. */
  const originOf = (entry: RegistryEntry): string => {
    const { base_url: own, host, port } = entry.backend_config
    if (own) return checked(entry, parseBaseUrl(own))
    const differs = (port ?? DEFAULT_PORT) !== DEFAULT_PORT || (host ?? '127.0.0.1') !== '127.0.0.1'
    if (!differs || host?.startsWith('imageworks-ollama')) return baseUrl
    return checked(entry, parseBaseUrl(host?.includes('://') ? host : `http://${host ?? '127.0.0.1'}:${port ?? DEFAULT_PORT}`))
  }
  const checked = (entry: RegistryEntry, url: URL): string => {
    requireConsent(entry, url)
    return url.origin
  }

  const findTag = (entry: RegistryEntry, models: readonly OllamaModel[]) =>
    models.find(({ tag }) => servedIdsOf(entry).some((id) => sameTag(id, tag)))?.tag
  const pullHint = (entry: RegistryEntry) => `get it with: ollama pull ${entry.served_model_id ?? entry.name}`

  return {
    name: 'ollama',
    baseUrl,
    snapshot: () => snapshotOf(baseUrl),
    async visionModels() {
      const now = await snapshotOf(baseUrl)
      if (!now.running) return []
      const answers = await Promise.all(
        now.models.map(async (model) => {
          const known = seesByDigest.get(model.digest)
          if (known !== undefined) return known
          const show = await ask(baseUrl, '/api/show', showReply, { model: model.tag }).catch(() => undefined)
          if (!show) return false
          const families = show.details?.families ?? []
          const sees = show.capabilities
            ? show.capabilities.includes('vision')
            : Object.keys(show.projector_info ?? {}).length > 0 || families.some((family) => family === 'clip' || family === 'mllama')
          if (model.digest !== '') seesByDigest.set(model.digest, sees)
          return sees
        }),
      )
      return now.models.filter((_, i) => answers[i] === true)
    },
    forget: () => snapshots.forget(),
    async availability(entry): Promise<Availability> {
      try {
        const now = await snapshotOf(originOf(entry))
        if (!now.running) return { state: 'not-installed', reason: `${now.reason}; start it, then ${pullHint(entry)}` }
        const tag = findTag(entry, now.models)
        if (tag === undefined) return { state: 'not-installed', reason: pullHint(entry) }
        return { state: now.loaded.some((loaded) => sameTag(loaded, tag)) ? 'ready' : 'available', reason: null }
      } catch (error) {
        return { state: 'unreachable', reason: error instanceof Error ? error.message : 'unknown' }
      }
    },
    async chat(entry, request, signal) {
      const origin = originOf(entry)
      const now = await snapshotOf(origin)
      if (!now.running) throw new StudioError('backend-unreachable', now.reason, { data: { name: entry.name, origin }, retry: 'later' })
      const tag = findTag(entry, now.models)
      if (tag === undefined) {
        throw new StudioError('weights-missing', `Ollama does not have ${entry.served_model_id ?? entry.name}; ${pullHint(entry)}`, {
          data: { name: entry.name },
        })
      }
      const body = request.encode(tag)
      return requestUpstream({ method: 'POST', url: new URL('/v1/chat/completions', origin), body, timeouts, signal })
    },
  }
}
