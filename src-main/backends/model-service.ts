/** Models, roles and profiles as the studio serves them: one place that joins the registry, what really answers, and what the user chose. */
import type { ModelSummary, ProfileState, Selection } from '../contract/model.ts'
import path from 'node:path'
import { type Clock, systemClock } from '../lib/clock.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, displayNameOf, isMissing, type RegistryEntry, rolesOf } from '../registry/entry.ts'
import type { Registry } from '../registry/layers.ts'
import { resolveModelName } from '../registry/resolve.ts'
import { listRoles, requireRole, type RoleRow } from '../registry/roles.ts'
import { remediesFor, selectByRole, type SelectionRequest } from '../registry/select.ts'
import type { Availability } from '../registry/serving.ts'
import { asServed, type Served } from './as-served.ts'
import type { BackendSet } from './backend-set.ts'
import type { Deployment } from './deployment.ts'
import { createDiscovery, type Discovery } from './discovery/discovery.ts'
import { createVersionLock, type VersionLock } from './discovery/version-lock.ts'
import { createWeightsDigests } from './discovery/weights-digest.ts'
import { describeEndpoint, type NewEndpoint } from './endpoints.ts'
import { findBaseUrl, isLoopback } from './loopback.ts'
import { createModelUpkeep, type ModelUpkeep, type ShownModel } from './model-upkeep.ts'
import type { SettingsStore, TellProblem } from './ports.ts'
import type { RegistryFiles } from './registry-files.ts'
import { createRegistryView } from './registry-view.ts'

interface SelectOptions {
  assumeInstalled?: boolean | undefined
  topN?: number | undefined
  /** A profile for this question alone. */
  profile?: string | undefined
}

type Shown = ModelSummary & ShownModel

export interface ModelService extends Omit<ModelUpkeep, 'show' | 'editOverlay'> {
  /** One model whole. Any spelling. @throws StudioError `model-unknown`, `model-ambiguous`. */
  show(name: string): Promise<Shown>
  /**
   * Lays a merge patch over the user's own changes of the entry: null takes a value back to what ships.
   * @throws StudioError `registry-invalid` when the entry would not be valid: nothing is saved then.
   */
  editOverlay(name: string, patch: Readonly<Record<string, unknown>>): Promise<Shown>
  /** @throws StudioError `registry-invalid` when another registry file was named and has never been right. */
  registry(): Promise<Registry>
  /** By name; what the servers say, corrected by what is known of the weights and of the last start. Never rejects. */
  availabilityOf(entries: readonly RegistryEntry[]): Promise<Map<string, Availability>>
  list(): Promise<ModelSummary[]>
  listRoles(): Promise<RoleRow[]>
  select(role: string, options?: SelectOptions): Promise<Selection & { chosen: string | null; remedies: string[] }>
  choose(role: string, model: string | null): Promise<void>
  discover(): Promise<{ ollama: { running: boolean; baseUrl: string; visionModels: string[] } }>
  addEndpoint(endpoint: NewEndpoint): Promise<ModelSummary>
  removeEndpoint(name: string): Promise<void>
  profileState(): Promise<ProfileState>
  /** Null goes back to the detected one. */
  setProfile(name: string | null): Promise<ProfileState>
  /**
   * The override, else the model chosen by hand, else the selector's first.
   * @throws StudioError `no-model-for-role` with data {role, profile, rejected, remedies}, `model-unknown`, `model-ambiguous`, `role-unknown`.
   */
  modelForRole(role: string, override?: string | null): Promise<RegistryEntry>
  /** Any spelling. @throws StudioError `model-unknown`, `model-ambiguous`. */
  resolve(name: string): Promise<RegistryEntry>
}

export interface ModelServiceOptions {
  files: RegistryFiles
  backends: BackendSet
  deployment: Deployment
  settings: SettingsStore
  /** Told when something is left out or replaced; never silent, never fatal. */
  tell: TellProblem
  /** Told when the list or a choice changed. */
  onChanged: () => void
  /** Where models are looked for; default: the running Ollama alone. */
  discovery?: Discovery
  /** Default: remembers digests in the data folder. */
  locks?: VersionLock
  clock?: Clock
  /** What the scheduler has seen of the models; default: nothing. */
  served?: () => readonly Served[]
  /** Graphics memory in MB of entries by measurement or estimate; those that are missing are judged by the registry's figure. */
  needMbOf?: (entries: readonly RegistryEntry[]) => Promise<ReadonlyMap<string, number>>
}

