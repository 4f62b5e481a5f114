/** From entry and placement to a command line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkExtraArguments } from '../../../src-main/backends/launcher/extra-arguments.ts'
import { fileStemOf } from '../../../src-main/backends/launcher/file-stem.ts'
import { findWeights, hubCacheFolder } from '../../../src-main/backends/launcher/find-weights.ts'
import { argumentValues, buildArguments, cacheFraction, gpuMemoryUtilization } from '../../../src-main/backends/launcher/launch-arguments.ts'
import { launchEnvironment } from '../../../src-main/backends/launcher/launch-environment.ts'
import { parseLaunchProfile } from '../../../src-main/backends/launcher/launch-profile.ts'
import { backendOf, entrySchema, type RegistryEntry } from '../../../src-main/registry/entry.ts'
import { parseLayer } from '../../../src-main/registry/layers.ts'
import type { Placement } from '../../../src-main/registry/serving.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const configs = fileURLToPath(new URL('../../../configs/', import.meta.url))
const profileOf = (name: string) => parseLaunchProfile(readFileSync(path.join(configs, 'backends', `${name}.json`), 'utf8'), name)
const shipped = parseLayer(readFileSync(path.join(configs, 'model_registry.curated.json'), 'utf8'), 'curated').records.map((record) =>
  entrySchema.parse(record),
)
const cards = [
  { index: 0, totalMb: 16_376, freeMb: 15_000 },
  { index: 1, totalMb: 16_376, freeMb: 16_000 },
]

function commandLine(entry: RegistryEntry, placement: Placement, more: { tensorParallel?: number; mmproj?: string } = {}): string[] {
  const profile = profileOf(backendOf(entry))
  const extra = checkExtraArguments({ name: entry.name, profile, extraArgs: entry.backend_config.extra_args ?? [] })
  const values = argumentValues({
    entry,
    extra,
    placement,
    cards,
    model: '/models/m',
    mmproj: more.mmproj,
    servedName: entry.name,
    tensorParallel: more.tensorParallel,
  })
  return buildArguments(profile, { ...values, port: '4242' }, extra)
}
const entryOf = (backend: string, config: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  entrySchema.parse({ name: 'm', backend, backend_config: config, ...more })

describe('the shipped entries', () => {
  const launched = shipped.filter((entry) => ['vllm', 'llamacpp', 'lmdeploy'].includes(backendOf(entry)))
  it.each(launched.map((entry) => [entry.name, entry] as const))('%s starts with what its profile allows', (name, entry) => {
    const args = commandLine(entry, { gpus: [0], claimMb: [entry.vram_estimate_mb ?? 1000] })
    expect(args[args.findIndex((arg) => arg === '--host' || arg === '--server-name') + 1]).toBe('127.0.0.1')
    expect(args).toContain(name)
    // A flag that is there twice would mean that ours and the entry's fight.
    const flags = args.filter((arg) => /^--[a-z]/.test(arg))
    expect(new Set(flags).size).toBe(flags.length)
  })
})

describe('vLLM', () => {
  it('gets host, port, name and the share that it needs', () => {
    expect(commandLine(entryOf('vllm', { max_model_len: 8192, max_concurrent_requests: 2 }), { gpus: [0], claimMb: [10_600] })).toEqual([
      ...['serve', '/models/m', '--host', '127.0.0.1', '--port', '4242', '--served-model-name', 'm'],
      ...['--gpu-memory-utilization', '0.68', '--max-model-len', '8192', '--max-num-seqs', '2'],
    ])
  })

  it('lets the entry have its own say, once', () => {
    const args = commandLine(entryOf('vllm', { max_model_len: 8192, extra_args: ['--gpu-memory-utilization', '0.9', '--max_model_len=4096'] }), {
      gpus: [0],
      claimMb: [10_600],
    })
    expect(args.slice(8)).toEqual(['--gpu-memory-utilization', '0.9', '--max-model-len', '4096'])
  })

  it('is spread over the cards of its placement, or over as many as asked for', () => {
    const placement = { gpus: [0, 1], claimMb: [9000, 9000] }
    expect(commandLine(entryOf('vllm'), placement).slice(-2)).toEqual(['--tensor-parallel-size', '2'])
    expect(commandLine(entryOf('vllm'), placement, { tensorParallel: 1 })).not.toContain('--tensor-parallel-size')
    expect(commandLine(entryOf('vllm', { extra_args: ['-pp', '2'] }), placement)).not.toContain('--tensor-parallel-size')
  })

  it('keeps a value with spaces, quotes and shell text as one argument', () => {
    const json = '{"image": 2, "x": "$(touch y); `z`"}'
    const args = commandLine(entryOf('vllm', { extra_args: ['--limit-mm-per-prompt', json] }), { gpus: [], claimMb: [] })
    expect(args.slice(-2)).toEqual(['--limit-mm-per-prompt', json])
  })
})

describe('llama-server', () => {
  it('shares its context among its slots, and runs on the processor without a card', () => {
    const config = { max_model_len: 4096, max_concurrent_requests: 4 }
    const onCard = commandLine(entryOf('llamacpp', config), { gpus: [0], claimMb: [6000] }, { mmproj: '/models/mmproj.gguf' })
    expect(onCard).toEqual([
      ...['--model', '/models/m', '--mmproj', '/models/mmproj.gguf', '--alias', 'm', '--host', '127.0.0.1', '--port', '4242'],
      ...['--ctx-size', '16384', '--parallel', '4', '--n-gpu-layers', '999', '--jinja'],
    ])
    const onProcessor = commandLine(entryOf('llamacpp', { extra_args: ['-c', '2048', '-np', '1'] }), { gpus: [], claimMb: [] })
    expect(onProcessor.slice(8)).toEqual(['--n-gpu-layers', '0', '--jinja', '-c', '2048', '-np', '1'])
  })
})

describe('LMDeploy', () => {
  it('gets its own spelling of everything, and a cache no larger than its claim', () => {
    const entry = entryOf('lmdeploy', { max_model_len: 8192 }, { download_size_bytes: 5000 * 1024 ** 2 })
    expect(commandLine(entry, { gpus: [0], claimMb: [7000] })).toEqual([
      ...['serve', 'api_server', '/models/m', '--server-name', '127.0.0.1', '--server-port', '4242', '--model-name', 'm'],
      ...['--session-len', '8192', '--cache-max-entry-count', '0.20', '--disable-fastapi-docs'],
    ])
    expect(cacheFraction(entryOf('lmdeploy'), { gpus: [], claimMb: [] }, cards)).toBeUndefined()
  })
})

describe('the share of a card', () => {
  it.each([
    [10_600, 16_376, 0.68],
    [3500, 16_376, 0.23],
    // (need + 5 %) / total exactly on a hundredth is not pushed to the next one.
    [8000, 12_000, 0.7],
    [15_900, 16_376, 0.95],
    [40_000, 16_376, 0.95],
  ])('%d of %d MB is %d', (claimMb, totalMb, share) => {
    expect(gpuMemoryUtilization({ gpus: [0], claimMb: [claimMb] }, [{ index: 0, totalMb, freeMb: null }])).toBe(share)
  })

  it('is the largest over the cards, and unknown where a card or a need is unknown', () => {
    const mixed = [
      { index: 0, totalMb: 10_000, freeMb: null },
      { index: 1, totalMb: 20_000, freeMb: null },
    ]
    expect(gpuMemoryUtilization({ gpus: [0, 1], claimMb: [4000, 4000] }, mixed)).toBe(0.42)
    expect(gpuMemoryUtilization({ gpus: [0, 7], claimMb: [4000, 4000] }, mixed)).toBeUndefined()
    expect(gpuMemoryUtilization({ gpus: [0], claimMb: [0] }, mixed)).toBeUndefined()
    expect(gpuMemoryUtilization({ gpus: [], claimMb: [] }, mixed)).toBeUndefined()
  })
})

describe('the environment', () => {
  it('names an instance of a card that is cut as the driver names it, never by our number', () => {
    const cards = [{ index: 200, device: 'MIG-x' }, { index: 0 }]
    const seen = (gpus: number[]) =>
      launchEnvironment({ profile: profileOf('vllm'), environment: {}, placement: { gpus, claimMb: [1] }, cards, run: 'r', platform: 'linux' })[
        'CUDA_VISIBLE_DEVICES'
      ]
    expect([seen([200]), seen([0])]).toEqual(['MIG-x', '0'])
  })

  it('is built up; nothing that loads code gets in, even when a profile lists it', () => {
    const profile = profileOf('vllm')
    profile.environment.pass.push('LD_PRELOAD', 'PYTHONSTARTUP', 'NODE_OPTIONS')
    const environment = {
      PATH: '/usr/bin:bin::/opt/x',
      HOME: '/home/me',
      LD_PRELOAD: 'x',
      PYTHONSTARTUP: 'x',
      NODE_OPTIONS: 'x',
      AWS_SECRET: 'x',
      HF_HOME: '/hf',
    }
    const built = launchEnvironment({ profile, environment, placement: { gpus: [1, 0], claimMb: [1, 1] }, cards: [], run: 'r', platform: 'linux' })
    expect(built).toMatchObject({
      PATH: '/usr/bin:/opt/x',
      HOME: '/home/me',
      HF_HOME: '/hf',
      CUDA_VISIBLE_DEVICES: '1,0',
      IMAGEWORKS_BACKEND_RUN: 'r',
    })
    for (const name of ['LD_PRELOAD', 'PYTHONSTARTUP', 'NODE_OPTIONS', 'AWS_SECRET']) expect(built).not.toHaveProperty(name)
  })

  it('on Windows keeps what programs need there', () => {
    const environment = { Path: 'C:\\Windows;relative;D:\\x', SystemRoot: 'C:\\Windows' }
    const built = launchEnvironment({
      cards: [],
      profile: profileOf('llamacpp'),
      environment,
      placement: { gpus: [], claimMb: [] },
      run: 'r',
      platform: 'win32',
    })
    expect(built).toMatchObject({ PATH: 'C:\\Windows;D:\\x', SystemRoot: 'C:\\Windows', CUDA_VISIBLE_DEVICES: '-1' })
  })
})

describe('where the weights lie', () => {
  it('GGUF: the one model of a folder with its projector; several are a question', async () => {
    const folder = tempFolder()
    const put = (name: string) => writeFileSync(path.join(folder, name), 'GGUF')
    const find = () => findWeights(entryOf('llamacpp', { model_path: folder }), 'gguf', {})
    await expect(find()).rejects.toMatchObject({ code: 'weights-missing' })
    for (const name of ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf', 'mmproj-m.gguf']) put(name)
    expect(await find()).toEqual({ model: path.join(folder, 'm-00001-of-00002.gguf'), mmproj: path.join(folder, 'mmproj-m.gguf') })
    put('other.gguf')
    await expect(find()).rejects.toThrow('holds 2 GGUF models')
  })

  it('the Hugging Face cache, by its own variables; an id that is a path is none', async () => {
    const cache = tempFolder()
    const entry = entryOf('vllm', {}, { source: { huggingface_id: 'Org/Model' } })
    await expect(findWeights(entry, 'folder', { HF_HUB_CACHE: cache })).rejects.toMatchObject({
      data: { remedy: expect.stringContaining('hf download Org/Model') },
    })
    const snapshot = path.join(cache, 'models--Org--Model', 'snapshots', 'abc')
    mkdirSync(snapshot, { recursive: true })
    writeFileSync(path.join(snapshot, 'config.json'), '{}')
    expect(await findWeights(entry, 'folder', { HF_HUB_CACHE: cache })).toEqual({ model: 'Org/Model', mmproj: undefined })
    expect(hubCacheFolder({ HF_HOME: '/hf' })).toBe(path.join('/hf', 'hub'))
    const hostile = entryOf('vllm', {}, { source: { huggingface_id: '../../../etc' } })
    await expect(findWeights(hostile, 'folder', { HF_HUB_CACHE: cache })).rejects.toMatchObject({ code: 'weights-missing' })
  })
})

describe('a model as a file name', () => {
  it.each([
    ['qwen3-vl-8b-instruct_(FP8)', 'qwen3-vl-8b-instruct_(FP8)'],
    ['qwen2.5vl:7b', 'qwen2.5vl%3A7b'],
    ['CON', '%CON'],
    ['nul.model', '%nul.model'],
    ['model.', 'model%2E'],
  ])('%s', (name, stem) => {
    expect(fileStemOf(name)).toBe(stem)
  })
})
