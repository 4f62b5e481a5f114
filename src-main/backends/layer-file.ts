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
  /** Why the file as it is now cannot be read. */
  problem(): Problem | null
}

/** @param lookEveryMs What was seen counts for so long. */
export function watchLayer(file: string, tell: TellProblem, lookEveryMs = 0): WatchedLayer {
  let stamp: string | null = null
  let good: LayerDocument = { records: [], rest: {} }
  let problem: Problem | null = null
  let reading: Promise<LayerDocument> | null = null
  let lookedAtMs = Number.NEGATIVE_INFINITY

  const look = async (): Promise<LayerDocument> => {
    const now = await stat(file).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => 'absent',
    )
    if (now === stamp) return good
    try {
      good = (await readLayerFile(file)) ?? { records: [], rest: {} }
      problem = null
    } catch (error) {
      problem = toProblem(error)
      tell(problem)
    }
    stamp = now
    return good
  }

  return {
    problem: () => problem,
    forget() {
      lookedAtMs = Number.NEGATIVE_INFINITY
    },
    read() {
      if (!reading && performance.now() - lookedAtMs < lookEveryMs) return Promise.resolve(good)
      // Who asks while a new content is being read waits for it, and never sees the old one (at the start: none) beside it.
      reading ??= look().finally(() => {
        reading = null
        lookedAtMs = performance.now()
      })
      return reading
    },
  }
}
