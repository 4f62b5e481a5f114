/**
 * The registry's files: what ships (read only) and the user's changes. Read again when a file changed; a file that cannot be read never
 * takes the studio down: the last good content stays in view and the problem is told once.
 */
import { mkdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { Problem } from '../contract/model.ts'
import { findErrno, StudioError, toProblem } from '../lib/studio-error.ts'
import type { EntryRecord } from '../registry/entry.ts'
import { type LayerDocument, type LayerSource, parseLayer } from '../registry/layers.ts'
import type { TellProblem } from './ports.ts'

const FILE_CAP_BYTES = 8 * 1024 * 1024
const CURATED_FILE = 'model_registry.curated.json'
const USER_FILE = 'model_registry.user.json'

/** @throws StudioError `registry-invalid`; undefined when there is no such file. */
async function readDocument(file: string): Promise<LayerDocument | undefined> {
  const shown = path.basename(file)
  let text: string
  try {
    const { size } = await stat(file)
    if (size > FILE_CAP_BYTES) {
      const reason = `is larger than ${FILE_CAP_BYTES} bytes`
      throw new StudioError('registry-invalid', `${shown}: ${reason}`, { data: { file: shown, reason } })
    }
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof StudioError) throw error
    const errno = findErrno(error)
    if (errno === 'ENOENT') return undefined
    const reason = `cannot be read (${errno ?? 'unknown'})`
    throw new StudioError('registry-invalid', `${shown}: ${reason}`, { data: { file: shown, reason }, cause: error })
  }
  return parseLayer(text, shown)
}

/** One file with its last good content. */
class WatchedLayer {
  #stamp: string | null = null
  #good: LayerDocument = { records: [], rest: {} }
  problem: Problem | null = null

  constructor(readonly file: string) {}

  async read(tell: TellProblem): Promise<readonly EntryRecord[]> {
    const stamp = await stat(this.file).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => 'absent',
    )
    if (stamp === this.#stamp) return this.#good.records
    this.#stamp = stamp
    try {
      this.#good = (await readDocument(this.file)) ?? { records: [], rest: {} }
      this.problem = null
    } catch (error) {
      this.problem = toProblem(error)
      tell(this.problem)
    }
    return this.#good.records
  }
}

export interface RegistryFiles {
  /** Lowest first: curated, then user. */
  layers(): Promise<LayerSource[]>
  /** Of files that cannot be read now. */
  problems(): Problem[]
  /**
   * Changes the user's file: atomic, delta only, keys that we do not know are kept.
   * @throws StudioError `registry-invalid` when the file is broken: it is left as it is.
   */
  updateUser(change: (records: EntryRecord[]) => EntryRecord[]): Promise<void>
}

export interface RegistryFilesOptions {
  configsFolder: string
  dataFolder: string
  /** Another file in place of the curated one; the user's file then has no say. */
  registryFile?: string | undefined
  tell: TellProblem
}

export function createRegistryFiles(options: RegistryFilesOptions): RegistryFiles {
  const { configsFolder, dataFolder, registryFile, tell } = options
  const curated = new WatchedLayer(registryFile ?? path.join(configsFolder, CURATED_FILE))
  const user = new WatchedLayer(path.join(dataFolder, USER_FILE))
  let tail: Promise<unknown> = Promise.resolve()

  const update = async (change: (records: EntryRecord[]) => EntryRecord[]) => {
    const before = (await readDocument(user.file)) ?? { records: [], rest: { schema_version: 1 } }
    const document = { ...before.rest, models: change(before.records) }
    await mkdir(dataFolder, { recursive: true })
    await writeFileAtomic(user.file, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 })
  }

  return {
    async layers() {
      const [shipped, changes] = await Promise.all([curated.read(tell), registryFile === undefined ? user.read(tell) : []])
      return [
        { layer: 'curated', file: path.basename(curated.file), records: shipped },
        { layer: 'user', file: USER_FILE, records: changes },
      ]
    },
    problems: () => [curated.problem, user.problem].filter((problem) => problem !== null),
    updateUser(change) {
      // One change at a time: each reads what the one before has written.
      const turn = tail.then(
        () => update(change),
        () => update(change),
      )
      tail = turn
      turn.catch(() => undefined)
      return turn
    },
  }
}
