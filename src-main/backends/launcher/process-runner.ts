/** Models that run as children of ours: whether they can, starting and stopping them, what is left of an earlier studio. One owner a model. */
import path from 'node:path'
import type { Gpu, Problem } from '../../contract/model.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { StudioError, toProblem } from '../../lib/studio-error.ts'
import { backendOf, type RegistryEntry } from '../../registry/entry.ts'
import type { Placement, Started } from '../../registry/serving.ts'
import type { Environment, ProcessRunner, ReadGpus } from '../ports.ts'
import { awaitMemoryBack, freeByCard } from './await-memory.ts'
import { type BackendProcess, createBackendProcess, type ProcessState } from './backend-process.ts'
import { findFreePort } from './free-port.ts'
import { fileStemOf } from './file-stem.ts'
import type { LaunchProfiles } from './launch-profiles.ts'
import { createLogFile, type LogFile } from './log-file.ts'
import { createPidFiles, type PidRecord } from './pid-files.ts'
import { createPrepareLaunch } from './prepare-launch.ts'
import { recoverProcess } from './recover-processes.ts'
import { shownLines } from './start-failure.ts'

/** A studio that quits is given about ten seconds in all. */
const DISPOSE_GRACE_MS = 5_000

export interface ProcessView {
  name: string
  state: ProcessState['kind']
  pid: number | null
  port: number | null
  /** Taken over from an earlier studio. */
  adopted: boolean
  loadMs: number | null
  logFile: string
  placement: Placement | null
  problem: Problem | null
}

/** The port of the room, and what the window and the command line show of it. */
export interface ChildRunner extends ProcessRunner {
  canServe(entry: RegistryEntry): Promise<{ ok: true } | { ok: false; code: string; reason: string }>
  /** Whether its program takes its whole share of a card at once, so that `measuredMb` is the share and not the need. */
  reservesMemory(entry: RegistryEntry): Promise<boolean>
  /**
   * Resolves when exactly this model answers from our own child; joins a start that is under way.
   * @param options.timeoutMs Without a new line in the log; five times that in all.
   * @param options.tensorParallel Cards that share each layer; default: all of the placement.
   * @throws StudioError `backend-start-failed`, `backend-timeout` (data {name, cause, remedy, logTail}), `weights-missing`, `registry-invalid`, `cancelled`.
   */
  start(entry: RegistryEntry, placement: Placement, options: { timeoutMs: number; signal: AbortSignal; tensorParallel?: number }): Promise<Started>
  /** Resolves when nothing of it is left and three quarters of its memory are back (or 5 s have passed). Idempotent. */
  stop(name: string): Promise<void>
  /** `http://127.0.0.1:<port>/v1` while it is ready. */
  baseUrlOf(name: string): string | null
  /** Once at the start, before the first `start`: takes over what an earlier studio left and still serves a model that we know, ends the rest. */
  recover(): Promise<{ entry: RegistryEntry; placement: Placement }[]>
  view(): ProcessView[]
  /** The last lines of its log as they may be shown. */
  logTail(name: string): Promise<string[]>
  /** Ends every model, politely, then by force. Later starts are refused. */
  dispose(): Promise<void>
  /** Every model by force, without waiting: for a process that ends in the same moment. Later starts are refused. */
  killAllNow(): void
}

export interface ProcessRunnerOptions {
  dataFolder: string
  launchProfiles: LaunchProfiles
  environment: Environment
  clock: Clock
  logger: Logger
  /** By exact name. */
  findEntry: (name: string) => Promise<RegistryEntry | undefined>
  /** Fresh readings: free memory is compared before and after. Without it nothing is measured or waited for. */
  readGpus?: ReadGpus
  /** The entry's `extra_args` if the person's own layer gives them. Default: none. */
  userExtraArgs?: (entry: RegistryEntry) => readonly string[] | Promise<readonly string[]>
  choosePort?: () => Promise<number>
  platform?: NodeJS.Platform
}

