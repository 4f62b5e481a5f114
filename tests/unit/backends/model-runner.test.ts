import { describe, expect, it, onTestFinished } from 'vitest'
import { createModelRunner, type ModelRunnerOptions } from '../../../src-main/backends/model-runner.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { entrySchema, type RegistryEntry } from '../../../src-main/registry/entry.ts'
import type { Placement, Started } from '../../../src-main/registry/serving.ts'
import { ollamaBackend } from '../../contract/backends/backend-kit.ts'
import { startOllamaServer } from '../../fakes/start-ollama-server.ts'

const NEVER = new AbortController().signal
const ONE_CARD: Placement = { gpus: [0], claimMb: [6400] }
const soon = { timeoutMs: 10_000, signal: NEVER }
const vllm = (more: Record<string, unknown> = {}) => entrySchema.parse({ name: 'qwen3', backend: 'vllm', ...more })
const qwen = entrySchema.parse({ name: 'qwen25', backend: 'ollama', served_model_id: 'qwen2.5vl:7b' })

/** Children that start when the test says so. */
function scriptedProcesses() {
  const started: { entry: RegistryEntry; signal: AbortSignal; ready: () => void; fail: (error: unknown) => void }[] = []
  const stopped: string[] = []
  const addresses = new Map<string, string>()
  let gone: ((name: string, error: StudioError) => void) | undefined
  return {
    started,
    stopped,
    addresses,
    tellGone: (name: string) => gone?.(name, new StudioError('backend-failed', 'crashed')),
    port: {
      canServe: async () => ({ ok: true as const }),
      start: (entry: RegistryEntry, _: Placement, { signal }: { timeoutMs: number; signal: AbortSignal }) =>
        new Promise<Started>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(new StudioError('cancelled', 'nobody waits')))
          const ready = () => {
            addresses.set(entry.name, 'http://127.0.0.1:1/v1')
            resolve({ measuredMb: { 0: 9000 }, loadMs: 5 })
          }
          started.push({ entry, signal, ready, fail: reject })
        }),
      stop: async (name: string) => {
        addresses.delete(name)
        stopped.push(name)
      },
      baseUrlOf: (name: string) => addresses.get(name) ?? null,
      onGone: (listener: typeof gone) => {
        gone = listener
        return () => (gone = undefined)
      },
      recover: async () => [],
    },
  }
}

const noOllama: ModelRunnerOptions['ollama'] = {
  load: () => Promise.reject(new Error('not in this test')),
  unload: () => Promise.reject(new Error('not in this test')),
  residence: async () => 'absent',
}

function runnerWith(more: Partial<ModelRunnerOptions> = {}) {
  const processes = scriptedProcesses()
  const unloaded: string[] = []
  const runner = createModelRunner({
    processes: processes.port,
    ollama: noOllama,
    workers: { unload: async (backend) => void unloaded.push(backend) },
    answersAsConfigured: async () => false,
    needOf: async () => ({ needMb: 6400, source: 'registry', loadMs: null }),
    checkBeforeLoad: async () => undefined,
    entries: async () => [],
    clock: systemClock,
    ...more,
  })
  onTestFinished(() => runner.dispose())
  return { runner, processes, unloaded }
}
const tick = () => new Promise((resolve) => setImmediate(resolve))

