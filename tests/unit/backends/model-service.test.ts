import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createBackendSet } from '../../../src-main/backends/backend-set.ts'
import { createDeployment } from '../../../src-main/backends/deployment.ts'
import { createModelService } from '../../../src-main/backends/model-service.ts'
import { createRegistryFiles } from '../../../src-main/backends/registry-files.ts'
import type { Problem } from '../../../src-main/contract/model.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import type { WorkerClient } from '../../../src-main/lib/worker-process.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const configsFolder = fileURLToPath(new URL('../../../configs', import.meta.url))
const idleWorker: WorkerClient = {
  running: false,
  call: () => Promise.reject(new Error('not asked for here')),
  unload: async () => undefined,
  dispose: async () => undefined,
}

function studio(given: { ollamaBaseUrl?: string; environment?: Record<string, string>; gpus?: number[]; registryFile?: string } = {}) {
  const { environment = {}, ollamaBaseUrl = 'http://127.0.0.1:9', gpus = [24_080] } = given
  const dataFolder = tempFolder()
  const stored = new Map<string, unknown>()
  const settings = { get: (key: string) => stored.get(key), set: (key: string, value: unknown) => void stored.set(key, value) }
  const problems: Problem[] = []
  const tell = (problem: Problem) => void problems.push(problem)
  const backends = createBackendSet({
    embeddedWorker: idleWorker,
    onnxWorker: idleWorker,
    graceMs: () => 1000,
    ollamaBaseUrl,
    environment,
    clock: systemClock,
  })
  const readGpus = async () => ({ gpus: gpus.map((totalMb, index) => ({ index, name: 'card', totalMb, freeMb: null })) })
  const deployment = createDeployment({ configsFolder, settings, readGpus, environment, clock: systemClock })
  const files = createRegistryFiles({ configsFolder, dataFolder, registryFile: given.registryFile, tell })
  const service = createModelService({ files, backends, deployment, settings, tell, onChanged: () => undefined })
  return { service, dataFolder, userFile: path.join(dataFolder, 'model_registry.user.json'), problems, stored }
}

const endpoint = { name: 'My box', baseUrl: 'http://127.0.0.1:9', servedModelId: 'm', roles: ['caption'], consent: false }

describe('which model takes a role', () => {
  it('with nothing else here it must be the embedded one, and the others say why not', async () => {
    const { service } = studio()
    const selection = await service.select('caption')
    expect(selection.models.map(({ name }) => name)).toEqual(['embedded-basic-facts'])
    expect(selection.rejected.find(({ name }) => name.startsWith('qwen25vl'))?.reason).toMatch(/not installed.*ollama pull qwen2\.5vl:7b/)
    expect(selection.rejected.find(({ name }) => name.startsWith('qwen3'))?.reason).toMatch(/not installed.*vllm serve/)
    expect((await service.modelForRole('caption')).name).toBe('embedded-basic-facts')
  })

  it('a role that nothing here can take must name the remedies', async () => {
    await expect(studio().service.modelForRole('narration')).rejects.toMatchObject({
      code: 'no-model-for-role',
      data: { role: 'narration', profile: 'balanced_24gb', remedies: expect.arrayContaining([expect.stringContaining('Ollama')]) },
    })
  })

  it('override before choice before selector; any spelling is taken, null goes back', async () => {
    const { service } = studio()
    await service.choose('caption', 'qwen2.5vl:7b')
    expect((await service.modelForRole('caption')).name).toBe('qwen25vl_8.3b_(Q4_K_M)')
    expect((await service.select('caption')).chosen).toBe('qwen25vl_8.3b_(Q4_K_M)')
    expect((await service.modelForRole('caption', 'florence-2-large (fp16)')).name).toBe('florence-2-large_(FP16)')
    await service.choose('caption', null)
    expect((await service.modelForRole('caption')).name).toBe('embedded-basic-facts')
    await expect(service.choose('caption', 'nothing-like-it')).rejects.toMatchObject({ code: 'model-unknown' })
    await expect(service.choose('captions', null)).rejects.toMatchObject({ code: 'role-unknown' })
  })

  it('a chosen model that is gone must be replaced with a notice, not silently and not by a failure', async () => {
    const { service, stored, problems } = studio()
    stored.set('model.role.caption', 'gone')
    expect((await service.modelForRole('caption')).name).toBe('embedded-basic-facts')
    await service.modelForRole('caption')
    expect(problems.map(({ code }) => code)).toEqual(['model-unknown'])
  })
})

