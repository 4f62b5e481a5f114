/** The last gate before the log: whatever a caller put into its options, no picture and no text of a prompt gets through. Pure. */
import type { RequestRecord } from './ports.ts'

const LONGEST = 256
/** Fields that carry what was said or shown. */
const TELLING = new Set(['messages', 'prompt', 'input', 'content', 'text', 'image', 'image_url', 'images', 'system', 'suffix', 'prediction'])
const DEEPEST = 6

function short(value: string): string {
  if (/^data:/i.test(value)) return `[${value.length} characters]`
  return value.length <= LONGEST ? value : `[${value.length} characters]`
}

function reduced(value: unknown, dropped: ReadonlySet<string>, depth = 0): unknown {
  if (typeof value === 'string') return short(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEEPEST) return '[more]'
  if (Array.isArray(value)) return value.slice(0, 32).map((each) => reduced(each, dropped, depth + 1))
  const kept = Object.entries(value).filter(([key]) => !dropped.has(key))
  return Object.fromEntries(kept.map(([key, each]) => [key.slice(0, 64), reduced(each, dropped, depth + 1)]))
}

const NOTHING: ReadonlySet<string> = new Set()

/** The same record; of long strings only their length, and telling options left out. */
export function loggable(record: RequestRecord): RequestRecord {
  const kept: Record<string, unknown> = { ...record }
  for (const key in kept) {
    const value = kept[key]
    if (typeof value === 'string') kept[key] = short(value)
    else if (typeof value === 'object' && value !== null) kept[key] = reduced(value, key === 'options' ? TELLING : NOTHING)
  }
  return kept as unknown as RequestRecord
}