describe('a model that the studio may start', () => {
  it('is started once however many ask, with its weights looked at first', async () => {
    const checked: string[] = []
    const { runner, processes } = runnerWith({ checkBeforeLoad: async ({ name }) => void checked.push(name) })
    expect(await runner.demandOf(vllm())).toEqual({ needMb: 6400, source: 'registry', slots: 8, managed: true, loadMs: null })
    const asked = [runner.start(vllm(), ONE_CARD, soon), runner.start(vllm(), ONE_CARD, soon)]
    await tick()
    expect([checked, processes.started.length]).toEqual([['qwen3'], 1])
    processes.started[0]!.ready()
    expect(await Promise.all(asked)).toEqual([
      { measuredMb: { 0: 9000 }, loadMs: 5 },
      { measuredMb: { 0: 9000 }, loadMs: 5 },
    ])
  })

  it('one of two waiting goes away: the start goes on; both: it is given up', async () => {
    const { runner, processes } = runnerWith()
    const callers = [new AbortController(), new AbortController()]
    const asked = callers.map(({ signal }) => runner.start(vllm(), ONE_CARD, { timeoutMs: 1_000, signal }).catch((error: StudioError) => error.code))
    await tick()
    callers[0]!.abort()
    expect(processes.started[0]!.signal.aborted).toBe(false)
    callers[1]!.abort()
    expect(await Promise.all(asked)).toEqual(['cancelled', 'cancelled'])
    expect(processes.started[0]!.signal.aborted).toBe(true)
  })

  it('weights that were changed are not loaded', async () => {
    const { runner, processes } = runnerWith({ checkBeforeLoad: () => Promise.reject(new StudioError('model-locked', 'changed')) })
    await expect(runner.start(vllm(), ONE_CARD, soon)).rejects.toMatchObject({ code: 'model-locked' })
    expect(processes.started).toEqual([])
  })

  it('that ran out of memory must be tried once more with less context and never a third time', async () => {
    const told: unknown[] = []
    const loaded: (number | null | undefined)[] = []
    const oom = () => new StudioError('backend-start-failed', 'It ended.', { data: { cause: 'out-of-memory' } })
    const { runner, processes } = runnerWith({
      smallerContext: async () => ({ fromTokens: 32_768, toTokens: 8192 }),
      onReduced: (reduced) => void told.push(reduced),
      onLoaded: ({ backend_config: config }) => void loaded.push(config.max_model_len),
    })
    const entry = vllm({ backend_config: { max_model_len: 32_768, extra_args: ['--max-model-len', '32768', '--enforce-eager'] } })
    const asked = runner.start(entry, ONE_CARD, soon)
    await tick()
    processes.started[0]!.fail(oom())
    await tick()
    const config = processes.started[1]!.entry.backend_config
    expect([config.max_model_len, config.extra_args]).toEqual([8192, ['--enforce-eager']])
    processes.started[1]!.ready()
    await asked
    expect([told, loaded]).toEqual([[{ name: 'qwen3', fromTokens: 32_768, toTokens: 8192 }], [8192]])
    expect(runner.reducedContextOf('qwen3')).toBe(8192)
    await runner.stop('qwen3')
    expect(runner.reducedContextOf('qwen3')).toBeNull()

    const again = runner.start(entry, ONE_CARD, soon)
    await tick()
    expect(processes.started[2]!.entry.backend_config.max_model_len).toBe(32_768)
    processes.started[2]!.fail(oom())
    await tick()
    processes.started[3]!.fail(oom())
    await expect(again).rejects.toMatchObject({ data: { cause: 'out-of-memory', triedContextTokens: 8192 } })
    expect(processes.started).toHaveLength(4)
  })

  it('on the processor, or that failed for another reason, is not tried with less', async () => {
    const { runner, processes } = runnerWith({ smallerContext: async () => ({ fromTokens: 32_768, toTokens: 8192 }) })
    for (const [placement, cause] of [
      [ONE_CARD, 'weights-missing'],
      [{ gpus: [], claimMb: [] }, 'out-of-memory'],
    ] as const) {
      const asked = runner.start(vllm(), placement, soon)
      await tick()
      processes.started.at(-1)!.fail(new StudioError('backend-start-failed', 'It ended.', { data: { cause } }))
      await expect(asked).rejects.toMatchObject({ data: { cause } })
    }
    expect(processes.started).toHaveLength(2)
  })

  it('a failed start can be tried again', async () => {
    const { runner, processes } = runnerWith()
    const first = runner.start(vllm(), ONE_CARD, soon)
    await tick()
    processes.started[0]!.fail(new StudioError('backend-start-failed', 'no'))
    await expect(first).rejects.toMatchObject({ code: 'backend-start-failed' })
    const second = runner.start(vllm(), ONE_CARD, soon)
    await tick()
    processes.started[1]!.ready()
    await second
  })

  it('one that was given up must have ended before the next begins', async () => {
    const steps: string[] = []
    let letGo: (() => void) | undefined
    const { runner, processes } = runnerWith({
      checkBeforeLoad: async (_, signal) => {
        steps.push('begins')
        if (steps.length > 1) return
        await new Promise<void>((resolve) => (letGo = resolve))
        steps.push(signal.aborted ? 'ended' : 'went on')
        throw new StudioError('cancelled', 'nobody waits')
      },
    })
    const caller = new AbortController()
    const first = runner.start(vllm(), ONE_CARD, { timeoutMs: 1_000, signal: caller.signal }).catch((error: StudioError) => error.code)
    await tick()
    caller.abort()
    const second = runner.start(vllm(), ONE_CARD, soon)
    await tick()
    expect(steps).toEqual(['begins'])
    letGo!()
    await tick()
    processes.started[0]!.ready()
    await second
    expect([await first, steps]).toEqual(['cancelled', ['begins', 'ended', 'begins']])
  })

  it('stopping in the middle of a start gives the start up first', async () => {
    const { runner, processes } = runnerWith()
    const asked = runner.start(vllm(), ONE_CARD, soon).catch((error: StudioError) => error.code)
    await tick()
    await runner.stop('qwen3')
    expect([await asked, processes.stopped]).toEqual(['cancelled', ['qwen3']])
  })

  it('a child that ended by itself is told', () => {
    const { runner, processes } = runnerWith()
    const told: string[] = []
    const undo = runner.onGone((name) => void told.push(name))
    processes.tellGone('qwen3')
    undo()
    processes.tellGone('qwen3')
    expect(told).toEqual(['qwen3'])
  })
})

