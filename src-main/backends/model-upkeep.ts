/** Looking after the registry: what is here, what it is made of, what may change in it, and back. */
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { digestOf, type EntryRecord, type RegistryEntry, rolesOf } from '../registry/entry.ts'
import { type Layer, mergeLayers, parseLayer, type Registry } from '../registry/layers.ts'
import { resolveModelName } from '../registry/resolve.ts'
import { describeFound, rolesOfFoundModel, scopesOf } from './discovered-models.ts'
import { MODEL_FOLDER_SCOPE } from './discovery/scan-model-folder.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { ScopeReport } from './discovery/found-model.ts'
import type { VersionLock } from './discovery/version-lock.ts'
import { type ProbeChat, type ProbeResult, probeVision } from './discovery/vision-probe.ts'
import { changeRecord, patchRecord } from './overlay.ts'
import type { RegistryFiles } from './registry-files.ts'
import type { RegistryView } from './registry-view.ts'

export interface ShownModel {
  entry: RegistryEntry
  /** JSON pointer of each value → the layer it comes from. */
  provenance: Readonly<Record<string, Layer>>
  problems: Problem[]
}

export interface ScanResult {
  /** One for each place; `note` says what could not be read. */
  sources: { source: string; place: string; found: number; note: string | null }[]
  /** Names that the discovered layer did not hold before. */
  added: string[]
  changed: string[]
  /** Names whose weights are gone since the look before: kept, shown as not installed. */
  missing: string[]
}

/** A version of the user's changes; `0` is the content before the first one. */
export interface KeptVersion {
  version: string
  /** ISO 8601, UTC. */
  time: string
  /** Names of the entries that it changed. */
  changed: string[]
  current: boolean
}

export interface LockResult {
  name: string
  locked: boolean
  /** Null when there is nothing to compare with. */
  matches: boolean | null
  digest: string | null
  expected: string | null
  files: number
}

export interface ModelUpkeep {
  /** Any spelling. @throws StudioError `model-unknown`, `model-ambiguous`; so do all below that take a name. */
  show(name: string): Promise<ShownModel>
  /** Looks through all places (or Ollama alone) and rebuilds the discovered layer. Scans at the same time are one. */
  scan(only?: 'ollama'): Promise<ScanResult>
  /** Remembers what the weights hash to now; from here on other weights are not loaded. @throws StudioError `weights-missing`. */
  lock(name: string): Promise<LockResult>
  unlock(name: string): Promise<LockResult>
  /** Reads every byte. A mismatch is in the result; a lock without a digest takes this one. @throws StudioError `weights-missing`. */
  verify(name: string): Promise<LockResult>
  /** @throws StudioError `model-locked`, `weights-missing`. */
  checkBeforeLoad(entry: RegistryEntry): Promise<void>
  /** Asks the model about two known pictures and stores what came of it. @throws StudioError of the model's server when it cannot be asked, `probe-failed`. */
  probe(name: string, chat: ProbeChat, signal?: AbortSignal): Promise<ProbeResult>
  /** Versions of the user's file, newest first. */
  history(): Promise<KeptVersion[]>
  /** The earlier content becomes the newest version. @throws StudioError `registry-version-unknown`. */
  rollback(version: string | number): Promise<KeptVersion[]>
  /**
   * Lays a merge patch over the user's own changes of the entry: null takes a value back to what ships.
   * @throws StudioError `registry-invalid` when the entry would not be valid: nothing is saved then.
   */
  editOverlay(name: string, patch: Readonly<Record<string, unknown>>): Promise<ShownModel>
  /** Stores facts about a model that were learnt here, e.g. measured memory, under any keys of its entry. */
  recordFacts(name: string, facts: Readonly<Record<string, unknown>>): Promise<void>
}

export interface UpkeepOptions {
  files: RegistryFiles
  view: RegistryView
  discovery: Discovery
  locks: VersionLock
  clock: Clock
  onChanged: () => void
}

const isGone = (record: EntryRecord) => (record['metadata'] as Record<string, unknown> | undefined)?.['missing'] === true

function placeOf({ source, scope, place = scope.slice(source.length + 1), state, models, problems }: ScopeReport): ScanResult['sources'][number] {
  const notes = state === 'absent' ? ['is not there'] : problems.slice(0, 5)
  const more = problems.length > 5 ? [`and ${problems.length - 5} more`] : []
  const said = [...notes, ...more].join('; ')
  return { source, place, found: models, note: said === '' ? null : said }
}

function compare(before: readonly EntryRecord[], after: readonly EntryRecord[]): Omit<ScanResult, 'sources'> {
  const known = new Map(before.map((record) => [record.name, record]))
  const added = after.filter(({ name }) => !known.has(name))
  const other = after.filter((record) => known.has(record.name) && !isDeepStrictEqual(known.get(record.name), record))
  const vanished = other.filter(isGone)
  const names = (records: readonly EntryRecord[]) => records.map(({ name }) => name)
  return { added: names(added), changed: names(other.filter((record) => !isGone(record))), missing: names(vanished) }
}

function foldersNoLongerNamed(previous: readonly EntryRecord[], reports: readonly ScopeReport[]): string[] {
  const looked = new Set(reports.map(({ scope }) => scope))
  return previous.flatMap((record) => scopesOf(record).filter((scope) => scope.startsWith(MODEL_FOLDER_SCOPE) && !looked.has(scope)))
}

