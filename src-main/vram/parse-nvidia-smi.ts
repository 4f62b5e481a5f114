/** Reading what `nvidia-smi --query-…=… --format=csv,noheader,nounits` prints, whatever the driver puts into it. Pure. */
import type { Gpu } from '../contract/model.ts'
import { type Card, type CardProcess, toGpu } from './cards.ts'

/** In this order; later columns may be missing or more. */
export const GPU_QUERY = 'index,name,memory.total,memory.free,compute_cap,uuid'
export const CARD_QUERY = `${GPU_QUERY},memory.used,memory.reserved,driver_version,mig.mode.current`
export const PROCESS_QUERY = 'gpu_uuid,pid,process_name,used_gpu_memory'

export interface GpuReadings {
  gpus: Gpu[]
  /** Cards or lines that could not be used, each with its reason. */
  skipped: string[]
}

const NOT_TOLD = /^(\[.*\]|N\/A|ERR!|Not Supported|Not available.*)$/i

/** A number of MiB, null for `[N/A]`, `[Not Supported]`, `ERR!` and the like, undefined for any other text. */
function readMemory(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined
  const number = /^(\d{1,9}(?:\.\d+)?)(?:\s*MiB)?$/.exec(text)?.[1]
  if (number !== undefined) return Math.round(Number(number))
  return NOT_TOLD.test(text) ? null : undefined
}

const readText = (text: string | undefined): string | null => (text === undefined || text === '' || NOT_TOLD.test(text) ? null : text)

function readMig(text: string | undefined): boolean | null {
  if (text === 'Enabled') return true
  return text === 'Disabled' ? false : null
}

/**
 * A card without a readable total is skipped, not counted as 0 MB; the others stay. A card's name may hold commas: the two memory
 * columns are the first neighbours after the name that both read as memory.
 */
export function parseNvidiaCards(output: string): { cards: Card[]; skipped: string[] } {
  const cards: Card[] = []
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
    const [free, capability, uuid, used, reserved, driver, mig] = cells.slice(at + 1)
    cards.push({
      index: Number(indexText),
      name,
      totalMb,
      freeMb: readMemory(free) ?? null,
      vendor: 'nvidia',
      uuid: uuid?.startsWith('GPU-') === true ? uuid : null,
      usedMb: readMemory(used) ?? null,
      reservedMb: readMemory(reserved) ?? null,
      computeCapability: /^\d{1,2}\.\d$/.test(capability ?? '') ? (capability ?? null) : null,
      driver: readText(driver),
      mig: readMig(mig),
      unified: false,
    })
  }
  return { cards, skipped }
}

export function parseNvidiaSmi(output: string): GpuReadings {
  const { cards, skipped } = parseNvidiaCards(output)
  return { gpus: cards.map(toGpu), skipped }
}

/** One program a line; names may hold commas, so the memory is read from the right. Lines that are no program are passed over. */
export function parseNvidiaProcesses(output: string): CardProcess[] {
  return output.split(/\r?\n/).flatMap((line): CardProcess[] => {
    const cells = line.split(',').map((cell) => cell.trim())
    const [uuid = '', pidText = ''] = cells
    if (cells.length < 4 || !/^\d{1,10}$/.test(pidText)) return []
    return [{ uuid: readText(uuid), pid: Number(pidText), usedMb: readMemory(cells.at(-1)) ?? null }]
  })
}
