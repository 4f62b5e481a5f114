import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createBackendSet } from '../../../src-main/backends/backend-set.ts'
import { createDeployment } from '../../../src-main/backends/deployment.ts'
import { createDiscovery } from '../../../src-main/backends/discovery/discovery.ts'
import { modelPlacesOf } from '../../../src-main/backends/discovery/places.ts'
import { createModelService } from '../../../src-main/backends/model-service.ts'
import { createRegistryFiles } from '../../../src-main/backends/registry-files.ts'
import { settingsPatch } from '../../../src-main/contract/settings.ts'
import type { Problem } from '../../../src-main/contract/model.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import type { WorkerClient } from '../../../src-main/lib/worker-process.ts'
import { startRepliesServer } from '../../fakes/start-replies-server.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { SEED_NAMES } from '../registry/seeds.ts'
import { languageModel, projector, writeGguf } from './discovery/gguf-file.ts'

const configsFolder = fileURLToPath(new URL('../../../configs', import.meta.url))
const idleWorker: WorkerClient = {
  running: false,
  call: () => Promise.reject(new Error('not asked for here')),
  unload: async () => undefined,
  dispose: async () => undefined,
}
const QWEN25 = 'qwen25vl_8.3b_(Q4_K_M)'

function studio(
  given: {
    ollamaBaseUrl?: string
    ggufFolder?: string
    folders?: () => string[]
    registryFile?: string
    dataFolder?: string
    needs?: Record<string, number>
  } = {},
) {
  const { ollamaBaseUrl = 'http://127.0.0.1:9', dataFolder = tempFolder(), registryFile, ggufFolder, needs } = given
  const stored = new Map<string, unknown>()
  const settings = { get: (key: string) => stored.get(key), set: (key: string, value: unknown) => void stored.set(key, value) }
  const problems: Problem[] = []
  const tell = (problem: Problem) => void problems.push(problem)
  const backends = createBackendSet({
    embeddedWorker: idleWorker,
    onnxWorker: idleWorker,
    graceMs: () => 1000,
    ollamaBaseUrl,
    environment: {},
    clock: systemClock,
  })
  const readGpus = async () => ({ gpus: [{ index: 0, name: 'card', totalMb: 24_080, freeMb: null }] })
  const places = () => ({ huggingFace: [], lmStudio: [], gguf: ggufFolder === undefined ? [] : [ggufFolder], folders: given.folders?.() ?? [] })
  let changes = 0
  const files = createRegistryFiles({ configsFolder, dataFolder, registryFile, tell })
  const service = createModelService({
    files,
    backends,
    deployment: createDeployment({ configsFolder, settings, readGpus, environment: {}, clock: systemClock }),
    settings,
    tell,
    onChanged: () => (changes += 1),
    discovery: createDiscovery({ ollamaBaseUrl, places, keyFor: async () => undefined }),
    ...(needs ? { needMbOf: async () => new Map(Object.entries(needs)) } : {}),
  })
  const read = (name: string) => readFileSync(path.join(dataFolder, name), 'utf8')
  const user = () => (JSON.parse(read('model_registry.user.json')) as { models: Record<string, unknown>[] }).models
  return { service, dataFolder, problems, read, user, changes: () => changes, forget: () => backends.ollama.forget() }
}

const tag = (name: string, digest = `d-${name}`) => ({ name, digest, size: 6_000_000_000, details: { quantization_level: 'Q4_K_M', family: 'f' } })
const ollamaWith = (...tags: ReturnType<typeof tag>[]) => ({
  '/api/tags': { models: tags },
  '/api/ps': { models: [] },
  '/api/show': Object.fromEntries(
    tags.map(({ name }) => [name, { capabilities: name.startsWith('text') ? ['completion'] : ['completion', 'vision'] }]),
  ),
})

