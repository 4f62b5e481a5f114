/** Models, profiles, settings and checks of the library in memory. */
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import type { ModelSummary, ProfileState } from '../../../src-main/contract/model.ts'
import type { Handlers } from '../../../src-main/contract/routes/index.ts'
import type { Settings } from '../../../src-main/contract/settings.ts'
import { ClientFailure } from '../studio-client.ts'
import type { Scene } from './memory-library.ts'

type ModelHandlers = Partial<
  Pick<Handlers, Extract<keyof Handlers, `models.${string}` | `profile.${string}` | `app.${string}` | `settings.${string}`>>
>

const ROLES = ['caption', 'keywords', 'description']
const EMBEDDED: ModelSummary = {
  name: 'embedded',
  displayName: 'Basic facts (no vision-language model)',
  backend: 'embedded',
  quantization: null,
  vramEstimateMb: 0,
  roles: ROLES,
  state: 'ready',
  stateReason: null,
  remote: false,
  removable: false,
}
const LARGE: ModelSummary = {
  name: 'qwen3-vl-8b-instruct',
  displayName: 'Qwen3-VL 8B Instruct',
  backend: 'vllm',
  quantization: 'awq',
  vramEstimateMb: 9200,
  roles: ROLES,
  state: 'not-installed',
  stateReason: 'Weights are not on this machine',
  remote: false,
  removable: false,
}

export function memoryModels({ scene, tell }: { scene: Scene; tell: (event: StudioEvent) => void }): ModelHandlers {
  const models = [EMBEDDED, LARGE]
  const chosen = new Map<string, string>()
  const profiles: ProfileState = {
    active: 'cpu-only',
    detected: 'cpu-only',
    reason: 'detected',
    gpus: [],
    available: [
      {
        name: 'cpu-only',
        description: 'No graphics card: the embedded model',
        maxVramMb: 0,
        effects: ['Uses the embedded model', 'Two photos at a time'],
      },
      {
        name: 'single-gpu-8gb',
        description: 'One card with about 8 GB',
        maxVramMb: 7500,
        effects: ['Allows models up to 7.5 GB', 'One model at a time'],
      },
      {
        name: 'single-gpu-24gb',
        description: 'One card with about 24 GB',
        maxVramMb: 22_500,
        effects: ['Allows models up to 22.5 GB', 'Keeps two models loaded'],
      },
    ],
  }
  let settings: Settings = {
    theme: 'system',
    taggingConcurrency: 2,
    embeddedGraceSeconds: 300,
    thumbnailCacheMb: 2048,
    modelViewLongEdge: 1024,
    proxyPort: 8100,
    watchFolders: true,
    sendPhotoFacts: true,
    metadataPreset: 'custom',
    sidecarNaming: 'stem',
    sidecarKinds: ['dng'],
    keywordTree: 'given',
    keywordLevels: 'every-level',
    digikamTags: false,
    titlePolicy: 'fill',
    descriptionPolicy: 'fill',
    altTextPolicy: 'fill',
    extendedDescriptionPolicy: 'fill',
    keywordPolicy: 'merge',
    captionField: 'title',
    descriptionField: 'description',
    headlineMirror: false,
    writeProvenance: false,
    monoKeyword: false,
    hardLinks: 'refuse',
    modificationTime: 'new',
    keepOriginals: false,
    originalsMb: 4096,
    trimConversations: true,
    keepLastTurns: 1,
    trimReasoning: false,
    gatewayPictureEdge: 0,
    gatewayPictureQuality: 85,
    pictureHosts: [],
    gatewayOrigins: [],
    gatewayToken: false,
    modelFolders: [],
  }
  return {
    'app.info': () => ({
      version: '0.1.0',
      host: 'browser',
      dataFolder: '/home/photographer/.local/share/imageworks-studio',
      proxyUrl: 'http://127.0.0.1:8100/v1',
      proxyNote: null,
      startGrants: [],
      notices:
        scene === 'failing' ? [{ code: 'registry-invalid', message: 'models.json, line 12: unknown backend.', data: { path: 'models.json' } }] : [],
    }),
    'app.doctor': () => [
      { name: 'ExifTool', state: 'ok', detail: 'Version 13.30, bundled', remedy: null },
      { name: 'Data folder', state: 'ok', detail: 'Writable, 212 GB free', remedy: null },
      {
        name: 'Graphics card',
        state: 'warning',
        detail: 'None found: models run on the processor',
        remedy: 'Install the NVIDIA driver if this machine has a card.',
      },
      {
        name: 'Ollama',
        state: scene === 'failing' ? 'missing' : 'ok',
        detail: 'http://127.0.0.1:11434',
        remedy: 'Get it from ollama.com, then start it.',
      },
    ],
    'settings.get': () => ({ ...settings }),
    'settings.set': (change) => {
      settings = { ...settings, ...change }
      tell({ name: 'settings.changed', data: {} })
      return { ...settings }
    },
    'models.show': ({ name }) => {
      const model = models.find((each) => each.name === name)
      if (!model) throw new ClientFailure({ code: 'model-unknown', message: `No model ${name}.` })
      const usedMb = model.vramEstimateMb
      return {
        ...model,
        memory: { usedMb, source: 'registry', registryMb: usedMb, estimatedMb: 8800, reservedShare: null },
        ...{ entry: {}, provenance: {}, problems: [] },
      }
    },
    'models.list': () => structuredClone(models),
    'models.select': ({ role }) => ({
      role,
      profile: profiles.active,
      models: models
        .filter((model) => model.state === 'ready')
        .map((model) => ({
          name: model.name,
          backend: model.backend,
          quantization: model.quantization,
          vram_estimate_mb: model.vramEstimateMb,
          role_priority: 10,
          reasons: model.backend === 'embedded' ? ['Always there', 'Needs no graphics card'] : ['Added by you'],
        })),
      rejected: [{ name: LARGE.name, reason: 'Needs 9 200 MB of graphics memory; this profile allows 0' }],
      chosen: chosen.get(role) ?? null,
      remedies: [],
    }),
    'models.choose': ({ role, model }) => {
      if (model === null) chosen.delete(role)
      else chosen.set(role, model)
      tell({ name: 'models.changed', data: {} })
      return {}
    },
    'models.discover': () => ({
      ollama: {
        running: scene !== 'failing',
        baseUrl: 'http://127.0.0.1:11434',
        visionModels: scene === 'failing' ? [] : ['qwen2.5vl:7b', 'gemma3:4b'],
      },
    }),
    'models.addEndpoint': (endpoint) => {
      const local = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint.baseUrl).hostname)
      if (!local && !endpoint.consent)
        throw new ClientFailure({ code: 'endpoint-consent-required', message: 'Consent is needed for a remote address.' })
      const model: ModelSummary = {
        ...EMBEDDED,
        name: endpoint.name,
        displayName: endpoint.servedModelId,
        backend: local ? 'ollama' : 'remote',
        vramEstimateMb: null,
        roles: endpoint.roles,
        remote: !local,
        removable: true,
      }
      models.push(model)
      tell({ name: 'models.changed', data: {} })
      return model
    },
    'models.removeEndpoint': ({ name }) => {
      const index = models.findIndex((model) => model.name === name)
      if (index >= 0) models.splice(index, 1)
      tell({ name: 'models.changed', data: {} })
      return {}
    },
    'profile.get': () => structuredClone(profiles),
    'profile.set': ({ name }) => {
      Object.assign(profiles, { active: name ?? profiles.detected, reason: 'chosen' })
      tell({ name: 'models.changed', data: {} })
      return structuredClone(profiles)
    },
  }
}
