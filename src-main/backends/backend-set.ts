/** All backends of one studio, and which of them serves an entry. Starts nothing: a worker starts with its first request. */
import type { BackendName } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { WorkerClient } from '../lib/worker-process.ts'
import { backendOf, type RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend } from '../registry/serving.ts'
import { createUpstream, DEFAULT_TIMEOUTS, type UpstreamTimeouts } from './http-upstream.ts'
import { createLaunchedBackend } from './launched.ts'
import { parseBaseUrl } from './loopback.ts'
import { createOllamaBackend, type OllamaBackend } from './ollama.ts'
import { createOpenAiCompatibleBackend } from './openai-compatible.ts'
import type { Environment, ProcessRunner, SecretStore } from './ports.ts'
import { createAuthorize } from './secrets/authorization.ts'
import { createKeychain } from './secrets/keychain.ts'
import { createTaskTokenBackend } from './task-tokens/task-token-backend.ts'
import { createEmbeddedBackend, createOnnxBackend } from './worker-backends.ts'

export interface BackendSetOptions {
  embeddedWorker: WorkerClient
  onnxWorker: WorkerClient
  /** Of our own workers, in milliseconds; asked each time. */
  graceMs: () => number
  /** Of models in Ollama, by the active profile, in milliseconds; asked each time. Default: as our own workers. */
  modelGraceMs?: () => number
  /** Origin of Ollama, see `ollamaBaseUrlFrom`. */
  ollamaBaseUrl: string
  environment: Environment
  /** Default: the keychain of the operating system. */
  secrets?: SecretStore
  /** Without it, local servers are used where they run and never started. */
  processes?: ProcessRunner
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
  /** Whether the right model answers at an address that the entry names, whoever started it. Never rejects. */
  answersAsConfigured(entry: RegistryEntry): Promise<boolean>
  readonly workers: { unload(backend: 'embedded' | 'onnx'): Promise<void> }
  /** Ends all connections to model servers. */
  dispose(): void
}

const UNASSIGNED: Backend = {
  name: 'unassigned',
  availability: async () => ({ state: 'not-installed', reason: 'no backend is set for it' }),
  chat: () => Promise.reject(new StudioError('backend-unreachable', 'no backend is set for this model')),
}

export function createBackendSet(options: BackendSetOptions): BackendSet {
  const { embeddedWorker, onnxWorker, graceMs, modelGraceMs = graceMs, ollamaBaseUrl, environment, processes, clock } = options
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const callTimeoutMs = options.workerCallTimeoutMs ?? 180_000
  const upstream = createUpstream()
  const authorize = createAuthorize({ environment, secrets: options.secrets ?? createKeychain() })
  const ollama = createOllamaBackend({ baseUrl: ollamaBaseUrl, upstream, clock, timeouts, graceMs: modelGraceMs })
  const workers = {
    embedded: createEmbeddedBackend({ worker: embeddedWorker, graceMs, callTimeoutMs }),
    onnx: createOnnxBackend({ worker: onnxWorker, graceMs, callTimeoutMs }),
  }
  const ownAddress = (entry: RegistryEntry) => {
    const address = processes?.baseUrlOf(entry.name)
    return address ? parseBaseUrl(address) : null
  }
  const served = (name: BackendName) => createOpenAiCompatibleBackend({ name, upstream, clock, authorize, timeouts, ownAddress })
  const servers = { vllm: served('vllm'), llamacpp: served('llamacpp'), lmdeploy: served('lmdeploy'), remote: served('remote') }
  const launched = (below: Backend) => (processes ? createLaunchedBackend({ below, processes, clock }) : below)
  const table: Record<BackendName, Backend> = {
    ...workers,
    ollama,
    vllm: launched(servers.vllm),
    llamacpp: launched(servers.llamacpp),
    lmdeploy: launched(servers.lmdeploy),
    remote: servers.remote,
    unassigned: UNASSIGNED,
  }
  const taskTokens = new Map(
    Object.keys(servers).map((name) => [name, createTaskTokenBackend({ below: table[name as keyof typeof servers], clock })]),
  )
  const backendFor = (entry: RegistryEntry) => {
    const name = backendOf(entry)
    return (entry.adapter === 'task_tokens' ? taskTokens.get(name) : undefined) ?? table[name]
  }
  return {
    ollama,
    backendFor,
    async availabilityOf(entries) {
      return new Map(await Promise.all(entries.map(async (entry) => [entry.name, await backendFor(entry).availability(entry)] as const)))
    },
    async answersAsConfigured(entry) {
      const name = backendOf(entry)
      return name in servers && servers[name as keyof typeof servers].answersAsConfigured(entry)
    },
    workers: { unload: (backend) => workers[backend].unload() },
    dispose() {
      workers.embedded.dispose()
      workers.onnx.dispose()
      upstream.dispose()
    },
  }
}
