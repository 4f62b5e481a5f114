/**
 * Found models as records of the discovered layer: facts laid on entries that somebody described, whole entries for the others. A pure
 * function of what was found and what was known, so the same state gives the same records however often it is looked at.
 */
import { backendOf, type EntryRecord, huggingFaceIdOf, type RegistryEntry, servedIdsOf } from '../registry/entry.ts'
import { compareText } from '../registry/roles.ts'
import { compact, type FoundModel } from './discovery/found-model.ts'
import { freeName, identityOf, labelOf } from './discovery/naming.ts'
import { isServedAs } from './discovery/scan-servers.ts'
import { sameTag } from './same-tag.ts'

/** Below every curated model, above the embedded one. */
const DISCOVERED_PRIORITY = 40
const ROLES = ['caption', 'keywords', 'description', 'narration'] as const
/** Memory beside the weights for context, picture and buffers: a tenth and 600 MB, as seen on 7B models with a short context. */
const estimateMb = (sizeBytes: number) => Math.round((sizeBytes / (1024 * 1024)) * 1.1 + 600)

type Values = Record<string, unknown>
const isRecord = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)
const recordAt = (values: Values, key: string): Values => (isRecord(values[key]) ? values[key] : {})

/** What a model that sees may do until somebody says otherwise. */
export const rolesOfFoundModel = () => ({
  roles: [...ROLES],
  role_priority: Object.fromEntries(ROLES.map((role) => [role, DISCOVERED_PRIORITY])),
})

export interface DescribeOptions {
  found: readonly FoundModel[]
  /** Entries that the curated and the user's file describe. */
  described: readonly RegistryEntry[]
  /** The discovered layer as it is. */
  previous: readonly EntryRecord[]
  /** Scopes that were looked through whole: what they no longer hold is missing. */
  complete: ReadonlySet<string>
}

function isAbout(entry: RegistryEntry, found: FoundModel): boolean {
  const backend = backendOf(entry)
  if (found.source === 'server') return isServedAs(entry, found)
  if (found.source === 'ollama')
    return backend === 'ollama' && [found.repo, ...found.aliases].some((tag) => servedIdsOf(entry).some((id) => sameTag(id, tag)))
  const sameRepo = huggingFaceIdOf(entry)?.toLowerCase() === found.huggingFaceId?.toLowerCase() && found.huggingFaceId !== null
  if (found.file === null) {
    if (backend !== 'vllm' && backend !== 'lmdeploy') return false
    return entry.backend_config.model_path ? entry.backend_config.model_path === found.path : sameRepo
  }
  if (backend !== 'llamacpp') return false
  if (entry.backend_config.model_path) return entry.backend_config.model_path === found.path
  const file = entry.source['file']
  return sameRepo && (typeof file === 'string' ? file === found.file : entry.quantization?.toLowerCase() === found.quantization?.toLowerCase())
}

/** Digest where both have one, else size: whether what was learnt about the weights still holds. */
function sameWeights(before: EntryRecord, found: FoundModel): boolean {
  const digest = recordAt(before, 'metadata')['digest']
  if (typeof digest === 'string' && found.digest !== null) return digest === found.digest
  const size = before['download_size_bytes']
  return typeof size !== 'number' || found.sizeBytes === null || size === found.sizeBytes
}

/** Facts that hold for whoever described the model. */
function factsOf(found: FoundModel): Values {
  const fromServer = found.source === 'server'
  return {
    ...compact({ download_path: found.path, download_size_bytes: found.sizeBytes }),
    ...(found.backend === 'llamacpp' ? { backend_config: found.config } : {}),
    metadata: {
      ...found.header,
      ...compact({ digest: found.digest, architecture: found.architecture }),
      ...(fromServer ? {} : { found: { [found.scope]: { repo: found.repo, file: found.file, quantization: found.quantization } } }),
    },
  }
}

function capabilitiesOf(found: FoundModel, before: EntryRecord | undefined): Values {
  // The source could not tell this time: what it told before still holds.
  if (found.sees === null && before && isRecord(before['capabilities'])) {
    return { capabilities: before['capabilities'], roles: before['roles'] ?? [], role_priority: before['role_priority'] ?? {} }
  }
  const sees = found.sees === true && found.generates
  return {
    capabilities: { text: found.generates, vision: sees, ...(found.generates ? {} : { embedding: true }) },
    ...(sees ? rolesOfFoundModel() : { roles: [], role_priority: {} }),
  }
}

/** A whole entry for a model that nobody described. */
function entryOf(found: FoundModel, before: EntryRecord | undefined): Values {
  const facts = factsOf(found)
  const elsewhere = found.backend === 'remote'
  return {
    ...facts,
    display_name: labelOf(found),
    backend: found.backend,
    backend_config: found.config,
    ...compact({ served_model_id: found.servedModelId, quantization: found.quantization, family: found.family }),
    model_aliases: [...found.aliases],
    ...capabilitiesOf(found, before),
    ...(elsewhere || found.sizeBytes === null ? {} : { vram_estimate_mb: estimateMb(found.sizeBytes) }),
    source_provider: found.source === 'huggingface' ? 'hf' : found.source,
    source: { ...compact({ huggingface_id: found.huggingFaceId, file: found.file }) },
    metadata: {
      ...found.metadata,
      ...(elsewhere ? {} : { vram_estimate_source: 'size of the weights' }),
      ...recordAt(facts, 'metadata'),
      found: { [found.scope]: { repo: found.repo, file: found.file, quantization: found.quantization } },
    },
  }
}

