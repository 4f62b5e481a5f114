/** One registry file, read again when it changed. A file that cannot be read leaves its last good content in view. */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Problem } from '../contract/model.ts'
import { findErrno, StudioError, toProblem } from '../lib/studio-error.ts'
import { type LayerDocument, parseLayer } from '../registry/layers.ts'
import type { TellProblem } from './ports.ts'

const FILE_CAP_BYTES = 8 * 1024 * 1024

function unreadable(shown: string, reason: string, cause?: unknown): StudioError {
  return new StudioError('registry-invalid', `${shown}: ${reason}`, { data: { file: shown, reason }, cause })
}

/** @throws StudioError `registry-invalid`; undefined when there is no such file. */
export async function readLayerFile(file: string): Promise<LayerDocument | undefined> {
  const shown = path.basename(file)
  let text: string
  try {
    const found = await stat(file)
    // A pipe or device would never end.
    if (!found.isFile()) throw unreadable(shown, 'is not a file')
    if (found.size > FILE_CAP_BYTES) throw unreadable(shown, `is larger than ${FILE_CAP_BYTES} bytes`)
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof StudioError) throw error
    const errno = findErrno(error)
    if (errno === 'ENOENT') return undefined
    throw unreadable(shown, `cannot be read (${errno ?? 'unknown'})`, error)
  }
  return parseLayer(text, shown)
}

export interface WatchedLayer {
  /** The last good content; the same object as long as the file is the same. */
  read(): Promise<LayerDocument>
  /** The next read looks at the file in any case. */
  forget(): void
  /** Why the file as it is now cannot be read; the same object as long as that stays. */
  problem(): Problem | null
  /** False as long as there was nothing good to show. */
  wasGood(): boolean
}

export interface WatchOptions {
  tell: TellProblem
  /** What was seen counts for so long. */
  lookEveryMs?: number
  /** A file that must be there: its absence is a problem, and what it held last stays in view. Else an absent file is an empty one. */
  mustExist?: boolean
}

export function watchLayer(file: string, { tell, lookEveryMs = 0, mustExist = false }: WatchOptions): WatchedLayer {
  let stamp: string | null = null
  let good: LayerDocument | null = null
  let problem: Problem | null = null
  let reading: Promise<LayerDocument> | null = null
  let lookedAtMs = Number.NEGATIVE_INFINITY
  const empty: LayerDocument = { records: [], rest: {} }

  const look = async (): Promise<LayerDocument> => {
    const now = await stat(file).then(
      ({ mtimeMs, ctimeMs, size, ino }) => `${mtimeMs} ${ctimeMs} ${size} ${ino}`,
      (error: unknown) => `absent ${findErrno(error)}`,
    )
    if (now === stamp) return good ?? empty
    stamp = now
    try {
      const read = await readLayerFile(file)
      if (!read && mustExist) throw unreadable(path.basename(file), 'is not there')
      good = read ?? empty
      problem = null
    } catch (error) {
      // A content that is wrong stays wrong; a disk that failed may work the next time.
      if (error instanceof StudioError && error.cause !== undefined) stamp = null
      const found = toProblem(error)
      if (found.message === problem?.message) return good ?? empty
      problem = found
      tell(found)
    }
    return good ?? empty
  }

  return {
    problem: () => problem,
    wasGood: () => good !== null,
    forget() {
      lookedAtMs = Number.NEGATIVE_INFINITY
    },
    read() {
      if (!reading && performance.now() - lookedAtMs < lookEveryMs) return Promise.resolve(good ?? empty)
      // Who asks while a new content is being read waits for it, and never sees the old one (at the start: none) beside it.
      reading ??= look().finally(() => {
        reading = null
        lookedAtMs = performance.now()
      })
      return reading
    },
  }
}