describe('a server of somebody else', () => {
  it('that answers at the entry’s own address is used as it is: no memory of ours, no start, no check', async () => {
    const { runner, processes } = runnerWith({
      answersAsConfigured: async () => true,
      checkBeforeLoad: () => Promise.reject(new Error('must not be asked')),
    })
    expect(await runner.demandOf(vllm())).toMatchObject({ needMb: 0, managed: false })
    expect(await runner.start(vllm(), ONE_CARD, soon)).toEqual({ measuredMb: null, loadMs: 0 })
    expect(processes.started).toEqual([])
  })
  it('our own child that answers there is ours', async () => {
    const { runner, processes } = runnerWith({ answersAsConfigured: async () => true })
    processes.addresses.set('qwen3', 'http://127.0.0.1:24001/v1')
    expect(await runner.demandOf(vllm())).toMatchObject({ needMb: 6400, managed: true })
  })
  it('an address that was given is never started by us', async () => {
    const { runner, processes } = runnerWith()
    for (const config of [{ base_url: 'http://127.0.0.1:9/v1' }, { base_urls: ['http://127.0.0.1:9'] }, { host: 'gpu.example', port: 8000 }]) {
      expect(await runner.demandOf(vllm({ backend_config: config }))).toMatchObject({ needMb: 0, managed: false })
      await runner.start(vllm({ backend_config: config }), ONE_CARD, soon)
    }
    expect(processes.started).toEqual([])
  })
})

describe('workers and other machines', () => {
  it('take no graphics memory of ours and are not started; a worker can be told to end', async () => {
    const { runner, unloaded } = runnerWith()
    for (const backend of ['embedded', 'onnx', 'remote']) {
      const entry = entrySchema.parse({ name: `m-${backend}`, backend })
      expect(await runner.demandOf(entry)).toMatchObject({ needMb: 0, managed: false })
      expect(await runner.start(entry, { gpus: [], claimMb: [] }, soon)).toEqual({ measuredMb: null, loadMs: 0 })
    }
    await runner.stop('m-embedded')
    await runner.stop('m-onnx')
    expect(unloaded).toEqual(['embedded', 'onnx'])
  })
  it('an entry without a backend cannot be started', async () => {
    const { runner } = runnerWith()
    await expect(runner.start(entrySchema.parse({ name: 'x', backend: 'unassigned' }), ONE_CARD, soon)).rejects.toMatchObject({
      code: 'backend-unreachable',
    })
  })
})

describe('models in a real daemon', () => {
  it('are loaded with their memory measured, unloaded, and found again by a later life', async () => {
    const server = await startOllamaServer('--vram-mb', '5123')
    const { runner } = runnerWith({ ollama: ollamaBackend(server.origin), entries: async () => [vllm(), qwen] })
    expect(await runner.running()).toEqual([])
    expect(await runner.start(qwen, ONE_CARD, soon)).toMatchObject({ measuredMb: { 0: 5123 } })
    expect(await runner.start(qwen, { gpus: [0, 1], claimMb: [3200, 3200] }, soon)).toMatchObject({ measuredMb: null })
    expect(await runner.running()).toEqual([{ entry: qwen, placement: { gpus: [0], claimMb: [5123] } }])
    await runner.stop('qwen25')
    await runner.stop('qwen25')
    expect(await server.loaded()).toEqual([])
  })

  it('one that the daemon let go by itself is told once; one that we unloaded is not', async () => {
    const server = await startOllamaServer()
    const { runner } = runnerWith({ ollama: ollamaBackend(server.origin), watchEveryMs: 10 })
    const gone = new Promise<[string, StudioError]>((resolve) => runner.onGone((name, error) => resolve([name, error])))
    await runner.start(qwen, ONE_CARD, soon)
    await server.evict('qwen2.5vl:7b')
    expect(await gone).toEqual(['qwen25', expect.objectContaining({ code: 'backend-failed' })])
    const told: string[] = []
    runner.onGone((name) => void told.push(name))
    await runner.start(qwen, ONE_CARD, soon)
    await runner.stop('qwen25')
    expect(told).toEqual([])
  })
})
