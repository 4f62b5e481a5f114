/** Reading what `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints, whatever the driver puts into it. Pure. */
import type { Gpu } from '../contract/model.ts'

/** In this order; later columns may be missing or more. */
export const GPU_QUERY = 'index,name,memory.total,memory.free,compute_cap,uuid'

export interface GpuReadings {
  gpus: Gpu[]
  /** Cards or lines that could not be used, each with its reason. */
  skipped: string[]
}

/** A number of MiB, null for `[N/A]`, `[Not Supported]`, `ERR!` and the like, undefined for any other text. */
function readMemory(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined
  const number = /^(\d{1,9}(?:\.\d+)?)(?:\s*MiB)?$/.exec(text)?.[1]
  if (number !== undefined) return Math.round(Number(number))
  return /^(\[.*\]|N\/A|ERR!)$/i.test(text) ? null : undefined
}

/**
 * A card without a readable total is skipped, not counted as 0 MB; the others stay. A card's name may hold commas: the two memory
 * columns are the first neighbours after the name that both read as memory.
 */
export function parseNvidiaSmi(output: string): GpuReadings {
  const gpus: Gpu[] = []
  const skipped: string[] = []
  for (const line of output.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const cells = line.split(',').map((cell) => cell.trim())
    const indexText = cells[0] ?? ''
    const at = cells.findIndex((cell, i) => i >= 2 && readMemory(cell) !== undefined && readMemory(cells[i + 1]) !== undefined)
    if (!/^\d{1,3}$/.test(indexText) || at < 0) {
      skipped.push(`not a card: ${line.trim().slice(0, 120)}`)
      continue
    }
    const name = cells.slice(1, at).join(', ')
    const totalMb = readMemory(cells[at])
    if (totalMb === null || totalMb === undefined || totalMb === 0) {
      skipped.push(`card ${indexText} (${name}) does not tell its memory`)
      continue
    }
    gpus.push({ index: Number(indexText), name, totalMb, freeMb: readMemory(cells[at + 1]) ?? null })
  }
  return { gpus, skipped }
}