describe('three imports in a row', () => {
  it('must give identical rows, and none twice under another name', async () => {
    const server = await startRepliesServer(ollamaWith(tag('qwen2.5vl:7b'), tag('llava:7b'), tag('text-only:3b')))
    const { service, read } = studio({ ollamaBaseUrl: server.origin })
    const first = await service.scan()
    expect(first).toMatchObject({ added: expect.arrayContaining(['llava_7b_(Q4_K_M)', QWEN25]), changed: [], missing: [] })
    const rows = read('model_registry.discovered.json')
    for (let i = 0; i < 2; i++) expect(await service.scan()).toMatchObject({ added: [], changed: [], missing: [] })
    expect(read('model_registry.discovered.json')).toBe(rows)
    const names = (await service.list()).map(({ name }) => name)
    expect(names.filter((name) => /qwen2\.?5|llava|text/.test(name))).toEqual([QWEN25, 'llava_7b_(Q4_K_M)', 'text-only_3b_(Q4_K_M)'])
    expect((await service.resolve('llava:7b')).name).toBe('llava_7b_(Q4_K_M)')
  })

  it('a removed tag is shown as not installed after one look, and comes back', async () => {
    const server = await startRepliesServer(ollamaWith(tag('llava:7b')))
    const { service, forget } = studio({ ollamaBaseUrl: server.origin })
    await service.scan()
    server.set(ollamaWith())
    forget()
    expect((await service.scan()).missing).toEqual(['llava_7b_(Q4_K_M)'])
    expect((await service.list()).find(({ name }) => name.startsWith('llava'))).toMatchObject({ state: 'not-installed' })
    expect((await service.select('caption')).models.map(({ name }) => name)).toEqual(['embedded-basic-facts'])
    server.set(ollamaWith(tag('llava:7b')))
    forget()
    await service.scan()
    expect((await service.list()).find(({ name }) => name.startsWith('llava'))).toMatchObject({ state: 'available' })
  })

  it('an Ollama that is off says nothing about its models', async () => {
    const server = await startRepliesServer(ollamaWith(tag('llava:7b')))
    const { service, read } = studio({ ollamaBaseUrl: server.origin })
    await service.scan()
    const rows = read('model_registry.discovered.json')
    await server.kill()
    expect(await service.scan()).toMatchObject({
      missing: [],
      sources: [{ source: 'ollama', place: expect.stringMatching(/^http:/), found: 0, note: expect.any(String) }],
    })
    expect(read('model_registry.discovered.json')).toBe(rows)
  })

  it('scans at the same time are one', async () => {
    const server = await startRepliesServer(ollamaWith(tag('llava:7b')))
    const { service } = studio({ ollamaBaseUrl: server.origin })
    await Promise.all([service.scan(), service.scan(), service.scan()])
    expect((await server.seen()).filter(({ path: asked }) => asked === '/api/tags')).toHaveLength(1)
  })
})

