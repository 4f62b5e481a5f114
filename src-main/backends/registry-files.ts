/**
 * The registry's files: what ships (read only), what was found on this machine (rebuilt by a scan) and the user's changes. Read again
 * when a file changed; a file that cannot be read never takes the studio down: the last good content stays in view and the problem is
 * told once.
 */
import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import writeFileAtomic from 'write-file-atomic'
import type { Problem } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { EntryRecord } from '../registry/entry.ts'
import type { LayerDocument, LayerSource } from '../registry/layers.ts'
import { readLayerFile, watchLayer } from './layer-file.ts'
import type { TellProblem } from './ports.ts'
import { createRegistryHistory, documentOf, type RegistryVersion } from './registry-history.ts'

const CURATED_FILE = 'model_registry.curated.json'
const DISCOVERED_FILE = 'model_registry.discovered.json'
const USER_FILE = 'model_registry.user.json'
const HISTORY_FOLDER = 'registry-history'

type ChangeRecords = (records: EntryRecord[]) => EntryRecord[]

export interface RegistryFiles {
  /** True when another registry file was named: it alone is in view. */
  readonly standalone: boolean
  readonly dataFolder: string
  /**
   * Lowest first: curated, discovered, user. Each list is the same object as long as its file is the same.
   * @throws StudioError `registry-invalid` when another registry file was named and has not been readable yet.
   */
  layers(): Promise<LayerSource[]>
  /** Of files that cannot be read now. */
  problems(): Problem[]
  /**
   * Changes the user's file: atomic, delta only, keys that we do not know are kept, the content before stays as a version.
   * @throws StudioError `registry-invalid` when the file is broken: it is left as it is.
   */
  updateUser(change: ChangeRecords): Promise<void>
  /** Changes what was found; a broken file is replaced, since it can be found again. */
  updateDiscovered(change: ChangeRecords): Promise<void>
  /** Versions of the user's file, newest first. */
  history(): Promise<(RegistryVersion & { current: boolean })[]>
  /**
   * Makes an earlier content the newest version. A broken user's file is copied beside itself first (`….broken`).
   * @throws StudioError `registry-version-unknown`.
   */
  rollback(version: number): Promise<void>
}

export interface RegistryFilesOptions {
  configsFolder: string
  dataFolder: string
  /** Another file in place of all layers. */
  registryFile?: string | undefined
  tell: TellProblem
  /** A change from outside is seen after so long; default: at once. */
  lookEveryMs?: number
  /** UTC; default the system's clock. */
  nowMs?: () => number
}

/** One at a time: each sees what the one before has written. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = tail.then(work, work)
    tail = turn
    turn.catch(() => undefined)
    return turn
  }
}

export function createRegistryFiles(options: RegistryFilesOptions): RegistryFiles {
  const { configsFolder, dataFolder, registryFile, tell, lookEveryMs = 0, nowMs = Date.now } = options
  const curatedPath = registryFile ?? path.join(configsFolder, CURATED_FILE)
  const discoveredPath = path.join(dataFolder, DISCOVERED_FILE)
  const userPath = path.join(dataFolder, USER_FILE)
  const standalone = registryFile !== undefined
  /** Of a file that was named, what has never been right is thrown at who asks, and not told besides. */
  const tellOfCurated: TellProblem = (problem) => {
    if (!standalone || curated.wasGood()) tell(problem)
  }
  const curated = watchLayer(curatedPath, { tell: tellOfCurated, lookEveryMs, mustExist: true })
  const discovered = watchLayer(discoveredPath, { tell, lookEveryMs })
  const user = watchLayer(userPath, { tell, lookEveryMs })
  const versions = createRegistryHistory(path.join(dataFolder, HISTORY_FOLDER), nowMs)
  const inTurn = createTurns()

  const save = async (file: string, document: LayerDocument) => {
    await mkdir(dataFolder, { recursive: true })
    await writeFileAtomic(file, `${JSON.stringify(documentOf(document), null, 2)}\n`, { mode: 0o600 })
    for (const layer of [discovered, user]) layer.forget()
  }
  const saveUser = async (before: LayerDocument | undefined, after: LayerDocument) => {
    if (before && isDeepStrictEqual(before, after)) return
    await save(userPath, after)
    await versions.add(before, after)
  }

  return {
    standalone,
    dataFolder,
    async layers() {
      const shipped: LayerSource = { layer: 'curated', file: path.basename(curatedPath), records: (await curated.read()).records }
      if (standalone) {
        const problem = curated.problem()
        if (problem && !curated.wasGood()) throw new StudioError('registry-invalid', problem.message, { data: problem.data })
        return [shipped]
      }
      const [found, changes] = await Promise.all([discovered.read(), user.read()])
      return [
        shipped,
        { layer: 'discovered', file: DISCOVERED_FILE, records: found.records },
        { layer: 'user', file: USER_FILE, records: changes.records },
      ]
    },
    problems: () => [curated, discovered, user].map((layer) => layer.problem()).filter((problem) => problem !== null),
    updateUser: (change) =>
      inTurn(async () => {
        const before = await readLayerFile(userPath)
        await saveUser(before, { rest: before?.rest ?? { schema_version: 1 }, records: change(before?.records ?? []) })
      }),
    updateDiscovered: (change) =>
      inTurn(async () => {
        const before = await discovered.read()
        const after = { rest: { schema_version: 1, ...before.rest }, records: change(before.records) }
        if (discovered.problem() === null && isDeepStrictEqual(before, after)) return
        await save(discoveredPath, after)
      }),
    async history() {
      const [kept, now] = await Promise.all([versions.list(), readLayerFile(userPath).catch(() => null)])
      const active = now === null ? undefined : kept.findLast(({ document }) => isDeepStrictEqual(document, now ? documentOf(now) : { models: [] }))
      return kept.map(({ version, time, changed }) => ({ version, time, changed, current: version === active?.version })).reverse()
    },
    rollback: (version) =>
      inTurn(async () => {
        const wanted = await versions.get(version)
        const before = await readLayerFile(userPath).catch(async () => {
          await copyFile(userPath, `${userPath}.broken`)
          return (await versions.list()).at(-1)
        })
        const held = before && 'version' in before ? await versions.get(before.version) : before
        await save(userPath, wanted)
        if (!held || !isDeepStrictEqual(held, wanted)) await versions.add(held, wanted)
      }),
  }
}
