/**
 * The registry as layers: what ships, what was found on this machine, what the user changed. Each file holds only its own part;
 * the merged view lives in memory alone and is never written back.
 */
import type { Problem } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type EntryRecord, entrySchema, MODEL_NAME_PATTERN, type RegistryEntry } from './entry.ts'
import { findJsonFault, type JsonFault } from './strict-json.ts'

export type Layer = 'curated' | 'discovered' | 'user'

export interface LayerSource {
  layer: Layer
  /** Shown in problems. */
  file: string
  /** Whole entries or, over a lower layer, merge patches (RFC 7396): objects merge, lists and scalars replace, null takes away; `removed: true` hides. */
  records: readonly EntryRecord[]
}

export interface Registry {
  entries: readonly RegistryEntry[]
  /** Entry name → JSON pointer of each leaf → layer that its value comes from. */
  provenance: ReadonlyMap<string, Readonly<Record<string, Layer>>>
  /** Entries or changes that were left out, each naming file, entry and field; of files that cannot be read, the file and why. */
  problems: readonly Problem[]
}

/** A registry file: a list of entries, or an object with the list under `models` and whatever else it likes to keep. */
export interface LayerDocument {
  records: EntryRecord[]
  /** The other keys of an object file, to be kept when it is saved. */
  rest: Record<string, unknown>
}

function invalid(file: string, message: string, data: Record<string, unknown> = {}): StudioError {
  return new StudioError('registry-invalid', `${file}: ${message}`, { data: { file, reason: message, ...data } })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fault with the entry's name in place of its number, as far as it has one. */
function faultError(file: string, fault: JsonFault, list: readonly unknown[], listDepth: number): StudioError {
  const index = fault.path[listDepth]
  const item = typeof index === 'number' ? list[index] : undefined
  const name = isRecord(item) && typeof item['name'] === 'string' ? shorten(item['name']) : undefined
  const field = fault.path.slice(listDepth + 1).join('.') || fault.path.join('.')
  if (typeof index !== 'number') return invalid(file, fault.reason, { field })
  const entry = name ?? index + 1
  return invalid(file, `entry ${entry}, field ${field}: ${fault.reason}`, { entry, field })
}

const shorten = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** @throws StudioError `registry-invalid` naming the file, the entry and the field. */
export function parseLayer(text: string, file: string): LayerDocument {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw invalid(file, `is not JSON (${error instanceof Error ? error.message : 'unreadable'})`)
  }
  const list = isRecord(json) ? json['models'] : json
  if (!Array.isArray(list)) throw invalid(file, 'must hold a list of models, or an object with the list under "models"', { field: 'models' })
  const fault = findJsonFault(text)
  if (fault) throw faultError(file, fault, list, isRecord(json) ? 1 : 0)
  const seen = new Set<string>()
  const records = list.map((item: unknown, index): EntryRecord => {
    const name = isRecord(item) ? item['name'] : undefined
    if (!isRecord(item) || typeof name !== 'string' || !MODEL_NAME_PATTERN.test(name)) {
      const shown = typeof name === 'string' ? ` (${JSON.stringify(shorten(name))})` : ''
      throw invalid(file, `entry ${index + 1}${shown} has no proper name`, { entry: index + 1, field: 'name' })
    }
    if (seen.has(name)) throw invalid(file, `entry ${name} is there twice`, { entry: name, field: 'name' })
    seen.add(name)
    return { ...item, name }
  })
  const { models: _models, ...rest } = isRecord(json) ? json : {}
  return { records, rest }
}

type Values = Record<string, unknown>

function patch(target: Values, changes: Values, layer: Layer, pointer: string, origins: Record<string, Layer>): Values {
  const merged: Values = { ...target }
  for (const [key, value] of Object.entries(changes)) {
    // A key of this name would replace the prototype instead of a value.
    if (key === '__proto__') continue
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (isRecord(value)) {
      const below = merged[key]
      if (!isRecord(below)) forget(origins, at)
      merged[key] = patch(isRecord(below) ? below : {}, value, layer, at, origins)
      continue
    }
    forget(origins, at)
    if (value === null) delete merged[key]
    else merged[key] = value
    origins[at] = layer
  }
  return merged
}

function forget(origins: Record<string, Layer>, pointer: string): void {
  for (const known of Object.keys(origins)) if (known === pointer || known.startsWith(`${pointer}/`)) delete origins[known]
}

interface Draft {
  values: Values
  origins: Record<string, Layer>
  hidden: boolean
}

function entryProblem(file: string, name: string, issues: readonly { path: PropertyKey[]; message: string }[]): Problem {
  const issue = issues[0]
  const field = issue?.path.map(String).join('.') ?? ''
  const message = `${file}: entry ${name}, field ${field}: ${issue?.message ?? 'invalid'}`
  return { code: 'registry-invalid', message, data: { file, entry: name, field, reason: issue?.message ?? 'invalid' } }
}

/** Layer and entry name → the record of that layer that was valid last. */
export type GoodRecords = ReadonlyMap<string, EntryRecord>

const goodKey = (layer: Layer, name: string) => `${layer} ${name}`

/**
 * Lowest layer first. A change that makes its entry invalid is left out with a problem and the entry stays as the lower layers have
 * it; a change to an entry that no longer exists is ignored (and stays in its file). Facts that were
 * discovered about an entry which only a higher layer describes lie under it.
 */
export function mergeLayers(sources: readonly LayerSource[]): Registry {
  return mergeKeeping(sources, new Map()).registry
}

/**
 * As `mergeLayers`, but a record that became invalid counts as it was when it was valid last, with the problem.
 * @returns `good`: to be given with the next merge; records that are no longer in their layer are not in it.
 */
export function mergeKeeping(sources: readonly LayerSource[], before: GoodRecords): { registry: Registry; good: GoodRecords } {
  const good = new Map<string, EntryRecord>()
  const drafts = new Map<string, Draft>()
  const entries = new Map<string, RegistryEntry>()
  const facts = new Map<string, EntryRecord>()
  const problems: Problem[] = []
  for (const { layer, file, records } of sources) {
    for (const record of records) {
      const { name } = record
      const under = drafts.get(name)
      if (!under && record['backend'] === undefined && layer !== 'curated') {
        if (layer === 'discovered') facts.set(name, record)
        continue
      }
      const kept = before.get(goodKey(layer, name))
      for (const each of kept ? [record, kept] : [record]) {
        const { removed, ...changes } = each
        const origins = { ...under?.origins }
        const below = under?.values ?? patch({}, facts.get(name) ?? {}, 'discovered', '', origins)
        const values = patch(below, changes, layer, '', origins)
        const parsed = entrySchema.safeParse(values)
        if (!parsed.success) {
          if (each === record) problems.push(entryProblem(file, name, parsed.error.issues))
          continue
        }
        good.set(goodKey(layer, name), each)
        drafts.set(name, { values, origins, hidden: removed === true })
        if (removed === true) entries.delete(name)
        else entries.set(name, parsed.data)
        break
      }
    }
  }
  const provenance = new Map([...entries.keys()].map((name) => [name, drafts.get(name)?.origins ?? {}]))
  return { registry: { entries: [...entries.values()], provenance, problems }, good }
}
