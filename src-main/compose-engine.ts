/** Builds the engine room: which models there are, who runs them, who may use them now. A part of `compose()`; starts nothing. */
import { homedir } from 'node:os'
import { createBackendSet } from './backends/backend-set.ts'
import { createDeployment } from './backends/deployment.ts'
import { createDiscovery } from './backends/discovery/discovery.ts'
import { modelPlacesOf } from './backends/discovery/places.ts'
import { createLaunchProfiles } from './backends/launcher/launch-profiles.ts'
import { createProcessRunner } from './backends/launcher/process-runner.ts'
import { ollamaBaseUrlFrom } from './backends/loopback.ts'
import { createModelRunner } from './backends/model-runner.ts'
import { createModelService } from './backends/model-service.ts'
import type { SecretStore, SettingsStore, TellProblem } from './backends/ports.ts'
import { createRegistryFiles } from './backends/registry-files.ts'
import { createAuthorize } from './backends/secrets/authorization.ts'
import { createGatewayToken } from './backends/secrets/gateway-token.ts'
import { createKeychain } from './backends/secrets/keychain.ts'
import type { Settings } from './contract/settings.ts'
import type { Clock } from './lib/clock.ts'
import type { Disposables } from './lib/disposables.ts'
import type { EventBus } from './lib/event-bus.ts'
import type { Logger } from './lib/logger.ts'
import type { ShippedFolders } from './lib/places.ts'
import { StudioError, toProblem } from './lib/studio-error.ts'
import type { WorkerClient } from './lib/worker-process.ts'
import type { RequestRecord } from './proxy/ports.ts'
import { speedOf } from './proxy/request-speed.ts'
import { limitsFrom } from './proxy/scheduler/limits.ts'
import { createScheduler } from './proxy/scheduler/scheduler.ts'
import type { RegistryEntry } from './registry/entry.ts'
import { createCardWatch } from './vram/card-watch.ts'
import { createGauge } from './vram/gauge.ts'
import { createLoadRecords } from './vram/load-records.ts'
import { memoryFigures } from './vram/memory-figures.ts'
import type { MeasurementStore } from './vram/ports.ts'
import { readGpus } from './vram/read-gpus.ts'
import { smallerContext } from './vram/smaller-context.ts'

/** A changed registry file is seen within this time; looking at three files for every request would cost more than the request. */
const REGISTRY_LOOK_MS = 500

/** Between two samples of a model's speed: the figure is an average, and each sample is a row rewritten. */
const SPEED_SAMPLE_MS = 2_000

export interface EngineOptions {
  dataFolder: string
  folders: ShippedFolders
  environment: Readonly<Record<string, string | undefined>>
  registryFile: string | undefined
  embeddedWorker: WorkerClient
  onnxWorker: WorkerClient
  settings: () => Settings
  choices: SettingsStore
  secrets: SecretStore | undefined
  measurements: MeasurementStore
  events: EventBus
  tell: TellProblem
  clock: Clock
  log: Logger
}