const NO_PLACES = { huggingFace: [], lmStudio: [], gguf: [], folders: [] }

const choiceKey = (role: string) => `model.role.${role}`

function stateOf(entry: RegistryEntry, available: Availability | undefined): Pick<ModelSummary, 'state' | 'stateReason'> {
  if (entry.deprecated) return { state: 'deprecated', stateReason: 'kept for older projects only' }
  return { state: available?.state ?? 'not-installed', stateReason: available?.reason ?? null }
}

/** Whether photos leave this machine; an address that cannot be read counts as elsewhere. */
function leavesThisMachine(entry: RegistryEntry): boolean {
  try {
    const url = findBaseUrl(entry)
    return url !== undefined && !isLoopback(url)
  } catch {
    return true
  }
}

const isUsable = (available: Availability | undefined) => ['ready', 'available', 'loading'].includes(available?.state ?? '')

function summarize(entry: RegistryEntry, available: Availability | undefined): ModelSummary {
  return {
    name: entry.name,
    displayName: displayNameOf(entry),
    backend: backendOf(entry),
    quantization: entry.quantization,
    vramEstimateMb: entry.vram_estimate_mb,
    roles: rolesOf(entry),
    ...stateOf(entry, available),
    remote: leavesThisMachine(entry),
    removable: entry.metadata['added_by_user'] === true,
  }
}