describe('a running Ollama', () => {
  it('offers its vision models, described or not, and no others', async () => {
    const ollama = await startOpenAiServer('--ollama', '--models', 'qwen2.5vl:7b,llava:7b,text-only:3b')
    const { service } = studio({ ollamaBaseUrl: ollama.origin })
    expect(await service.discover()).toEqual({ ollama: { running: true, baseUrl: ollama.origin, visionModels: ['qwen2.5vl:7b', 'llava:7b'] } })
    const selection = await service.select('caption')
    expect(selection.models.map(({ name }) => name)).toEqual(['qwen25vl_8.3b_(Q4_K_M)', 'llava_7b_(Q4_K_M)', 'embedded-basic-facts'])
    expect((await service.list()).find(({ name }) => name.startsWith('llava'))).toMatchObject({ state: 'available', remote: false })
    expect((await service.registry()).provenance.get('llava_7b_(Q4_K_M)')?.['/roles']).toBe('discovered')
  })
  it('a locked model whose weights are others now must not be ranked', async () => {
    const ollama = await startOpenAiServer('--ollama', '--models', 'qwen2.5vl:7b')
    const { service, userFile } = studio({ ollamaBaseUrl: ollama.origin })
    const { name } = await service.lock('qwen2.5vl:7b')
    expect((await service.select('caption')).models[0]?.name).toBe(name)
    writeFileSync(userFile, JSON.stringify([{ name, version_lock: { locked: true, digest: 'another' } }]))
    expect(await service.verify(name)).toMatchObject({ locked: true, matches: false })
    const { models, rejected } = await service.select('caption')
    expect(models.map((model) => model.name)).not.toContain(name)
    expect(rejected.find((model) => model.name === name)?.reason).toMatch(/its weights are not the locked ones/)
    expect((await service.list()).find((model) => model.name === name)).toMatchObject({ state: 'not-installed' })
    await service.unlock(name)
    expect((await service.select('caption')).models[0]?.name).toBe(name)
  })
  it('that is not there is said, within the bound', async () => {
    expect(await studio().service.discover()).toMatchObject({ ollama: { running: false, visionModels: [] } })
  })
})

describe('servers that the user adds', () => {
  it('are kept as the delta alone, with unknown keys of the file, and go again', async () => {
    const { service, userFile } = studio()
    writeFileSync(userFile, JSON.stringify({ note: 'mine', models: [{ name: 'qwen25vl_8.3b_(Q4_K_M)', quantization: 'q4', odd: 1 }] }))
    const added = await service.addEndpoint(endpoint)
    expect(added).toMatchObject({ name: 'My-box', backend: 'remote', remote: false, state: 'unreachable' })
    const saved = JSON.parse(readFileSync(userFile, 'utf8')) as { note: string; models: object[] }
    expect(saved.note).toBe('mine')
    expect(saved.models).toEqual([{ name: 'qwen25vl_8.3b_(Q4_K_M)', quantization: 'q4', odd: 1 }, expect.objectContaining({ name: 'My-box' })])
    await service.removeEndpoint('my box')
    expect((JSON.parse(readFileSync(userFile, 'utf8')) as typeof saved).models).toHaveLength(1)
    expect((await service.list()).map(({ name }) => name)).not.toContain('My-box')
  })

  it('two at the same time must both be kept', async () => {
    const { service } = studio()
    await Promise.all(['one', 'two', 'three'].map((name) => service.addEndpoint({ ...endpoint, name })))
    expect((await service.list()).map(({ name }) => name)).toEqual(expect.arrayContaining(['one', 'two', 'three']))
  })

  it('outside this machine need consent; nothing is saved without it', async () => {
    const { service, userFile } = studio()
    await expect(service.addEndpoint({ ...endpoint, baseUrl: 'https://a.example/v1' })).rejects.toMatchObject({ code: 'endpoint-consent-required' })
    expect(existsSync(userFile)).toBe(false)
  })

  it('must not replace what ships, and what ships cannot be removed', async () => {
    const { service } = studio()
    await expect(service.addEndpoint({ ...endpoint, name: 'embedded-basic-facts' })).rejects.toMatchObject({ code: 'endpoint-invalid' })
    await expect(service.removeEndpoint('embedded-basic-facts')).rejects.toMatchObject({ code: 'endpoint-invalid' })
  })

  it('with a key: found by the variable alone, missing said, never stored', async () => {
    const server = await startOpenAiServer('--require-key', 'k1', '--models', 'm')
    const file = path.join(tempFolder(), 'r.json')
    const entry = {
      name: 'keyed',
      backend: 'remote',
      backend_config: { base_url: server.origin, api_key_env: 'BOX_KEY' },
      served_model_id: 'm',
      roles: ['caption'],
      capabilities: { vision: true },
    }
    writeFileSync(file, JSON.stringify([entry]))
    const state = async (environment: Record<string, string>) => (await studio({ registryFile: file, environment }).service.list())[0]
    expect(await state({ BOX_KEY: 'k1' })).toMatchObject({ state: 'ready' })
    expect(await state({ BOX_KEY: 'wrong' })).toMatchObject({ state: 'unreachable', stateReason: expect.stringContaining('refuses our key') })
    expect(await state({})).toMatchObject({ state: 'unreachable', stateReason: expect.stringContaining('BOX_KEY') })
  })
})

