/** A running Ollama through its native protocol: chats, what it has, loading and unloading. The daemon itself is never started or ended by us. */
import type { Clock } from '../lib/clock.ts'
import { memoryRefusal } from '../lib/memory-refusal.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type RegistryEntry, servedIdsOf } from '../registry/entry.ts'
import type { Availability, Backend, BackendReply, ChatRequest } from '../registry/serving.ts'
import { wantsUsage } from './completion-reply.ts'
import { readJson, type Upstream, type UpstreamTimeouts } from './http-upstream.ts'
import { parseBaseUrl, requireConsent } from './loopback.ts'
import { createOllamaDaemon, type LoadedModel, type OllamaModel, type OllamaSnapshot } from './ollama/daemon.ts'
import { toCompletion, toEvents } from './ollama/native-reply.ts'
import { contextTokensOf, type KeepAlive, toNativeChat } from './ollama/native-request.ts'
import { createResidency } from './ollama/residency.ts'
import { sameTag } from './same-tag.ts'

export type { OllamaModel } from './ollama/daemon.ts'

const DEFAULT_PORT = 11_434
const REPLY_CAP_BYTES = 64 * 1024 * 1024
/** Of an answer that is an error. */
const ERROR_CAP_BYTES = 64 * 1024
const UNLOAD_WITHIN_MS = 30_000
/** The studio unloads after the grace period itself; the daemon's own clock only catches what we could not. */
const KEEP_BEYOND_GRACE_MS = 60_000

export interface OllamaBackend extends Backend {
  readonly baseUrl: string
  /** Never rejects. */
  snapshot(): Promise<OllamaSnapshot>
  /** The installed models that see pictures, by Ollama's own word; asked once a model and kept by its digest. */
  visionModels(): Promise<OllamaModel[]>
  forget(): void
  /**
   * Resolves when the daemon lists the model as loaded; null where it keeps no such list.
   * @throws StudioError `backend-start-failed`, `weights-missing`, `backend-unreachable`, `backend-timeout`, `cancelled`.
   */
  load(entry: RegistryEntry, options: { timeoutMs: number; signal: AbortSignal }): Promise<LoadedModel | null>
  /** False when the daemon would not let go of it within half a minute. Never rejects. */
  unload(entry: RegistryEntry): Promise<boolean>
  /** As the daemon holds it now; `unknown` where that cannot be said. Never rejects. */
  residence(entry: RegistryEntry): Promise<LoadedModel | 'absent' | 'unknown'>
}

export interface OllamaBackendOptions {
  /** Origin of the one Ollama that entries without an address of their own mean. */
  baseUrl: string
  upstream: Upstream
  clock: Clock
  timeouts: UpstreamTimeouts
  /** Milliseconds without a request after which a model may go; asked each time. */
  graceMs: () => number
}

const pullHint = (entry: RegistryEntry) => `get it with: ollama pull ${entry.served_model_id ?? entry.name}`