export function createModelUpkeep(options: UpkeepOptions): ModelUpkeep {
  const { files, view, discovery, locks, clock, onChanged } = options
  const scans = new Map<string, Promise<ScanResult>>()
  const now = () => new Date(clock.nowMs()).toISOString()
  const find = async (name: string): Promise<{ registry: Registry; entry: RegistryEntry }> => {
    const registry = await view.registry()
    return { registry, entry: resolveModelName(registry, name) }
  }

  const show = async (name: string): Promise<ShownModel> => {
    const { registry, entry } = await find(name)
    const problems = registry.problems.filter(({ data }) => data?.['entry'] === undefined || data['entry'] === entry.name)
    return { entry, provenance: registry.provenance.get(entry.name) ?? {}, problems }
  }

  const recordFacts = async (name: string, facts: Readonly<Record<string, unknown>>) => {
    // Another registry file in view has no facts of this machine.
    if (files.standalone) return
    await files.updateDiscovered((records) => changeRecord(records, name, facts))
    onChanged()
  }

  const look = async (only?: 'ollama'): Promise<ScanResult> => {
    const described = await view.described()
    const { models, reports } = await discovery.look(described, only)
    const complete = new Set(reports.filter(({ state }) => state !== 'failed').map(({ scope }) => scope))
    const sources = reports.map(placeOf)
    let difference: Omit<ScanResult, 'sources'> = { added: [], changed: [], missing: [] }
    if (!files.standalone) {
      await files.updateDiscovered((previous) => {
        if (only === undefined) for (const scope of foldersNoLongerNamed(previous, reports)) complete.add(scope)
        const records = describeFound({ found: models, described, previous, complete })
        difference = compare(previous, records)
        return records
      })
      onChanged()
    }
    return { sources, ...difference }
  }

  const storeLock = async (name: string, digest: string) => {
    await files.updateUser((records) => changeRecord(records, name, { version_lock: { locked: true, digest } }))
    await recordFacts(name, { version_lock: { last_verified: now() } })
    onChanged()
  }
  const history = async (): Promise<KeptVersion[]> => (await files.history()).map((kept) => ({ ...kept, version: String(kept.version) }))

  return {
    show,
    recordFacts,
    checkBeforeLoad: (entry) => locks.checkBeforeLoad(entry),
    scan(only) {
      const key = only ?? 'all'
      const running = scans.get(key) ?? look(only).finally(() => scans.delete(key))
      scans.set(key, running)
      return running
    },
    async lock(name) {
      const { entry } = await find(name)
      const { digest, files: count } = await locks.digestOf(entry, true)
      await storeLock(entry.name, digest)
      return { name: entry.name, locked: true, matches: true, digest, expected: digest, files: count }
    },
    async unlock(name) {
      const { entry } = await find(name)
      if (entry.version_lock.locked === true) {
        await files.updateUser((records) => patchRecord(records, entry.name, { version_lock: null }))
        const still = (await find(entry.name)).entry.version_lock.locked === true
        if (still) await files.updateUser((records) => changeRecord(records, entry.name, { version_lock: { locked: false } }))
        onChanged()
      }
      return { name: entry.name, locked: false, matches: null, digest: null, expected: null, files: 0 }
    },
    async verify(name) {
      const { entry } = await find(name)
      const { digest, files: count } = await locks.digestOf(entry, true)
      const locked = entry.version_lock.locked === true
      const expected = (locked ? entry.version_lock.digest : null) ?? null
      const matches = expected === null ? null : expected === digest
      if (locked && expected === null) await storeLock(entry.name, digest)
      else if (matches === true) await recordFacts(entry.name, { version_lock: { last_verified: now() } })
      return { name: entry.name, locked, matches, digest, expected, files: count }
    },
    async probe(name, chat, signal = new AbortController().signal) {
      const { registry, entry } = await find(name)
      const { nowMs, ticksMs } = clock
      const result = await probeVision({ entry, chat, digest: digestOf(entry), signal, nowMs, ticksMs })
      // A model that nobody described and whose source could not tell gets its roles when it proved that it sees.
      const discovered = registry.provenance.get(entry.name)?.['/backend'] === 'discovered'
      const roles = result.vision_ok && discovered && rolesOf(entry).length === 0 ? rolesOfFoundModel() : {}
      await recordFacts(entry.name, { probes: { vision: result }, ...roles })
      return result
    },
    history,
    async rollback(version) {
      await files.rollback(Number(version))
      onChanged()
      return history()
    },
    async editOverlay(name, patch) {
      const { entry } = await find(name)
      const layers = await files.layers()
      await files.updateUser((records) => {
        const next = patchRecord(records, entry.name, patch)
        parseLayer(JSON.stringify(next), 'the change')
        const merged = mergeLayers(layers.map((source) => (source.layer === 'user' ? { ...source, records: next } : source)))
        const problem = merged.problems.find(({ data }) => data?.['entry'] === entry.name)
        if (problem) throw new StudioError('registry-invalid', problem.message, { data: problem.data ?? {} })
        return next
      })
      onChanged()
      return show(entry.name)
    },
  }
}
