/** A real proxy over real backends and a registry of one test; only the embedded worker is scripted. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { onTestFinished } from 'vitest'
import { createBackendSet } from '../../../src-main/backends/backend-set.ts'
import { createDeployment } from '../../../src-main/backends/deployment.ts'
import type { UpstreamTimeouts } from '../../../src-main/backends/http-upstream.ts'
import { createModelService } from '../../../src-main/backends/model-service.ts'
import { createRegistryFiles } from '../../../src-main/backends/registry-files.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import type { WorkerClient } from '../../../src-main/lib/worker-process.ts'
import { createProxy, type ProxyLimits, type ProxyOptions } from '../../../src-main/proxy/create-proxy.ts'
import type { RequestRecord } from '../../../src-main/proxy/ports.ts'
import { createRequestLog } from '../../../src-main/proxy/request-log.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const configsFolder = fileURLToPath(new URL('../../../configs', import.meta.url))

/** An entry that sends to a server at `origin`. */
export const remote = (origin: string, more: Record<string, unknown> = {}) => ({
  name: 'upstream',
  display_name: 'Up Stream',
  backend: 'remote',
  backend_config: { base_url: origin },
  served_model_id: 'fake-vision',
  capabilities: { vision: true },
  roles: ['caption'],
  role_priority: { caption: 60 },
  ...more,
})

export interface ProxyGiven {
  entries?: object[]
  port?: number
  token?: string
  limits?: Partial<ProxyLimits>
  options?: Partial<ProxyOptions>
  timeouts?: Partial<UpstreamTimeouts>
  embedded?: (body: Record<string, unknown>) => unknown
}

export async function startProxy(given: ProxyGiven) {
  const dataFolder = tempFolder()
  const registryFile = given.entries && path.join(dataFolder, 'registry.json')
  if (registryFile) writeFileSync(registryFile, JSON.stringify(given.entries))
  const stored = new Map<string, unknown>()
  const settings = { get: (key: string) => stored.get(key), set: (key: string, value: unknown) => void stored.set(key, value) }
  const worker: WorkerClient = {
    running: true,
    call: async <T>(_method: string, params: unknown) => given.embedded?.((params as { body: Record<string, unknown> }).body) as T,
    unload: async () => undefined,
    dispose: async () => undefined,
  }
  const common = { environment: {}, clock: systemClock }
  const backends = createBackendSet({
    ...common,
    embeddedWorker: worker,
    onnxWorker: worker,
    graceMs: () => 1000,
    ollamaBaseUrl: 'http://127.0.0.1:9',
    ...(given.timeouts ? { timeouts: given.timeouts } : {}),
  })
  const deployment = createDeployment({ ...common, configsFolder, settings, readGpus: async () => ({ gpus: [] }) })
  const files = createRegistryFiles({ configsFolder, dataFolder, registryFile, tell: () => undefined })
  const service = createModelService({ files, backends, deployment, settings, tell: () => undefined, onChanged: () => undefined })
  const log = createRequestLog({ folder: path.join(dataFolder, 'logs'), clock: systemClock, logger: silentLogger })
  const proxy = createProxy({
    port: given.port ?? 0,
    models: {
      registry: () => service.registry(),
      availabilityOf: (entries) => backends.availabilityOf(entries),
      select: (role, options) => service.select(role, options),
      modelForRole: (role) => service.modelForRole(role),
      profileState: () => service.profileState(),
      setProfile: (name) => service.setProfile(name),
      backendFor: (entry) => backends.backendFor(entry),
    },
    log,
    clock: systemClock,
    logger: silentLogger,
    ...(given.token === undefined ? {} : { token: () => given.token! }),
    ...(given.limits === undefined ? {} : { limits: given.limits }),
    ...given.options,
  })
  const { url, port, note } = await proxy.start()
  onTestFinished(async () => {
    await proxy.stop()
    backends.dispose()
  })
  const client = new OpenAI({ baseURL: url, apiKey: given.token ?? 'unused', maxRetries: 0 })
  /** The log so far, oldest first. */
  const logged = async (): Promise<RequestRecord[]> => {
    await log.flush()
    const text = readFileSync(path.join(dataFolder, 'logs', 'chat_proxy.jsonl'), 'utf8')
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RequestRecord)
  }
  return { url, port, note, client, logged, proxy, service, registryFile }
}

export const PICTURE = `data:image/jpeg;base64,${'QUJD'.repeat(100)}`
export const ask = (model: string, more: object = {}) => ({
  model,
  messages: [
    {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'secret words' },
        { type: 'image_url' as const, image_url: { url: PICTURE } },
      ],
    },
  ],
  ...more,
})
