/** What the sidecars of a folder say of its photos. Reads only `.xmp` files, and only small ones; one that cannot be read says nothing. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { PhotoKind } from '../contract/model.ts'
import { classifyName, stemOf } from '../library/classify-name.ts'
import type { SidecarMarks } from '../library/ports.ts'
import { readXmpMarks } from '../lib/xmp-marks.ts'

const MAX_SIDECAR_BYTES = 4 * 1_048_576

/** @param names Everything in the folder. `photo.xmp` beside a RAW is the RAW's; `photo.jpg.xmp` is anyone's. */
export function sidecarsOf(folder: string, names: readonly string[]): (name: string, kind: PhotoKind) => SidecarMarks | null {
  const sidecars = new Map(names.filter((name) => /\.xmp$/i.test(name) && !name.startsWith('.')).map((name) => [name.toLowerCase(), name]))
  if (sidecars.size === 0) return () => null
  const rawStems = new Set(names.filter((name) => isRaw(classifyName(name).kind)).map((name) => stemOf(name).toLowerCase()))
  return (name, kind) => {
    const stem = stemOf(name).toLowerCase()
    const byStem = isRaw(kind) || !rawStems.has(stem) ? sidecars.get(`${stem}.xmp`) : undefined
    const byName = sidecars.get(`${name.toLowerCase()}.xmp`)
    const said = [byStem, byName].flatMap((each) => (each === undefined ? [] : (read(path.join(folder, each)) ?? [])))
    if (said.length === 0) return null
    return {
      mtimeMs: Math.max(...said.map((each) => each.mtimeMs)),
      rating: said.find((each) => each.rating !== null)?.rating ?? null,
      keywords: [...new Set(said.flatMap((each) => each.keywords))],
    }
  }
}

const isRaw = (kind: PhotoKind | null): boolean => kind === 'raw' || kind === 'dng'

function read(file: string): SidecarMarks | null {
  try {
    const { size, mtimeMs } = statSync(file)
    const marks = size > MAX_SIDECAR_BYTES ? { rating: null, keywords: [] } : readXmpMarks(readFileSync(file, 'utf8'))
    return { mtimeMs, ...marks }
  } catch {
    return null
  }
}
