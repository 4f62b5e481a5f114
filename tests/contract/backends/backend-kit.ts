/** What the proxy does around a backend, in as few lines as a contract test needs. */
import { setMaxListeners } from 'node:events'
import { expect, onTestFinished } from 'vitest'
import { createUpstream, DEFAULT_TIMEOUTS, type Upstream, type UpstreamTimeouts } from '../../../src-main/backends/http-upstream.ts'
import { createOllamaBackend } from '../../../src-main/backends/ollama.ts'
import { createOpenAiCompatibleBackend } from '../../../src-main/backends/openai-compatible.ts'
import type { Environment, SecretStore } from '../../../src-main/backends/ports.ts'
import { createAuthorize } from '../../../src-main/backends/secrets/authorization.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { entrySchema, type RegistryEntry } from '../../../src-main/registry/entry.ts'
import type { BackendReply, ChatRequest, ModelRoute } from '../../../src-main/registry/serving.ts'

export const PICTURE = `data:image/jpeg;base64,${'QUJD'.repeat(100)}`
export const question = (text = 'What is this?') => [
  {
    role: 'user',
    content: [
      { type: 'image_url', image_url: { url: PICTURE } },
      { type: 'text', text },
    ],
  },
]

export function chatRequest(body: Record<string, unknown>, route?: ModelRoute): ChatRequest {
  return {
    ...(route ? { route } : {}),
    body,
    stream: body['stream'] === true,
    encode: (model) => Buffer.from(JSON.stringify({ ...body, model })),
  }
}

export async function readText(reply: BackendReply): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of reply.body) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

export interface Answer {
  id: string
  object: string
  model: string
  choices: {
    index: number
    message: {
      content: string | null
      reasoning_content?: string
      tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[]
    }
    delta: Record<string, unknown>
    finish_reason: string | null
  }[]
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
}

export const readReply = async (reply: BackendReply) => JSON.parse(await readText(reply)) as Answer

/** The chunks of a stream, which must end with `[DONE]`. */
export async function readChunks(reply: BackendReply): Promise<Answer[]> {
  const events = (await readText(reply)).split('\n\n').filter((event) => event !== '')
  expect(events.pop()).toBe('data: [DONE]')
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Answer)
}

export const NEVER = new AbortController().signal
setMaxListeners(0, NEVER)

export function upstreamOfTest(): Upstream {
  const upstream = createUpstream()
  onTestFinished(() => upstream.dispose())
  return upstream
}

export const noKeychain: SecretStore = {
  get: () => Promise.reject(new Error('not asked in this test')),
  set: () => Promise.reject(new Error('not asked in this test')),
  remove: () => Promise.reject(new Error('not asked in this test')),
  available: async () => ({ available: false, reason: 'none in this test' }),
}

export const ollamaBackend = (baseUrl: string, more: { timeouts?: Partial<UpstreamTimeouts>; graceMs?: number } = {}) =>
  createOllamaBackend({
    baseUrl,
    upstream: upstreamOfTest(),
    clock: systemClock,
    timeouts: { ...DEFAULT_TIMEOUTS, ...more.timeouts },
    graceMs: () => more.graceMs ?? 240_000,
  })

export const ollamaEntry = (more: Record<string, unknown> = {}): RegistryEntry =>
  entrySchema.parse({ name: 'qwen25vl_8.3b_(Q4_K_M)', backend: 'ollama', served_model_id: 'qwen2.5vl:7b', capabilities: { vision: true }, ...more })

export const servedBackend = (more: { timeouts?: Partial<UpstreamTimeouts>; environment?: Environment; secrets?: SecretStore } = {}) =>
  createOpenAiCompatibleBackend({
    name: 'remote',
    upstream: upstreamOfTest(),
    clock: systemClock,
    authorize: createAuthorize({ environment: more.environment ?? {}, secrets: more.secrets ?? noKeychain }),
    timeouts: { ...DEFAULT_TIMEOUTS, ...more.timeouts },
  })

export const remoteEntry = (config: Record<string, unknown>, more: Record<string, unknown> = {}): RegistryEntry =>
  entrySchema.parse({
    name: 'cluster',
    backend: 'remote',
    served_model_id: 'fake-vision',
    capabilities: { vision: true },
    backend_config: config,
    ...more,
  })

/** Polls until it holds; fails after five seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it never came to hold')
}
