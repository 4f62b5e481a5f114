/** Builds the studio: leaves first, each passed on to whoever needs it, each end registered on the line that makes it. Three hosts call this. */
import { readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { countTokens } from './backends/count-tokens.ts'
import type { SecretStore } from './backends/ports.ts'
import { composeEngine } from './compose-engine.ts'
import type { PhotoState, Problem, Stage } from './contract/model.ts'
import { settingsSchema } from './contract/settings.ts'
import { claimDataFolder } from './db/claim-data-folder.ts'
import { openDatabase } from './db/open-database.ts'
import { serveDesk } from './desk/serve-desk.ts'
import { createAppHandlers } from './handlers/app.ts'
import { createDispatch } from './handlers/dispatch.ts'
import { runDoctor } from './handlers/doctor.ts'
import { createEngineHandlers } from './handlers/engine.ts'
import { createKeymapHandlers } from './handlers/keymap.ts'
import { createLibraryHandlers } from './handlers/library.ts'
import { createMetadataHandlers } from './handlers/metadata.ts'
import { createModelHandlers } from './handlers/models.ts'
import { createMonoHandlers } from './handlers/mono.ts'
import { createReviewHandlers } from './handlers/review.ts'
import { createTaggingHandlers } from './handlers/tagging.ts'
import { createImaging } from './imaging/imaging.ts'
import { FULL_SIZE, type ThumbSize, THUMB_SIZES } from './imaging/ports.ts'
import { createQueue } from './jobs/queue.ts'
import { delay } from './jobs/delay.ts'
import { systemClock } from './lib/clock.ts'
import { Disposables } from './lib/disposables.ts'
import { EventBus } from './lib/event-bus.ts'
import type { ShippedFolders } from './lib/places.ts'
import { StudioError, toProblem } from './lib/studio-error.ts'
import type { Studio } from './lib/studio.ts'
import type { SpawnWorker, WorkerName } from './lib/worker-process.ts'
import { classifyName } from './library/classify-name.ts'
import { createGrants } from './library/grants.ts'
import { createImporter } from './library/import-run.ts'
import { createLooking } from './library/looking.ts'
import type { PhotoRecord } from './library/ports.ts'
import { createWatching } from './library/watching.ts'
import { createBackupStore } from './metadata/backup-store.ts'
import { createExifToolPool } from './metadata/exiftool-process.ts'
import { createMetadataWriter } from './metadata/metadata-writer.ts'
import { readPresets, rulesFrom } from './metadata/presets.ts'
import { createMetadataReader } from './metadata/read-metadata.ts'
import { readEverything } from './metadata/read-everything.ts'
import { createChatClient } from './proxy/chat-client.ts'
import { createProxy } from './proxy/create-proxy.ts'
import { proxySettingsFrom } from './proxy/proxy-settings.ts'
import { createRequestLog } from './proxy/request-log.ts'
import { listFolder } from './list-folder.ts'
import { openStudioLog } from './studio-log.ts'
import { readPromptProfiles } from './prompt-files.ts'
import { createAskAgain } from './tagging/ask-again.ts'
import { restingState } from './tagging/run-states.ts'
import type { ModelViewPort } from './tagging/ports.ts'
import { createTaggingRuns } from './tagging/tagging-runs.ts'
import { readGpus } from './vram/read-gpus.ts'
import { sidecarsOf } from './workers/sidecar-marks.ts'
import { createWorkerClient } from './workers/worker-client.ts'

export interface StudioOptions {
  host: 'electron' | 'browser' | 'cli'
  version: string
  dataFolder: string
  folders: ShippedFolders
  spawnWorker: SpawnWorker
  environment: Readonly<Record<string, string | undefined>>
  /** Absolute paths given at the start; a window imports them. */
  startPaths: readonly string[]
  /** Absolute folders that a window may browse. */
  browseRoots: readonly string[]
  /** A registry file in place of the shipped one and the user's changes. */
  registryFile?: string | undefined
  /** Default true: the tagger needs it. */
  proxy?: boolean
  proxyPort?: number | undefined
  /** Whether models of the profile's preload group are loaded at once; default: in windows. */
  preload?: boolean | undefined
  /** Default: the keychain of the operating system. */
  secrets?: SecretStore | undefined
}

const LOOK_AFTER_START_MS = 4000
const VIEW_TIMEOUT_MS = 60_000
/** A keychain that is locked may be asking for a password; until it has answered, only the studio itself gets in. */
const KEYCHAIN_AT_START_MS = 3000

/** @throws StudioError `data-folder-in-use`, `data-folder-unwritable`, `data-folder-full`, `database-newer`, `database-damaged` */
export async function compose(options: StudioOptions): Promise<Studio> {
  const { host, version, dataFolder, folders, environment } = options
  const clock = systemClock
  const ends = new Disposables()
  try {
    const events = new EventBus()
    const notices: Problem[] = []
    const tell = (problem: Problem) => {
      notices.push(problem)
      events.emit('notice', problem)
    }

    const claim = ends.add('claim of the data folder', claimDataFolder(dataFolder, clock), (it) => it.release())
    const database = ends.add('database', openDatabase({ folder: dataFolder, clock }), (it) => it.close())
    const log = ends.add('log', openStudioLog(path.join(dataFolder, 'logs', 'studio.jsonl')), (it) => it.close())
    const { photos, decisions, proposals, runs, plans, journal, settings } = database

    const worker = (name: WorkerName, given?: Record<string, string>) =>
      ends.add(`${name} worker`, createWorkerClient(name, options.spawnWorker, given), (it) => it.dispose())
    const embeddedWorker = worker('embedded', folders.weights === null ? undefined : { IMAGEWORKS_WEIGHTS_FOLDER: folders.weights })
    const onnxWorker = worker('onnx')
    const importWorker = worker('import')
    const watchWorker = worker('watch')

    const imaging = ends.add(
      'imaging',
      createImaging({
        cacheFolder: path.join(dataFolder, 'cache', 'pictures'),
        cacheLimitBytes: () => settings.readSettings().thumbnailCacheMb * 1024 ** 2,
        workers: () => createWorkerClient('imaging', options.spawnWorker),
        log,
      }),
      (it) => it.dispose(),
    )
    const exiftool = ends.add('ExifTool', createExifToolPool({ configPath: path.join(folders.configs, 'exiftool', 'imageworks.config') }), (it) =>
      it.dispose(),
    )
    const presets = await readPresets(folders.configs)
    const rules = () => rulesFrom(settings.readSettings(), presets)
    const backups = createBackupStore({
      folder: path.join(dataFolder, 'originals'),
      limitBytes: () => settings.readSettings().originalsMb * 1024 ** 2,
      inUse: () => new Set(journal.pending().flatMap((record) => record.hashBefore ?? [])),
    })
    const reader = createMetadataReader(exiftool, rules)
    const writer = createMetadataWriter({ exiftool, plans, journal, clock, log, rules, backups, studioVersion: version })
    const fieldOfStage = () => ({ caption: settings.readSettings().captionField, description: settings.readSettings().descriptionField })

    const choices = { get: (key: string) => settings.find(key), set: (key: string, value: unknown) => settings.put(key, value) }
    const engine = composeEngine(
      {
        dataFolder,
        folders,
        environment,
        registryFile: options.registryFile,
        embeddedWorker,
        onnxWorker,
        settings: () => settings.readSettings(),
        choices,
        secrets: options.secrets,
        measurements: database.measurements,
        events,
        tell: (problem) => {
          log.warn('notice', { ...problem })
          tell(problem)
        },
        clock,
        log,
      },
      ends,
    )
    const { models, backends, scheduler, gatewayToken } = engine

    let proxyAt: { url: string; port: number; note: string | null } | undefined
    const startProxy = async () => {
      const opened = gatewayToken.open((error) => tell(toProblem(error)))
      await Promise.race([opened, delay(KEYCHAIN_AT_START_MS, new AbortController().signal)])
      const proxy = createProxy({
        port: options.proxyPort ?? settings.readSettings().proxyPort,
        models: { ...models, backendFor: (entry) => backends.backendFor(entry) },
        log: createRequestLog({
          folder: path.join(dataFolder, 'logs'),
          clock,
          logger: log,
          keepInDatabase: (records) => {
            database.requests.add(records)
            engine.noteAnswers(records)
          },
        }),
        clock,
        logger: log,
        token: gatewayToken.current,
        settings: () => proxySettingsFrom(settings.readSettings()),
        admission: scheduler,
        serving: scheduler,
        readCards: () => engine.gauge.read(),
        reducedContextOf: engine.runner.reducedContextOf,
        countTokens: (entry, text, signal) => countTokens(entry, text, { ownAddress: engine.processes.baseUrlOf(entry.name), signal }),
        preparePicture: async (bytes, { longEdge, jpegQuality }, signal) => ({
          bytes: await imaging.smaller(bytes, { longEdge, quality: jpegQuality }, signal),
          mime: 'image/jpeg',
        }),
      })
      proxyAt = await proxy.start()
      claim.announce({ proxyUrl: proxyAt.url })
      ends.add('proxy', proxy, (it) => it.stop())
    }
    if (options.proxy !== false) await startProxy()
    const proxyUrl = () => {
      if (!proxyAt) throw new StudioError('proxy-unavailable', 'the proxy was not started')
      return proxyAt.url
    }

    const chat = createChatClient(proxyUrl, { token: gatewayToken.current })

    const looking = ends.add('looking', createLooking({ photos, look: (file, kind, signal) => imaging.look(file, kind, signal), events }), (it) =>
      it.stop(),
    )
    const importer = ends.add('import', createImporter({ worker: importWorker, photos, events, clock }), (it) => it.dispose())
    const watching = ends.add(
      'watched folders',
      createWatching({
        worker: watchWorker,
        folders: () => photos.folders(),
        isOn: () => host !== 'cli' && settings.readSettings().watchFolders,
        takeIn: async (paths, recursive) => {
          await importer.importAll(paths, { recursive, byItself: true })
          looking.lookAtPending()
        },
        delay,
      }),
      (it) => it.stop(),
    )
    const grants = createGrants(options.browseRoots, listFolder)

    const hasProposals = (photoId: number) => Object.keys(proposals.latest(photoId)).length > 0
    const prompts = await readPromptProfiles(folders.configs)
    const modelView: ModelViewPort = async (photoId, longEdge, signal) =>
      imaging.modelView(await looking.ensureLooked(photoId, signal), longEdge, signal)
    const taggingParts = {
      proposals,
      photos: {
        find: (photoId: number) => photos.find(photoId),
        setState: (photoIds: readonly number[], state: PhotoState) => photos.setState(photoIds, state),
        unqueue: (photoIds: readonly number[]) => {
          const standing = photoIds.map((photoId) => ({ photoId, state: restingState(decisions.get(photoId).status, hasProposals(photoId)) }))
          for (const state of new Set(standing.map((each) => each.state))) {
            photos.setState(
              standing.filter((each) => each.state === state).map((each) => each.photoId),
              state,
            )
          }
        },
        ensureLooked: async (photoId: number, signal: AbortSignal) => (await looking.ensureLooked(photoId, signal)).facts,
      },
      modelView,
      chat,
      resolveModel: async (stage: Stage, wanted: string | undefined) => {
        const entry = await models.modelForRole(stage, wanted)
        const summary = (await models.list()).find((each) => each.name === entry.name)
        return { name: entry.name, backend: summary?.backend ?? ('unassigned' as const), remote: summary?.remote ?? true }
      },
      settings: () => settings.readSettings(),
      delay,
      clock,
    }
    const tagging = ends.add(
      'tagging',
      createTaggingRuns({
        ...taggingParts,
        runs,
        prompt: () => prompts[0]!,
        queue: createQueue({ concurrency: () => settings.readSettings().taggingConcurrency }),
        events,
        log,
      }),
      (it) => it.dispose(),
    )
    const again = ends.add('asking again', createAskAgain({ ...taggingParts, prompts }), (it) => it.dispose())

    const refresh = async (photo: PhotoRecord): Promise<void> => {
      const { size, mtimeMs } = await stat(photo.path)
      const folder = path.dirname(photo.path)
      const sidecar = sidecarsOf(folder, await readdir(folder))(path.basename(photo.path), photo.kind)
      photos.putFound([{ path: photo.path, kind: photo.kind, sizeBytes: size, mtimeMs, pairedPath: photo.pairedPath, sidecar }])
    }

    const handlers = {
      ...createAppHandlers({
        info: () => ({
          version,
          host,
          dataFolder,
          proxyUrl: proxyAt?.url ?? null,
          proxyNote: proxyAt?.note ?? null,
          startGrants: options.startPaths.map((each) => grants.admit(each)),
          notices,
        }),
        checks: () =>
          runDoctor({
            dataFolder,
            exiftoolVersion: () => exiftool.version(),
            decode: async () => `sharp ${(await import('sharp')).default.versions.sharp}`,
            gpus: async () => (await readGpus()).gpus,
            ollama: async () => (await models.discover()).ollama,
            proxy: () => ({ url: proxyAt?.url ?? null, note: proxyAt?.note ?? null }),
            modelsFor: async (role) => (await models.select(role)).models,
          }),
        settings,
        prepare: async (patch) => {
          if (patch.gatewayToken === true) await gatewayToken.ensure()
        },
        events,
      }),
      ...createKeymapHandlers(dataFolder),
      ...createLibraryHandlers({
        photos,
        grants,
        importer,
        watchAgain: () => watching.refresh(),
        readEverything: (photo) => readEverything(exiftool, photo.path),
      }),
      ...createTaggingHandlers({
        runs: tagging,
        again,
        prompts,
        proposals,
        settle: (photoId) => {
          taggingParts.photos.unqueue([photoId])
          events.emit('photos.changed', { photoIds: [photoId], state: null })
        },
      }),
      ...createReviewHandlers({
        photos,
        decisions,
        proposals,
        readMetadata: (photo) => reader.read(photo),
        preview: (photo, wanted) => writer.preview(photo, wanted),
        fieldOfStage,
        events,
      }),
      ...createMonoHandlers({
        photos,
        checkMono: async (photo, strictness) => {
          const { analysis, source } = await imaging.checkMono(photo, { strictness })
          const { curve: _, ...check } = analysis
          return { ...check, source }
        },
      }),
      ...createMetadataHandlers({ photos, decisions, proposals, journal, writer, fieldOfStage, refresh, events }),
      ...createModelHandlers({
        models,
        ask: async (_entry, body, signal) => (await chat(body, { signal })).rawText,
        memoryOf: engine.memoryOf,
      }),
      ...createEngineHandlers({ ...engine, requests: database.requests }),
    }

    // What a crash left behind is put right before anybody can ask for more.
    for (const outcome of await writer.recover()) log.warn('write-recovered', { ...outcome })
    tagging.recover()
    if (options.preload ?? host !== 'cli') void scheduler.begin().catch((error: unknown) => log.warn('preload-failed', { ...toProblem(error) }))
    if (host !== 'cli') {
      events.subscribe((event) => {
        if (event.name === 'import.progress' && event.data.state !== 'running') looking.lookAtPending()
        if (event.name === 'settings.changed') watching.refresh()
      })
      // The window's first pictures come before the rest of the library.
      const starting = ends.add('look after start', new AbortController(), (it) => it.abort())
      void delay(LOOK_AFTER_START_MS, starting.signal).then(
        () => {
          looking.lookAtPending()
          watching.refresh()
          void models.scan().catch((error: unknown) => log.warn('scan-failed', { ...toProblem(error) }))
        },
        () => undefined,
      )
    }

    const studio: Studio = {
      dispatch: createDispatch(handlers, log),
      handlers,
      subscribe: (listener) => events.subscribe(listener),
      thumbnail: async (photoId, size) => {
        if (!isThumbSize(size)) throw new StudioError('invalid-request', `there is no picture size ${size}`)
        return imaging.thumbnail(await looking.ensureLooked(photoId), size)
      },
      modelView: async (photoId, longEdge) => {
        const edge = settingsSchema.shape.modelViewLongEdge.safeParse(longEdge)
        if (!edge.success) throw new StudioError('invalid-request', `there is no model view of ${longEdge} pixels`)
        return (await modelView(photoId, longEdge, AbortSignal.timeout(VIEW_TIMEOUT_MS))).jpeg
      },
      paths: {
        admit: (absolutePath) => grants.admit(absolutePath),
        importAll: (absolutePaths, recursive, onProgress) => importer.importAll(absolutePaths, { recursive }, onProgress),
        photosUnder: (absolutePaths) => absolutePaths.flatMap((each) => photos.under(each)),
        readMetadata: async (absolutePath) => {
          const file = await realpath(absolutePath).catch(() => {
            throw new StudioError('path-missing', `there is nothing at ${absolutePath}`, { data: { path: absolutePath } })
          })
          const named = classifyName(path.basename(file))
          if (named.kind === null) throw new StudioError('not-a-photo', `${absolutePath} is not a photo`, { data: { path: absolutePath } })
          return reader.read({ path: file, kind: named.kind })
        },
      },
      announce: (url) => claim.announce({ url }),
      stop: () => ends.dispose(),
      abandon: () => {
        engine.processes.killAllNow()
        database.close()
        claim.release()
      },
    }
    // A studio that stays has a proxy; one that answers a single command is gone before anybody could ask it.
    if (options.proxy !== false) claim.announce({ desk: ends.add('desk', await serveDesk(studio), (it) => it.stop()).note })
    return studio
  } catch (error) {
    await ends.dispose().catch(() => undefined)
    throw error
  }
}

function isThumbSize(size: number): size is ThumbSize {
  return size === FULL_SIZE || (THUMB_SIZES as readonly number[]).includes(size)
}
