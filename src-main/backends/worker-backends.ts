/** The two backends that run in our own worker processes: the embedded model, and a vision model in a folder that the user supplied. */
import { access } from 'node:fs/promises'
import path from 'node:path'
import { StudioError } from '../lib/studio-error.ts'
import type { WorkerClient } from '../lib/worker-process.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { Availability, Backend } from '../registry/serving.ts'
import { completionReply } from './completion-reply.ts'
import { createWorkerLifetime } from './worker-lifetime.ts'

export interface WorkerBackend extends Backend {
  /** Ends its worker now, unless a request is in work; the next request starts it again. */
  unload(): Promise<void>
  dispose(): void
}

export interface WorkerBackendOptions {
  worker: WorkerClient
  /** Milliseconds without a request after which the worker is ended; asked each time, so that a changed setting acts at once. */
  graceMs: () => number
  callTimeoutMs: number
}

/** Worker method: `chat` `{body}` → a chat.completion object. */
export function createEmbeddedBackend(options: WorkerBackendOptions): WorkerBackend {
  const lifetime = createWorkerLifetime({ ...options, label: 'the embedded model' })
  return {
    name: 'embedded',
    availability: async (): Promise<Availability> => ({ state: lifetime.state, reason: null }),
    async chat(entry, request, signal) {
      const completion = await lifetime.call('chat', { body: { ...request.body, model: entry.name } }, signal)
      return completionReply(completion, request)
    },
    unload: () => lifetime.unload(),
    dispose: () => lifetime.dispose(),
  }
}

/** Worker methods: `load` `{folder}`, then `chat` `{body}` → a chat.completion object. One folder is loaded at a time. */
export function createOnnxBackend(options: WorkerBackendOptions): WorkerBackend {
  const lifetime = createWorkerLifetime({ ...options, label: 'the ONNX model' })
  let loadedFolder: string | null = null
  let tail: Promise<unknown> = Promise.resolve()

  /** Loading and answering belong together: another folder must not be loaded in between. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work, work)
    tail = turn.catch(() => undefined)
    return turn
  }

  const check = async (entry: RegistryEntry): Promise<{ folder: string } | { missing: string }> => {
    const folder = entry.backend_config.model_path
    if (!folder || !path.isAbsolute(folder)) return { missing: 'its folder (model_path) is not set' }
    const hasConfig = await access(path.join(folder, 'config.json')).then(
      () => true,
      () => false,
    )
    return hasConfig ? { folder } : { missing: `there is no model in ${folder} (config.json is missing)` }
  }

  return {
    name: 'onnx',
    async availability(entry): Promise<Availability> {
      const checked = await check(entry)
      if ('missing' in checked) return { state: 'not-installed', reason: checked.missing }
      return { state: loadedFolder === checked.folder ? lifetime.state : 'available', reason: null }
    },
    chat: (entry, request, signal) =>
      inTurn(async () => {
        const checked = await check(entry)
        if ('missing' in checked) throw new StudioError('weights-missing', `${entry.name}: ${checked.missing}`, { data: { name: entry.name } })
        // A worker that was ended meanwhile has forgotten its model.
        if (loadedFolder !== checked.folder || !options.worker.running) {
          loadedFolder = null
          await lifetime.call('load', { folder: checked.folder }, signal)
          loadedFolder = checked.folder
        }
        const completion = await lifetime.call('chat', { body: { ...request.body, model: entry.name } }, signal)
        return completionReply(completion, request)
      }),
    unload: () => lifetime.unload(),
    dispose: () => lifetime.dispose(),
  }
}