/** Keys that a look sets; all others of a record belong to somebody else and stay. */
const MANAGED = [
  'display_name',
  'backend',
  'backend_config',
  'served_model_id',
  'quantization',
  'family',
  'model_aliases',
  'capabilities',
  'roles',
  'role_priority',
  'vram_estimate_mb',
  'source_provider',
  'source',
  'download_path',
  'download_size_bytes',
]
const MANAGED_METADATA = ['missing', 'digest', 'found', 'vram_estimate_source', 'endpoint_consent']
/** Read from the weights; kept when a later look tells less. */
const HEADER = ['architecture', 'model_type', 'config', 'gguf']
/** Learnt about weights that are no longer these. */
const OF_THE_WEIGHTS = ['probes', 'version_lock', 'performance', 'artifacts']

const without = (values: Values, keys: readonly string[]): Values => Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)))

function keptOf(before: EntryRecord, same: boolean): Values {
  const metadata = without(recordAt(before, 'metadata'), same ? MANAGED_METADATA : [...MANAGED_METADATA, ...HEADER])
  return { ...without(before, same ? MANAGED : [...MANAGED, ...OF_THE_WEIGHTS]), metadata }
}

function lay(values: Values, over: Values): Values {
  const laid = { ...values }
  for (const [key, value] of Object.entries(over)) laid[key] = isRecord(value) && isRecord(laid[key]) ? lay(laid[key], value) : value
  return laid
}

const byPlace = (a: FoundModel, b: FoundModel) =>
  compareText(a.source === 'server' ? '' : a.scope, b.source === 'server' ? '' : b.scope) || compareText(identityOf(a), identityOf(b))

const foundIn = (record: EntryRecord) => recordAt(recordAt(record, 'metadata'), 'found')
/** Places that a record was found in. */
export const scopesOf = (record: EntryRecord): string[] => Object.keys(foundIn(record))
const identitiesOf = (record: EntryRecord): string[] =>
  Object.entries(foundIn(record)).map(([scope, at]) => identityOf({ scope, ...(at as Pick<FoundModel, 'repo' | 'file' | 'quantization'>) }))

export function describeFound({ found, described, previous, complete }: DescribeOptions): EntryRecord[] {
  const known = new Map(previous.map((record) => [record.name, record]))
  const byIdentity = new Map(previous.flatMap((record) => identitiesOf(record).map((identity) => [identity, record.name] as const)))
  const byOllamaDigest = new Map(
    previous.filter((record) => 'ollama' in foundIn(record)).map((record) => [recordAt(record, 'metadata')['digest'], record.name]),
  )
  const describedNames = new Set(described.map(({ name }) => name))
  const taken = new Set([...describedNames, ...known.keys()])
  const drafts = new Map<string, Values>()
  const claimed = new Set<string>()
  /** Described entries whose weights were found already: a second copy elsewhere changes nothing. */
  const settled = new Set<string>()

  const draft = (name: string, one: FoundModel, make: (before: EntryRecord | undefined) => Values) => {
    const before = known.get(name)
    const same = before !== undefined && sameWeights(before, one)
    const start = drafts.get(name) ?? (before ? keptOf(before, same) : {})
    drafts.set(name, lay(start, make(same ? before : undefined)))
  }
  const nameFor = (one: FoundModel): string => {
    const renamed = one.source === 'ollama' && one.digest !== null ? byOllamaDigest.get(one.digest) : undefined
    const before = [renamed, byIdentity.get(identityOf(one))].find((name) => name !== undefined && !describedNames.has(name) && !drafts.has(name))
    if (before !== undefined) return before
    const name = freeName(one, taken)
    taken.add(name)
    return name
  }

  for (const one of [...found].sort(byPlace)) {
    const owners = described.filter((entry) => isAbout(entry, one))
    for (const { name } of owners.filter((owner) => !settled.has(owner.name))) {
      draft(name, one, () => factsOf(one))
      if (one.source !== 'server') settled.add(name)
    }
    if (owners.length === 0) draft(nameFor(one), one, (before) => entryOf(one, before))
    claimed.add(identityOf(one))
  }

  const untouched = previous
    .filter((record) => !drafts.has(record.name))
    .flatMap((record): EntryRecord[] => {
      const scopes = scopesOf(record)
      // Its weights are told under another name now.
      if (identitiesOf(record).some((identity) => claimed.has(identity))) return []
      if (scopes.length === 0 || !scopes.every((scope) => complete.has(scope))) return [record]
      return [{ ...record, metadata: { ...recordAt(record, 'metadata'), missing: true } }]
    })
  const fresh = [...drafts].map(([name, values]): EntryRecord => ({ name, ...without(values, ['name']) }))
  return [...fresh, ...untouched].sort((a, b) => compareText(a.name, b.name))
}