export function createOllamaBackend(options: OllamaBackendOptions): OllamaBackend {
  const { baseUrl, upstream, clock, timeouts, graceMs } = options
  const daemon = createOllamaDaemon({ upstream, clock })
  const residency = createResidency({ upstream, daemon, clock })
  const seesByDigest = new Map<string, boolean>()

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
  const tagIn = (entry: RegistryEntry, tags: readonly { tag: string }[]) =>
    tags.find(({ tag }) => servedIdsOf(entry).some((id) => sameTag(id, tag)))?.tag
  const keepAliveOf = (entry: RegistryEntry): KeepAlive => (entry.pinned ? -1 : `${Math.ceil((graceMs() + KEEP_BEYOND_GRACE_MS) / 1000)}s`)

  const notThere = (entry: RegistryEntry) =>
    new StudioError('weights-missing', `Ollama does not have ${entry.served_model_id ?? entry.name}; ${pullHint(entry)}`, {
      data: { name: entry.name },
    })

  /** Where the entry is served and under which tag. */
  const place = async (entry: RegistryEntry): Promise<{ origin: string; tag: string }> => {
    const origin = originOf(entry)
    const now = await daemon.snapshot(origin)
    if (!now.running) throw new StudioError('backend-unreachable', now.reason, { data: { name: entry.name, origin }, retry: 'later' })
    const tag = tagIn(entry, now.models)
    if (tag === undefined) throw notThere(entry)
    return { origin, tag }
  }

  const chatNatively = async (entry: RegistryEntry, request: ChatRequest, signal: AbortSignal): Promise<BackendReply> => {
    const { origin, tag } = await place(entry)
    // The bytes, not `request.body`, hold the entry's defaults and whatever was done to pictures and history.
    const body = JSON.parse(request.encode(tag).toString('utf8')) as Record<string, unknown>
    const native = toNativeChat(body, { tag, entry, keepAlive: keepAliveOf(entry), stream: request.stream })
    const bytes = Buffer.from(JSON.stringify(native))
    const reply = await upstream.request({ method: 'POST', url: new URL('/api/chat', origin), body: bytes, timeouts, signal })
    if (reply.status !== 200) return refusal(reply, entry)
    const names = { model: tag, nowMs: clock.nowMs() }
    if (request.stream) {
      const events = toEvents(reply.body, { ...names, includeUsage: wantsUsage(body) })
      return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body: events }
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: oneCompletion(reply, origin, names) }
  }

  /** Its own words go on to the caller, but where we know better what they mean. @throws StudioError */
  const refusal = async (reply: BackendReply, entry: RegistryEntry): Promise<BackendReply> => {
    if (reply.status === 500) {
      const words = await firstBytes(reply.body, ERROR_CAP_BYTES)
      const memory = memoryRefusal(words.toString('utf8'), entry.name)
      if (memory) throw memory
      return { ...reply, body: oncePiece(words) }
    }
    if (reply.status !== 404 && reply.status !== 503) return reply
    for await (const _ of reply.body) break
    if (reply.status === 503)
      throw new StudioError('backend-overloaded', 'Ollama has too many requests waiting', { data: { name: entry.name }, retry: 'later' })
    daemon.forget()
    throw notThere(entry)
  }

  return {
    name: 'ollama',
    baseUrl,
    snapshot: () => daemon.snapshot(baseUrl),
    async visionModels() {
      const now = await daemon.snapshot(baseUrl)
      if (!now.running) return []
      const answers = await Promise.all(
        now.models.map(async ({ tag, digest }) => {
          const known = seesByDigest.get(digest)
          if (known !== undefined) return known
          const sees = await daemon.sees(baseUrl, tag).catch(() => null)
          if (sees !== null && digest !== '') seesByDigest.set(digest, sees)
          return sees ?? false
        }),
      )
      return now.models.filter((_, i) => answers[i] === true)
    },
    forget: () => daemon.forget(),
    async availability(entry): Promise<Availability> {
      try {
        const now = await daemon.snapshot(originOf(entry))
        if (!now.running) return { state: 'not-installed', reason: `${now.reason}; start it, then ${pullHint(entry)}` }
        if (tagIn(entry, now.models) === undefined) return { state: 'not-installed', reason: pullHint(entry) }
        return { state: tagIn(entry, now.loaded) === undefined ? 'available' : 'ready', reason: null }
      } catch (error) {
        return { state: 'unreachable', reason: error instanceof Error ? error.message : 'unknown' }
      }
    },
    async chat(entry, request, signal) {
      const route = request.route ?? 'chat/completions'
      if (route === 'chat/completions') return chatNatively(entry, request, signal)
      const { origin, tag } = await place(entry)
      const reply = await upstream.request({ method: 'POST', url: new URL(`/v1/${route}`, origin), body: request.encode(tag), timeouts, signal })
      return reply.status === 500 ? refusal(reply, entry) : reply
    },
    async load(entry, { timeoutMs, signal }) {
      const { origin, tag } = await place(entry)
      try {
        return await residency.load(origin, {
          name: entry.name,
          tag,
          keepAlive: keepAliveOf(entry),
          contextTokens: contextTokensOf(entry),
          timeoutMs,
          signal,
        })
      } finally {
        daemon.forget()
      }
    },
    async unload(entry) {
      try {
        const origin = originOf(entry)
        const now = await daemon.snapshot(origin)
        if (!now.running) return true
        const tag = tagIn(entry, now.models)
        return tag === undefined || (await residency.unload(origin, tag, UNLOAD_WITHIN_MS))
      } catch {
        // Only an address that may not be used: nothing of ours is there.
        return true
      } finally {
        daemon.forget()
      }
    },
    async residence(entry) {
      try {
        const held = await daemon.loaded(originOf(entry))
        return held === null ? 'unknown' : (held.find(({ tag }) => servedIdsOf(entry).some((id) => sameTag(id, tag))) ?? 'absent')
      } catch (error) {
        return error instanceof StudioError && error.code === 'backend-unreachable' ? 'absent' : 'unknown'
      }
    },
  }
}

async function firstBytes(body: AsyncIterable<Uint8Array>, capBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of body) {
    pieces.push(piece)
    sizeBytes += piece.length
    if (sizeBytes >= capBytes) break
  }
  return Buffer.concat(pieces)
}

async function* oncePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function* oneCompletion(reply: BackendReply, origin: string, names: { model: string; nowMs: number }): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(toCompletion(await readJson(reply, origin, REPLY_CAP_BYTES), names)))
}