export function composeEngine(options: EngineOptions, ends: Disposables) {
  const { dataFolder, folders, environment, choices, events, tell, clock, log } = options
  const { configs: configsFolder } = folders
  const ollamaBaseUrl = ollamaBaseUrlFrom(environment)
  const secrets = options.secrets ?? createKeychain()
  const gatewayToken = createGatewayToken({ secrets, isRequired: () => options.settings().gatewayToken })
  const authorize = createAuthorize({ environment, secrets })

  const files = createRegistryFiles({ configsFolder, dataFolder, registryFile: options.registryFile, tell, lookEveryMs: REGISTRY_LOOK_MS })
  const deployment = createDeployment({ configsFolder, settings: choices, readGpus: () => readGpus({ environment }), environment, clock })
  const profile = async () => (await deployment.choice()).active
  let graceMs = 0
  const limits = async () => {
    const now = limitsFrom(await profile())
    graceMs = now.graceMs
    // A program sees one instance of a cut card at most, so no model is spread there.
    const areInstances = (await deployment.gpus()).some(({ device }) => device !== undefined)
    return areInstances ? { ...now, gpuCount: 1 } : now
  }

  const records = createLoadRecords({ store: options.measurements, clock })
  /** A model of which nothing is known gets the cards to itself; without cards every model runs on the processor. */
  const needOf = async (entry: RegistryEntry) => {
    const { needMb, source, loadMs } = records.needOf(entry)
    if ((await deployment.gpus()).length === 0) return { needMb: 0, source: 'none' as const, loadMs }
    return { needMb: needMb ?? (await profile()).max_vram_mb, source, loadMs }
  }

  const findEntry = async (name: string) => (await models.registry()).entries.find((entry) => entry.name === name)
  const processes = ends.add(
    'model servers',
    createProcessRunner({
      dataFolder,
      launchProfiles: createLaunchProfiles({ configsFolder, dataFolder }),
      environment,
      clock,
      logger: log,
      findEntry,
      readGpus: () => readGpus({ environment }),
      userExtraArgs: async (entry) => {
        const origins = (await models.registry()).provenance.get(entry.name) ?? {}
        return origins['/backend_config/extra_args'] === 'user' ? (entry.backend_config.extra_args ?? []) : []
      },
    }),
    (it) => it.dispose(),
  )
  const backends = ends.add(
    'backends',
    createBackendSet({
      embeddedWorker: options.embeddedWorker,
      onnxWorker: options.onnxWorker,
      graceMs: () => options.settings().embeddedGraceSeconds * 1000,
      modelGraceMs: () => graceMs,
      ollamaBaseUrl,
      environment,
      secrets,
      processes,
      clock,
    }),
    (it) => it.dispose(),
  )
  const models = createModelService({
    files,
    backends,
    deployment,
    settings: choices,
    tell,
    onChanged: () => events.emit('models.changed', {}),
    served: () => scheduler.view().models,
    discovery: createDiscovery({
      ollamaBaseUrl,
      places: () => modelPlacesOf(environment, homedir(), options.settings().modelFolders),
      keyFor: async (entry) => {
        const headers = await authorize(entry).catch((): Record<string, string> => ({}))
        return headers['authorization']?.replace('Bearer ', '')
      },
    }),
    needMbOf: async (entries) => {
      const needs = entries.map((entry) => [entry.name, records.needOf(entry).needMb] as const)
      return new Map(needs.flatMap(([name, needMb]) => (needMb === null ? [] : [[name, needMb]])))
    },
    clock,
  })
  const runner = ends.add(
    'model runner',
    createModelRunner({
      processes,
      ollama: backends.ollama,
      workers: backends.workers,
      answersAsConfigured: (entry) => backends.answersAsConfigured(entry),
      needOf,
      onLoaded: async (entry, placement, { measuredMb, loadMs }) =>
        records.loaded(entry, { gpus: placement.gpus, measuredMb, loadMs, reserves: await processes.reservesMemory(entry) }),
      checkBeforeLoad: (entry) => models.checkBeforeLoad(entry),
      smallerContext: async (entry, { gpus, claimMb }) => {
        const reserves = await processes.reservesMemory(entry)
        const cards = (await readGpus({ environment })).gpus
        const budgets = gpus.map((index, i) => {
          const freeMb = cards.find((card) => card.index === index)?.freeMb ?? Number.POSITIVE_INFINITY
          return reserves || freeMb === Number.POSITIVE_INFINITY ? Math.min(claimMb[i] ?? 0, freeMb) : freeMb
        })
        return smallerContext(entry, { budgetMb: Math.min(...budgets), gpuCount: gpus.length })
      },
      onReduced: ({ name, fromTokens, toTokens }) => {
        const message = `${name} serves ${toTokens} tokens of context instead of ${fromTokens ?? 'all'}: the graphics memory did not suffice`
        tell({ code: 'context-reduced', message, data: { name, fromTokens, toTokens } })
      },
      entries: async () => (await models.registry()).entries,
      clock,
    }),
    (it) => it.dispose(),
  )
  /** By name or, as `role:caption`, whatever takes the role here. */
  const findToPreload = async (name: string) => {
    try {
      return name.startsWith('role:') ? await models.modelForRole(name.slice('role:'.length)) : await models.resolve(name)
    } catch (error) {
      if (error instanceof StudioError) return undefined
      throw error
    }
  }
  const scheduler = ends.add(
    'scheduler',
    createScheduler({
      runner,
      capacity: async () => ({ cards: (await readGpus({ environment })).gpus }),
      limits: {
        current: limits,
        onChanged: (listener) => events.subscribe(({ name }) => name === 'models.changed' && listener()),
      },
      findEntry: findToPreload,
      clock,
      logger: log,
    }),
    (it) => it.dispose(),
  )
  const cards = ends.add('watch of the cards', createCardWatch({ environment, clock }), (it) => it.dispose())
  const gauge = createGauge({
    readCards: () => cards.read(),
    ownPids: () => processes.view().flatMap(({ pid }) => pid ?? []),
    isActive: () => scheduler.view().models.some(({ state }) => state === 'starting' || state === 'stopping'),
    clock,
  })
  const notedAtMs = new Map<string, number>()
  /** On their way into the database, which is closed after them. */
  const notes = ends.add('speeds of answers', new Set<Promise<void>>(), async (it) => void (await Promise.all(it)))
  /** What answers showed of their models' speed, kept for the next estimate: of each model one now and then, as a sample. */
  const noteAnswers = (answers: readonly RequestRecord[]) => {
    for (const [name, record] of new Map(answers.map((record) => [record.model, record]))) {
      const speed = speedOf(record)
      if (speed === null || name === null || clock.ticksMs() - (notedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < SPEED_SAMPLE_MS) continue
      notedAtMs.set(name, clock.ticksMs())
      const note = findEntry(name)
        .then((entry) => entry && records.answered(entry, speed))
        .catch((error: unknown) => log.warn('speed-not-kept', { ...toProblem(error) }))
        .finally(() => notes.delete(note))
      notes.add(note)
    }
  }
  const memoryOf = (entry: RegistryEntry) => memoryFigures(entry, records.needOf(entry))
  return { models, backends, processes, runner, scheduler, gauge, memoryOf, gatewayToken, noteAnswers }
}
