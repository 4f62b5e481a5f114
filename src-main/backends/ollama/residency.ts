/** Loading and unloading by Ollama's own words, believed only when its list of loaded models says so. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { memoryRefusal } from '../../lib/memory-refusal.ts'
import { StudioError } from '../../lib/studio-error.ts'
import { readJson, type Upstream, within } from '../http-upstream.ts'
import { isRecord } from '../request-fields.ts'
import { sameTag } from '../same-tag.ts'
import type { LoadedModel, OllamaDaemon } from './daemon.ts'
import type { KeepAlive } from './native-request.ts'

const LOOK_EVERY_MS = 100
const CONNECT_MS = 5_000
/** After the daemon said that it loaded the model. */
const LISTED_WITHIN_MS = 5_000

export interface LoadOrder {
  /** Registry name, for messages. */
  name: string
  tag: string
  keepAlive: KeepAlive
  contextTokens: number | undefined
  timeoutMs: number
  signal: AbortSignal
}

export interface Residency {
  /**
   * Resolves when `/api/ps` lists the model; null from a daemon that has no such list.
   * @throws StudioError `model-does-not-fit` (data {needMb, offersMb, remedy}), `backend-start-failed` (data {cause, remedy}), `backend-unreachable`, `backend-timeout`, `cancelled`.
   */
  load(origin: string, order: LoadOrder): Promise<LoadedModel | null>
  /** False when the daemon still holds the model after `timeoutMs`. A daemon that is gone holds nothing. Never rejects. */
  unload(origin: string, tag: string, timeoutMs: number): Promise<boolean>
}

export function createResidency({ upstream, daemon, clock }: { upstream: Upstream; daemon: OllamaDaemon; clock: Clock }): Residency {
  const say = async (origin: string, path: string, body: object, timeoutMs: number, signal: AbortSignal) => {
    const timeouts = { ...within(timeoutMs), connectMs: Math.min(CONNECT_MS, timeoutMs) }
    const url = new URL(path, origin)
    const reply = await upstream.request({ method: 'POST', url, body: Buffer.from(JSON.stringify(body)), timeouts, signal })
    const json = await readJson(reply, origin)
    const said = isRecord(json) && typeof json['error'] === 'string' ? json['error'].slice(0, 500) : ''
    return { status: reply.status, said }
  }

  /** `undefined` while the list says nothing of the kind, the last answer otherwise. */
  const lookUntil = async <T>(origin: string, boundMs: number, read: (held: LoadedModel[] | null) => T | undefined): Promise<T | undefined> => {
    const untilMs = clock.ticksMs() + boundMs
    for (;;) {
      const found = read(await daemon.loaded(origin))
      if (found !== undefined || clock.ticksMs() >= untilMs) return found
      await pause(LOOK_EVERY_MS)
    }
  }

  return {
    async load(origin, order) {
      const { name, tag, keepAlive, contextTokens, timeoutMs, signal } = order
      const options = contextTokens === undefined ? {} : { options: { num_ctx: contextTokens } }
      const body = { model: tag, stream: false, keep_alive: keepAlive, ...options }
      let answer = await say(origin, '/api/generate', body, timeoutMs, signal)
      if (answer.status === 400 && /does not support generate/.test(answer.said)) {
        answer = await say(origin, '/api/embed', body, timeoutMs, signal)
      }
      if (answer.status !== 200) throw startFailed(name, answer.said || `it answered ${answer.status}`)
      const listed = await lookUntil(origin, LISTED_WITHIN_MS, (held) => (held === null ? null : held.find((each) => sameTag(each.tag, tag))))
      if (listed === undefined) throw startFailed(name, 'it says that the model is loaded, and does not list it')
      return listed
    },
    async unload(origin, tag, timeoutMs) {
      try {
        const { status } = await say(origin, '/api/generate', { model: tag, stream: false, keep_alive: 0 }, timeoutMs, new AbortController().signal)
        // A model that was deleted meanwhile is not held either, but only the list knows.
        if (status !== 200 && status !== 404) return false
        return (await lookUntil(origin, timeoutMs, (held) => (held?.some((each) => sameTag(each.tag, tag)) ? undefined : true))) ?? false
      } catch (error) {
        return error instanceof StudioError && error.code === 'backend-unreachable'
      }
    },
  }
}

function startFailed(name: string, said: string): StudioError {
  const memory = memoryRefusal(said, name)
  if (memory) return memory
  return new StudioError('backend-start-failed', `Ollama cannot load ${name}: ${said}`, {
    data: { name, cause: 'crashed', remedy: "Look into Ollama's own log for the reason." },
    retry: 'now',
  })
}