describe('a broken registry file', () => {
  it('must leave the last good view, tell once, and be left as it is', async () => {
    const { service, userFile, problems } = studio()
    await service.addEndpoint(endpoint)
    writeFileSync(userFile, '{"models": [half')
    expect((await service.list()).map(({ name }) => name)).toContain('My-box')
    await service.list()
    expect(problems).toEqual([
      expect.objectContaining({ code: 'registry-invalid', data: expect.objectContaining({ file: 'model_registry.user.json' }) }),
    ])
    await expect(service.addEndpoint({ ...endpoint, name: 'other' })).rejects.toMatchObject({ code: 'registry-invalid' })
    expect(readFileSync(userFile, 'utf8')).toBe('{"models": [half')
    writeFileSync(userFile, '[]')
    expect((await service.list()).map(({ name }) => name)).not.toContain('My-box')
  })
  it('must be among the problems of the view, with the entries that were left out, each told once', async () => {
    const { service, userFile, problems } = studio()
    expect((await service.registry()).problems).toEqual([])
    writeFileSync(userFile, '{"models": [half')
    for (let i = 0; i < 2; i++) {
      expect((await service.registry()).problems).toMatchObject([{ code: 'registry-invalid', data: { file: 'model_registry.user.json' } }])
    }
    expect(problems).toHaveLength(1)
    writeFileSync(userFile, '[{"name":"embedded-basic-facts","roles":"caption"}]')
    const data = { file: 'model_registry.user.json', entry: 'embedded-basic-facts', field: 'roles' }
    for (let i = 0; i < 2; i++) expect((await service.registry()).problems).toMatchObject([{ code: 'registry-invalid', data }])
    expect(problems).toHaveLength(2)
    writeFileSync(userFile, '[]')
    expect((await service.registry()).problems).toEqual([])
  })
  it('named by hand must be an error, not an empty list', async () => {
    const { service } = studio({ registryFile: path.join(tempFolder(), 'none.json') })
    await expect(service.list()).rejects.toMatchObject({ code: 'registry-invalid', data: { file: 'none.json', reason: 'is not there' } })
  })
  it('an entry of a wrong type in it must leave that entry as it last was, as long as it is there', async () => {
    const { service, userFile, problems } = studio()
    const name = 'embedded-basic-facts'
    const own = { name: 'own', backend: 'remote', backend_config: { base_url: 'http://127.0.0.1:9' }, roles: ['caption'] }
    const put = (...records: object[]) => writeFileSync(userFile, JSON.stringify(records))
    const find = async (wanted: string) => (await service.registry()).entries.find((entry) => entry.name === wanted)
    put({ name, quantization: 'mine' }, own)
    expect(await find('own')).toBeDefined()
    put({ name, quantization: 'mine', roles: 'caption' }, { ...own, roles: 7 })
    expect(await find(name)).toMatchObject({ quantization: 'mine' })
    expect(await find('own')).toMatchObject({ roles: ['caption'] })
    put({ name, quantization: 'mine', roles: 'other' }, { ...own, roles: 8 })
    expect(await find('own')).toMatchObject({ roles: ['caption'] })
    expect(problems.map(({ data }) => data?.['entry'])).toEqual(expect.arrayContaining([name, 'own']))
    put({ name, roles: 'caption' })
    expect(await find('own')).toBeUndefined()
    put()
    expect((await find(name))?.quantization).not.toBe('mine')
  })
  it('from the start must leave what ships', async () => {
    const { service, userFile } = studio()
    writeFileSync(userFile, '\u0000')
    expect((await service.list()).map(({ name }) => name)).toContain('embedded-basic-facts')
  })
})

describe('profiles', () => {
  it('environment, then choice, then what is there', async () => {
    const { service } = studio({ gpus: [] })
    expect(await service.profileState()).toMatchObject({ active: 'cpu_only', detected: 'cpu_only', gpus: [] })
    expect(await service.setProfile('development')).toMatchObject({ active: 'development', detected: 'cpu_only', reason: 'chosen by hand' })
    await expect(service.setProfile('develop')).rejects.toMatchObject({ code: 'profile-unknown' })
    expect((await service.select('caption', { assumeInstalled: true })).profile).toBe('development')
    expect((await service.select('caption', { assumeInstalled: true, profile: 'generous_96gb' })).models[0]?.name).toBe('qwen3-vl-8b-instruct_(FP8)')
  })
  it('by hand goes back to what was detected', async () => {
    const { service } = studio({ gpus: [] })
    await service.setProfile('development')
    expect(await service.setProfile(null)).toMatchObject({ active: 'cpu_only', detected: 'cpu_only' })
  })
  it('an unknown name in the environment must be an error, not another profile', async () => {
    const { service } = studio({ environment: { IMAGEWORKS_DEPLOYMENT_PROFILE: 'huge' } })
    await expect(service.profileState()).rejects.toMatchObject({ code: 'profile-unknown' })
    await expect(service.select('caption')).rejects.toMatchObject({ code: 'profile-unknown' })
  })
})