export function createProcessRunner(options: ProcessRunnerOptions): ChildRunner {
  const { dataFolder, launchProfiles, environment, clock, logger, choosePort = findFreePort, platform = process.platform } = options
  const folder = path.join(dataFolder, 'backends')
  const pidFiles = createPidFiles(folder)
  const owners = new Map<string, { process: BackendProcess; log: LogFile }>()
  const listeners = new Set<(name: string, error: StudioError) => void>()
  let disposed = false
  /** Loads and unloads under way, and how many there were: a difference in free memory belongs to one of them only if it was alone. */
  let moving = 0
  let moves = 0

  const readCards = async (): Promise<Gpu[]> => {
    try {
      return (await options.readGpus?.())?.gpus ?? []
    } catch {
      return []
    }
  }
  const prepare = createPrepareLaunch({ launchProfiles, environment, platform, userExtraArgs: options.userExtraArgs ?? (() => []) })

  const ownerOf = (name: string) => {
    let owner = owners.get(name)
    if (owner === undefined) {
      const log = createLogFile(path.join(dataFolder, 'logs', 'backends', `${fileStemOf(name)}.log`))
      const onGone = (error: StudioError) => {
        logger.warn('backend-gone', { name, cause: error.data['cause'] })
        for (const listener of listeners) listener(name, error)
      }
      owner = { log, process: createBackendProcess({ name, folder: path.join(folder, 'work'), log, pidFiles, clock, logger, choosePort, onGone }) }
      owners.set(name, owner)
    }
    return owner
  }

  const alone = async <T>(work: () => Promise<T>): Promise<{ value: T; alone: boolean }> => {
    const quiet = moving === 0
    moving += 1
    moves += 1
    const mark = moves
    try {
      const value = await work()
      return { value, alone: quiet && moves === mark }
    } finally {
      moving -= 1
    }
  }

  const recoverOne = async (record: PidRecord): Promise<{ entry: RegistryEntry; placement: Placement } | undefined> => {
    const [profile, entry] = await Promise.all([
      launchProfiles.find(record.launch_profile).catch(() => undefined),
      options.findEntry(record.name).catch(() => undefined),
    ])
    const fate = await recoverProcess(record, entry && profile?.health_path)
    logger.info('backend-recovered', { name: record.name, pid: record.pid, fate: fate.kind })
    if (fate.kind === 'adopted' && profile && entry) {
      ownerOf(record.name).process.adopt(fate.record, profile)
      return { entry, placement: { gpus: record.placement.gpus, claimMb: record.placement.claim_mb } }
    }
    if (fate.kind !== 'owned') pidFiles.remove(record.name)
    return undefined
  }

  return {
    async canServe(entry) {
      try {
        await prepare.check(entry)
        return { ok: true }
      } catch (error) {
        const { code, message, data } = toProblem(error)
        const remedy = typeof data?.['remedy'] === 'string' ? ` ${data['remedy']}` : ''
        return { ok: false, code, reason: `${message}.${remedy}`.replace('..', '.') }
      }
    },

    reservesMemory: async (entry) => (await launchProfiles.find(entry.backend_config.launch_profile ?? backendOf(entry)))?.reserves_memory ?? false,

    async start(entry, placement, { timeoutMs, signal, tensorParallel }) {
      if (disposed) throw new StudioError('cancelled', 'the studio is closing', { data: { name: entry.name } })
      const owner = ownerOf(entry.name)
      if (owner.process.state.kind === 'ready') return { measuredMb: null, loadMs: owner.process.state.loadMs }
      let before = new Map<number, number>()
      const outcome = await alone(() =>
        owner.process.ensureReady(
          async () => {
            const cards = await readCards()
            before = freeByCard(cards)
            return prepare.launch(entry, placement, cards, tensorParallel)
          },
          { timeoutMs, signal },
        ),
      )
      const measured: Record<number, number> = {}
      if (outcome.alone && before.size > 0) {
        const after = freeByCard(await readCards())
        for (const gpu of placement.gpus) {
          const [then, now] = [before.get(gpu), after.get(gpu)]
          if (then !== undefined && now !== undefined && then > now) measured[gpu] = then - now
        }
      }
      return { measuredMb: Object.keys(measured).length > 0 ? measured : null, loadMs: outcome.value.loadMs }
    },

    async stop(name) {
      const owner = owners.get(name)
      if (owner === undefined) return
      const { placement } = owner.process
      const runs = owner.process.state.kind === 'ready' && placement !== null && placement.gpus.length > 0
      const before = runs ? await readCards() : []
      await alone(async () => {
        await owner.process.stop()
        if (runs) await awaitMemoryBack({ placement, before, readCards, clock })
      })
    },

    baseUrlOf(name) {
      const state = owners.get(name)?.process.state
      return state?.kind === 'ready' ? `http://127.0.0.1:${state.port}/v1` : null
    },

    onGone(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    async recover() {
      const found = await Promise.all(pidFiles.list().map((record) => recoverOne(record)))
      return found.filter((it) => it !== undefined)
    },

    view: () =>
      [...owners].map(
        ([
          name,
          {
            process: { state, placement },
            log,
          },
        ]) => ({
          name,
          state: state.kind,
          pid: state.kind === 'ready' || state.kind === 'starting' ? state.pid : null,
          port: state.kind === 'ready' || state.kind === 'starting' ? state.port : null,
          adopted: state.kind === 'ready' && state.adopted,
          loadMs: state.kind === 'ready' ? state.loadMs : null,
          logFile: log.file,
          placement: state.kind === 'ready' || state.kind === 'starting' ? placement : null,
          problem: state.kind === 'failed' ? toProblem(state.error) : null,
        }),
      ),

    logTail: async (name) => shownLines((await owners.get(name)?.log.tail()) ?? ''),

    async dispose() {
      disposed = true
      await Promise.all([...owners.values()].map((owner) => owner.process.stop(DISPOSE_GRACE_MS)))
    },

    killAllNow() {
      disposed = true
      for (const owner of owners.values()) owner.process.killNow()
    },
  }
}
