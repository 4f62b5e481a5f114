/** Reading what `rocm-smi --showmeminfo vram --showproductname` prints as JSON or CSV. Pure. Column names changed between versions. */

export interface RocmCard {
  name: string
  totalBytes: number
  usedBytes: number | null
}

/** Keys in lower case. */
function toCard(fields: ReadonlyMap<string, string>): RocmCard | undefined {
  const first = (...keys: string[]) => keys.map((key) => fields.get(key)).find((value) => value !== undefined && value !== '' && value !== 'N/A')
  const totalBytes = Number(first('vram total memory (b)'))
  if (!Number.isFinite(totalBytes) || totalBytes <= 0) return undefined
  const used = first('vram total used memory (b)')
  const usedBytes = used === undefined || !/^\d{1,16}$/.test(used) ? null : Number(used)
  return { name: first('card series', 'card model', 'device name', 'card sku') ?? 'AMD graphics', totalBytes, usedBytes }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** By card number; what is no card is passed over. */
export function parseRocmJson(output: string): RocmCard[] {
  // Warnings come before the object.
  const start = output.indexOf('{')
  let parsed: unknown
  try {
    parsed = JSON.parse(output.slice(Math.max(0, start)))
  } catch {
    return []
  }
  if (!isRecord(parsed)) return []
  return Object.entries(parsed)
    .flatMap(([key, value]) => {
      const number = /^card(\d{1,3})$/.exec(key)?.[1]
      return number === undefined || !isRecord(value) ? [] : [{ number: Number(number), value }]
    })
    .sort((a, b) => a.number - b.number)
    .flatMap(({ value }) => toCard(new Map(Object.entries(value).map(([key, each]) => [key.toLowerCase(), String(each)]))) ?? [])
}

export function parseRocmCsv(output: string): RocmCard[] {
  const lines = output.split(/\r?\n/).filter((line) => line.includes(','))
  const at = lines.findIndex((line) => line.toLowerCase().startsWith('device,'))
  if (at < 0) return []
  const columns = lines[at]!.split(',').map((column) => column.trim().toLowerCase())
  return lines
    .slice(at + 1)
    .filter((line) => /^card\d/.test(line))
    .flatMap((line) => {
      const cells = line.split(',')
      return toCard(new Map(columns.map((column, i) => [column, cells[i]?.trim() ?? '']))) ?? []
    })
}