export function createModelService(options: ModelServiceOptions): ModelService {
  const { files, backends, deployment, settings, tell, onChanged } = options
  const told = new Set<string>()
  const tellOnce = (problem: Parameters<TellProblem>[0]) => {
    if (told.has(problem.message)) return
    told.add(problem.message)
    tell(problem)
  }

  const { baseUrl: ollamaBaseUrl } = backends.ollama
  const discovery = options.discovery ?? createDiscovery({ ollamaBaseUrl, places: () => NO_PLACES, keyFor: async () => undefined })
  const memory = path.join(files.dataFolder, 'weight-digests.json')
  const locks = options.locks ?? createVersionLock({ weights: createWeightsDigests(memory), ollamaBaseUrl })
  const view = createRegistryView({ files, ollama: backends.ollama })
  const upkeep = createModelUpkeep({ files, view, discovery, locks, clock: options.clock ?? systemClock, onChanged })

  const registry = async (): Promise<Registry> => {
    const merged = await view.registry()
    // Those of whole files were told when they were found.
    const ofFiles = new Set(files.problems().map(({ message }) => message))
    for (const problem of merged.problems) if (!ofFiles.has(problem.message)) tellOnce(problem)
    return merged
  }

  /**
   * A model whose weights are gone cannot be loaded; a server that still holds it may go on answering. Weights that are known to be
   * others than the locked ones are not used in any state.
   */
  const loadable = async (entries: readonly RegistryEntry[]): Promise<Map<string, Availability>> => {
    const all = await backends.availabilityOf(entries)
    for (const entry of entries.filter(isMissing)) {
      if (all.get(entry.name)?.state !== 'available') continue
      all.set(entry.name, { state: 'not-installed', reason: 'its weights are no longer where they were found' })
    }
    const locked = entries.filter(({ name, version_lock: lock }) => lock.locked === true && isUsable(all.get(name)))
    const others = await Promise.all(locked.map((entry) => locks.isKnownToDiffer(entry)))
    locked.forEach(({ name }, i) => {
      if (others[i]) all.set(name, { state: 'not-installed', reason: 'its weights are not the locked ones' })
    })
    return all
  }

  /** A model that failed is still chosen for its roles: it is tried again when it is asked for. */
  const availabilityOf = async (entries: readonly RegistryEntry[]): Promise<Map<string, Availability>> => {
    const served = new Map(options.served?.().map((each) => [each.name, each]))
    return new Map([...(await loadable(entries))].map(([name, available]) => [name, asServed(available, served.get(name))]))
  }

  const chosenFor = (role: string): string | null => {
    const stored = settings.get(choiceKey(role))
    return typeof stored === 'string' && stored !== '' ? stored : null
  }

  const prepare = async (role: string, { assumeInstalled = false, topN, profile }: SelectOptions): Promise<SelectionRequest> => {
    const [current, choice] = await Promise.all([registry(), deployment.choice(profile)])
    requireRole(current, role)
    const [availability, needMbOf] = await Promise.all([loadable(current.entries), options.needMbOf?.(current.entries)])
    return { registry: current, profile: choice.active, role, availability, assumeInstalled, needMbOf, topN }
  }

  const list = async () => {
    const { entries } = await registry()
    const availability = await availabilityOf(entries)
    return entries.map((entry) => summarize(entry, availability.get(entry.name)))
  }

  const withSummary = async (shown: ShownModel): Promise<Shown> => {
    const availability = await availabilityOf([shown.entry])
    return { ...summarize(shown.entry, availability.get(shown.entry.name)), ...shown }
  }

  return {
    ...upkeep,
    show: async (name) => withSummary(await upkeep.show(name)),
    editOverlay: async (name, patch) => withSummary(await upkeep.editOverlay(name, patch)),
    registry,
    availabilityOf,
    list,
    listRoles: async () => listRoles(await registry()),
    async select(role, selectOptions = {}) {
      const request = await prepare(role, selectOptions)
      const selection = selectByRole(request)
      const remedies = selection.models.length > 0 ? [] : remediesFor(request, await deployment.profiles())
      return { ...selection, chosen: chosenFor(role), remedies }
    },
    async choose(role, model) {
      const current = await registry()
      requireRole(current, role)
      settings.set(choiceKey(role), model === null ? null : resolveModelName(current, model).name)
      onChanged()
    },
    async discover() {
      backends.ollama.forget()
      const [now, vision] = await Promise.all([backends.ollama.snapshot(), backends.ollama.visionModels(), upkeep.scan('ollama')])
      return { ollama: { running: now.running, baseUrl: backends.ollama.baseUrl, visionModels: vision.map(({ tag }) => tag) } }
    },
    async addEndpoint(endpoint) {
      const current = await registry()
      for (const role of endpoint.roles) requireRole(current, role)
      const record = describeEndpoint(endpoint)
      const present = current.entries.find((entry) => entry.name === record.name)
      if (present && present.metadata['added_by_user'] !== true) {
        const reason = `another model is already called ${record.name}`
        throw new StudioError('endpoint-invalid', `the server cannot be added: ${reason}`, { data: { reason } })
      }
      await files.updateUser((records) => [...records.filter(({ name }) => name !== record.name), record])
      onChanged()
      const entry = resolveModelName(await registry(), record.name)
      return summarize(entry, await backends.backendFor(entry).availability(entry))
    },
    async removeEndpoint(name) {
      const entry = resolveModelName(await registry(), name)
      if (entry.metadata['added_by_user'] !== true) {
        const reason = `${entry.name} was not added by hand`
        throw new StudioError('endpoint-invalid', `the server cannot be removed: ${reason}`, { data: { reason } })
      }
      await files.updateUser((records) => records.filter((record) => record.name !== entry.name))
      onChanged()
    },
    profileState: () => deployment.state(),
    async setProfile(name) {
      await deployment.set(name)
      onChanged()
      return deployment.state()
    },
    async modelForRole(role, override) {
      const current = await registry()
      requireRole(current, role)
      if (override) return resolveModelName(current, override)
      const chosen = chosenFor(role)
      if (chosen !== null) {
        const kept = current.entries.find((entry) => entry.name === chosen)
        if (kept) return kept
        tellOnce({
          code: 'model-unknown',
          message: `the model chosen for ${role}, ${chosen}, is no longer in the registry; the best other one is used`,
          data: { name: chosen, nearest: [] },
        })
      }
      const request = await prepare(role, {})
      const selection = selectByRole(request)
      const first = selection.models[0]
      if (first) return resolveModelName(request.registry, first.name)
      const remedies = remediesFor(request, await deployment.profiles())
      throw new StudioError('no-model-for-role', `no model can take the role ${role} under the profile ${selection.profile}`, {
        data: { role, profile: selection.profile, rejected: selection.rejected, remedies },
      })
    },
    resolve: async (name) => resolveModelName(await registry(), name),
  }
}