/** A head and no data: what a scan reads of weights. */
function weightsFile(name: string): Buffer {
  const head = Buffer.from(JSON.stringify({ [name]: { dtype: 'BF16', shape: [1000, 1000] } }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(head.length))
  return Buffer.concat([length, head, Buffer.alloc(100)])
}

describe('folders that a person named', () => {
  it('are looked through for GGUF files and safetensors; what is named no longer is gone, what is not there is said', async () => {
    const folder = tempFolder()
    const inside = path.join(folder, 'makers', 'Watcher-2B')
    mkdirSync(inside, { recursive: true })
    writeFileSync(
      path.join(inside, 'config.json'),
      JSON.stringify({ architectures: ['LlavaForConditionalGeneration'], model_type: 'llava', vision_config: { depth: 2 } }),
    )
    writeFileSync(path.join(inside, 'model.safetensors'), weightsFile('w'))
    writeGguf(path.join(folder, 'Seer-4B-Q4_K_M.gguf'), languageModel())
    let folders = [folder, path.join(folder, 'nowhere')]
    const { service } = studio({ folders: () => folders })
    const first = await service.scan()
    expect(first.sources.filter(({ source }) => source === 'folder')).toEqual([
      { source: 'folder', place: folder, found: 2, note: null },
      { source: 'folder', place: folders[1], found: 0, note: 'is not there' },
    ])
    expect((await service.show('watcher-2b')).entry).toMatchObject({
      backend: 'vllm',
      download_path: inside,
      roles: expect.arrayContaining(['caption']),
    })
    expect((await service.show('seer-4b_(Q4_K_M)')).entry).toMatchObject({ backend: 'llamacpp' })
    expect(await service.scan()).toMatchObject({ added: [], changed: [], missing: [] })
    folders = []
    expect((await service.scan()).missing.sort()).toEqual(['seer-4b_(Q4_K_M)', 'watcher-2b'])
    expect((await service.list()).find(({ name }) => name === 'watcher-2b')).toMatchObject({ state: 'not-installed' })
    folders = [folder]
    expect((await service.scan()).missing).toEqual([])
    expect((await service.show('watcher-2b')).entry.metadata['missing']).toBeUndefined()
  })

  it('are absolute paths of one line; others are refused by the setting', () => {
    const accepts = (folder: string) => settingsPatch.safeParse({ modelFolders: [folder] }).success
    for (const good of ['/srv/models', '/mnt/with, comma', 'D:\\models', 'C:/models', '\\\\server\\share']) expect(accepts(good), good).toBe(true)
    for (const bad of ['models', '../models', './x', '', '~/models', '/a\nb', 'C:models', `/${'x'.repeat(5000)}`])
      expect(accepts(bad), bad).toBe(false)
    expect(modelPlacesOf({}, '/home/u', ['/a/../b', '/b', '/c']).folders).toEqual(['/b', '/c'])
  })
})

describe('GGUF files', () => {
  it('are found with their projector, take roles, and lose them when the file goes', async () => {
    const folder = tempFolder()
    const file = path.join(folder, 'Seer-4B-Q4_K_M.gguf')
    writeGguf(file, languageModel())
    writeGguf(path.join(folder, 'mmproj-Seer-4B.gguf'), projector(2560))
    const { service } = studio({ ggufFolder: folder })
    await service.scan()
    const shown = await service.show('Seer-4B (Q4_K_M)')
    expect(shown).toMatchObject({
      name: 'seer-4b_(Q4_K_M)',
      backend: 'llamacpp',
      roles: ['caption', 'keywords', 'description', 'narration'],
      entry: { backend_config: { model_path: file }, metadata: { architecture: { num_layers: 36 } } },
    })
    expect(shown.provenance['/backend_config/model_path']).toBe('discovered')
  })
})

describe('one model whole', () => {
  it('each value with its layer, and what is wrong with it', async () => {
    const { service, dataFolder } = studio()
    writeFileSync(
      path.join(dataFolder, 'model_registry.user.json'),
      JSON.stringify([{ name: QWEN25, quantization: 'q5_k_m', backend_config: { port: 'x' } }]),
    )
    const shown = await service.show('qwen2.5vl:7b')
    expect(shown).toMatchObject({ name: QWEN25, quantization: 'q4_k_m', entry: { name: QWEN25 } })
    expect(shown.provenance).toMatchObject({ '/quantization': 'curated', '/metadata/architecture/num_layers': 'curated' })
    expect(shown.problems).toMatchObject([
      { code: 'registry-invalid', data: { file: 'model_registry.user.json', entry: QWEN25, field: 'backend_config.port' } },
    ])
    await expect(service.show('nothing-like-it')).rejects.toMatchObject({ code: 'model-unknown' })
  })
})

describe('the user’s changes', () => {
  it('are patches: kept as the delta, taken back by null, and by going back', async () => {
    const { service, user, changes } = studio()
    const edited = await service.editOverlay('qwen2.5vl:7b', { role_priority: { caption: 99 }, odd: { kept: 1 } })
    expect(edited).toMatchObject({ entry: { role_priority: { caption: 99, keywords: 75 }, odd: { kept: 1 } } })
    expect(edited.provenance['/role_priority/caption']).toBe('user')
    expect(user()).toEqual([{ name: QWEN25, role_priority: { caption: 99 }, odd: { kept: 1 } }])
    await service.editOverlay(QWEN25, { role_priority: { caption: null } })
    expect(user()).toEqual([{ name: QWEN25, odd: { kept: 1 } }])
    await service.editOverlay(QWEN25, { odd: null })
    expect(user()).toEqual([])
    const history = await service.history()
    expect(history.map(({ version, changed, current }) => [version, changed.length, current])).toEqual([
      ['3', 1, true],
      ['2', 1, false],
      ['1', 1, false],
      ['0', 0, false],
    ])
    expect((await service.rollback('1'))[0]).toMatchObject({ version: '4', current: true })
    expect((await service.show(QWEN25)).entry.role_priority).toMatchObject({ caption: 99 })
    await expect(service.rollback('77')).rejects.toMatchObject({ code: 'registry-version-unknown' })
    expect(changes()).toBe(4)
  })

  it('that make the entry invalid must not be saved, and the error names the field', async () => {
    const { service, dataFolder } = studio()
    const bad = [
      { patch: { backend_config: { port: 'x' } }, field: 'backend_config.port' },
      { patch: { vram_estimate_mb: -1 }, field: 'vram_estimate_mb' },
      { patch: { roles: 'caption' }, field: 'roles' },
    ]
    for (const { patch, field } of bad) {
      await expect(service.editOverlay(QWEN25, patch)).rejects.toMatchObject({ code: 'registry-invalid', data: { entry: QWEN25, field } })
    }
    await expect(service.editOverlay(QWEN25, { x: JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown })).rejects.toMatchObject({
      code: 'registry-invalid',
    })
    expect(existsSync(path.join(dataFolder, 'model_registry.user.json'))).toBe(false)
  })

  it('of the name itself have no effect', async () => {
    const { service, user } = studio()
    await service.editOverlay(QWEN25, { name: '../../x', odd: 1 })
    expect(user()).toEqual([{ name: QWEN25, odd: 1 }])
  })
})

describe('the version lock', () => {
  it('locks, refuses changed weights before a load, verifies, and lets go', async () => {
    const server = await startRepliesServer(ollamaWith(tag('qwen2.5vl:7b', 'd1')))
    const { service, user } = studio({ ollamaBaseUrl: server.origin })
    expect(await service.verify(QWEN25)).toMatchObject({ locked: false, matches: null, digest: 'd1', expected: null })
    expect(await service.lock(QWEN25)).toEqual({ name: QWEN25, locked: true, matches: true, digest: 'd1', expected: 'd1', files: 1 })
    expect(user()).toEqual([{ name: QWEN25, version_lock: { locked: true, digest: 'd1' } }])
    await service.checkBeforeLoad(await service.resolve(QWEN25))
    expect((await service.show(QWEN25)).entry.version_lock).toMatchObject({ locked: true, last_verified: expect.any(String) })
    server.set(ollamaWith(tag('qwen2.5vl:7b', 'd2')))
    await expect(service.checkBeforeLoad(await service.resolve(QWEN25))).rejects.toMatchObject({ code: 'model-locked' })
    expect(await service.verify(QWEN25)).toMatchObject({ locked: true, matches: false, digest: 'd2', expected: 'd1' })
    await service.scan()
    await expect(service.checkBeforeLoad(await service.resolve(QWEN25))).rejects.toMatchObject({ code: 'model-locked' })
    await service.unlock(QWEN25)
    expect(user()).toEqual([])
    await service.checkBeforeLoad(await service.resolve(QWEN25))
  })
})

describe('the vision probe', () => {
  const says = (text: string) => async () => text
  it('is stored in the discovered layer, rules selection, and goes when the weights change', async () => {
    const server = await startRepliesServer(ollamaWith(tag('llava:7b', 'd1')))
    const { service, forget } = studio({ ollamaBaseUrl: server.origin })
    await service.scan()
    const name = 'llava_7b_(Q4_K_M)'
    expect(await service.probe('llava:7b', says('A red circle.'))).toMatchObject({ vision_ok: false, digest: 'd1' })
    expect((await service.show(name)).provenance['/probes/vision/vision_ok']).toBe('discovered')
    expect((await service.select('caption')).rejected).toContainEqual({ name, reason: 'is not known to see pictures' })
    await service.scan()
    expect((await service.show(name)).entry.probes['vision']).toMatchObject({ vision_ok: false })
    server.set(ollamaWith(tag('llava:7b', 'd2')))
    forget()
    await service.scan()
    expect((await service.show(name)).entry.probes['vision']).toBeUndefined()
    expect((await service.select('caption')).models[0]?.name).toBe(name)
  })

  it('gives roles to a model of a server that could not tell, when it proves that it sees', async () => {
    const server = await startRepliesServer({ '/v1/models': { data: [{ id: 'known' }, { id: 'stranger' }] } })
    const { service } = studio()
    await service.addEndpoint({ name: 'box', baseUrl: server.origin, servedModelId: 'known', roles: ['caption'], consent: false })
    await service.scan()
    expect(await service.show('stranger')).toMatchObject({ backend: 'remote', roles: [] })
    let asked = 0
    await service.probe('stranger', async () => (asked++ === 0 ? 'red circle' : 'blue square'))
    expect(await service.show('stranger')).toMatchObject({ roles: expect.arrayContaining(['caption']) })
    await service.scan()
    expect(await service.show('stranger')).toMatchObject({ roles: expect.arrayContaining(['caption']) })
    expect((await service.select('keywords')).models[0]?.name).toBe('stranger')
  })
})

describe('facts that are learnt here', () => {
  it('are kept under any key, over scans, in the discovered layer', async () => {
    const { service } = studio()
    await service.recordFacts(QWEN25, { performance: { load_ms: 7 } })
    await service.recordFacts(QWEN25, { performance: { ttft_ms: 8 } })
    await service.scan()
    const { entry, provenance } = await service.show(QWEN25)
    expect(entry['performance']).toEqual({ load_ms: 7, ttft_ms: 8 })
    expect(provenance['/performance/load_ms']).toBe('discovered')
  })
})

describe('selection', () => {
  it('a measured need replaces the registry’s figure', async () => {
    const { service } = studio({ needs: { 'qwen3-vl-8b-instruct_(FP8)': 23_000 } })
    const { rejected } = await service.select('caption', { assumeInstalled: true })
    expect(rejected).toContainEqual({ name: 'qwen3-vl-8b-instruct_(FP8)', reason: 'needs 23000 of 22000 MB' })
  })
})

describe('another registry file', () => {
  it('of the three seeds: exactly 13 rows, whatever Ollama has and the user changed', async () => {
    const server = await startRepliesServer(ollamaWith(tag('llava:7b')))
    const registryFile = path.join(tempFolder(), 'seeds.json')
    const shipped = JSON.parse(readFileSync(path.join(configsFolder, 'model_registry.curated.json'), 'utf8')) as { name: string }[]
    writeFileSync(registryFile, JSON.stringify(shipped.filter(({ name }) => SEED_NAMES.includes(name))))
    const { service, dataFolder } = studio({ ollamaBaseUrl: server.origin, registryFile })
    await service.scan()
    const rows = (await service.listRoles()).map(({ role, model }) => `${role} ${model}`)
    expect(rows).toHaveLength(13)
    expect(rows).toEqual([...rows].sort())
    expect(existsSync(path.join(dataFolder, 'model_registry.discovered.json'))).toBe(false)
  })
})

describe('where other programs keep models', () => {
  it('by their own variables, else by habit; never a relative folder', () => {
    expect(modelPlacesOf({}, '/home/u').huggingFace).toEqual([path.join('/home/u', '.cache', 'huggingface', 'hub')])
    expect(modelPlacesOf({ HF_HOME: '/hf' }, '/home/u').huggingFace).toEqual([path.join('/hf', 'hub')])
    expect(modelPlacesOf({ HF_HUB_CACHE: '/hub', HF_HOME: '/hf' }, '/home/u').huggingFace).toEqual(['/hub'])
    expect(modelPlacesOf({ HF_HUB_CACHE: '../x' }, '/home/u').huggingFace).toEqual([])
  })
})
