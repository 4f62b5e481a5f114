/** What an Ollama daemon says of itself: what it has, what it holds in memory, what a model can do. */
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import { StudioError } from '../../lib/studio-error.ts'
import { BriefCache } from '../brief-cache.ts'
import { readJson, type Upstream, within } from '../http-upstream.ts'

const PROBE_MS = 1_000
const FRESH_MS = 2_000
/** Not there: asked less often, since on some systems even a refusal takes its time and every request would wait for it. */
const ABSENT_FRESH_MS = 10_000
const MB = 1024 * 1024

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
const psReply = z.object({
  models: z.array(z.object({ name: z.string(), size_vram: z.number().nonnegative().nullish(), context_length: z.number().nullish() })).nullish(),
})
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

export interface LoadedModel {
  tag: string
  /** Graphics memory that it takes, in MB; 0 on the processor, null where the daemon does not say. */
  vramMb: number | null
  /** Tokens. */
  contextLength: number | null
}

export type OllamaSnapshot = { running: true; models: OllamaModel[]; loaded: LoadedModel[] } | { running: false; reason: string }

export interface OllamaDaemon {
  /** A few seconds old at most. Never rejects. */
  snapshot(origin: string): Promise<OllamaSnapshot>
  /** As it is now; null from a daemon too old to say. @throws StudioError `backend-unreachable`, `backend-timeout`, `backend-failed`. */
  loaded(origin: string): Promise<LoadedModel[] | null>
  /** By the daemon's own word, never by the name. */
  sees(origin: string, tag: string): Promise<boolean>
  forget(): void
}

export function createOllamaDaemon({ upstream, clock }: { upstream: Upstream; clock: Clock }): OllamaDaemon {
  const snapshots = new BriefCache<OllamaSnapshot>(clock, ({ running }) => (running ? FRESH_MS : ABSENT_FRESH_MS))

  const ask = async <T>(origin: string, path: string, shape: z.ZodType<T>, body?: unknown): Promise<T | null> => {
    const bytes = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }
    const reply = await upstream.request({
      method: body === undefined ? 'GET' : 'POST',
      url: new URL(path, origin),
      ...bytes,
      timeouts: within(PROBE_MS),
      signal: new AbortController().signal,
    })
    const json = await readJson(reply, origin).catch((error: unknown) => {
      if (reply.status === 404) return null
      throw error
    })
    if (reply.status === 404) return null
    const parsed = shape.safeParse(json)
    if (reply.status !== 200 || !parsed.success) throw new StudioError('backend-failed', `the server at ${origin} does not answer like Ollama`)
    return parsed.data
  }

  const loaded = async (origin: string): Promise<LoadedModel[] | null> => {
    const ps = await ask(origin, '/api/ps', psReply)
    if (ps === null) return null
    return (ps.models ?? []).map(({ name, size_vram: bytes, context_length: contextLength }) => ({
      tag: name,
      vramMb: typeof bytes === 'number' ? Math.round(bytes / MB) : null,
      contextLength: contextLength ?? null,
    }))
  }

  const look = async (origin: string): Promise<OllamaSnapshot> => {
    try {
      const [tags, held] = await Promise.all([ask(origin, '/api/tags', tagsReply), loaded(origin).catch(() => null)])
      if (tags === null) return { running: false, reason: `the server at ${origin} does not answer like Ollama` }
      const models = (tags.models ?? []).map(({ name, digest, size, details }) => ({
        tag: name,
        digest,
        sizeBytes: size,
        quantization: details?.quantization_level && details.quantization_level !== 'unknown' ? details.quantization_level : null,
        family: details?.family ?? null,
      }))
      return { running: true, models, loaded: held ?? [] }
    } catch (error) {
      const speaks = error instanceof StudioError && error.code === 'backend-failed'
      return { running: false, reason: speaks ? error.message : `Ollama does not answer at ${origin}` }
    }
  }

  return {
    snapshot: (origin) => snapshots.get(origin, () => look(origin)),
    loaded,
    async sees(origin, tag) {
      const show = await ask(origin, '/api/show', showReply, { model: tag })
      if (!show) return false
      if (show.capabilities) return show.capabilities.includes('vision')
      const families = show.details?.families ?? []
      return Object.keys(show.projector_info ?? {}).length > 0 || families.some((family) => family === 'clip' || family === 'mllama')
    },
    forget: () => snapshots.forget(),
  }
}
