/** All backends of one studio, and which of them serves an entry. Starts nothing: a worker starts with its first request. */
import type { BackendName } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { WorkerClient } from '../lib/worker-process.ts'
import { backendOf, type RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend } from '../registry/serving.ts'
import { DEFAULT_TIMEOUTS, type UpstreamTimeouts } from './http-upstream.ts'
import { createOllamaBackend, type OllamaBackend } from './ollama.ts'
import { createOpenAiCompatibleBackend } from './openai-compatible.ts'
import type { Environment } from './ports.ts'
import { createEmbeddedBackend, createOnnxBackend } from './worker-backends.ts'

export interface BackendSetOptions {
  embeddedWorker: WorkerClient
  onnxWorker: WorkerClient
  /** Milliseconds; asked each time. */
  graceMs: () => number
  /** Origin of Ollama, see `ollamaBaseUrlFrom`. */
  ollamaBaseUrl: string
  environment: Environment
  clock: Clock
  timeouts?: Partial<UpstreamTimeouts>
  /** For one picture in a worker. */
  workerCallTimeoutMs?: number
}

export interface BackendSet {
  readonly ollama: OllamaBackend
  backendFor(entry: RegistryEntry): Backend
  /** Of all entries at the same time; a name that is missing cannot be served. Never rejects. */
  availabilityOf(entries: readonly RegistryEntry[]): Promise<Map<string, Availability>>
  dispose(): void
}

const UNASSIGNED: Backend = {
  name: 'unassigned',
  availability: async () => ({ state: 'not-installed', reason: 'no backend is set for it' }),
  chat: () => Promise.reject(new StudioError('backend-unreachable', 'no backend is set for this model')),
}

export function createBackendSet(options: BackendSetOptions): BackendSet {
  const { embeddedWorker, onnxWorker, graceMs, ollamaBaseUrl, environment, clock } = options
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const callTimeoutMs = options.workerCallTimeoutMs ?? 180_000
  const ollama = createOllamaBackend({ baseUrl: ollamaBaseUrl, clock, timeouts })
  const embedded = createEmbeddedBackend({ worker: embeddedWorker, graceMs, callTimeoutMs })
  const onnx = createOnnxBackend({ worker: onnxWorker, graceMs, callTimeoutMs })
  const served = (name: BackendName) => createOpenAiCompatibleBackend({ name, clock, environment, timeouts })
  const table: Record<BackendName, Backend> = {
    embedded,
    onnx,
    ollama,
    vllm: served('vllm'),
    llamacpp: served('llamacpp'),
    lmdeploy: served('lmdeploy'),
    remote: served('remote'),
    unassigned: UNASSIGNED,
  }
  const backendFor = (entry: RegistryEntry) => table[backendOf(entry)]
  return {
    ollama,
    backendFor,
    async availabilityOf(entries) {
      return new Map(await Promise.all(entries.map(async (entry) => [entry.name, await backendFor(entry).availability(entry)] as const)))
    },
    dispose() {
      embedded.dispose()
      onnx.dispose()
    },
  }
}
