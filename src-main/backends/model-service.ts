/** Models, roles and profiles as the studio serves them: one place that joins the registry, what really answers, and what the user chose. */
import type { ModelSummary, ProfileState, Selection } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { backendOf, displayNameOf, type RegistryEntry, rolesOf } from '../registry/entry.ts'
import { mergeLayers, type Registry } from '../registry/layers.ts'
import { resolveModelName } from '../registry/resolve.ts'
import { listRoles, requireRole, type RoleRow } from '../registry/roles.ts'
import { remediesFor, selectByRole, type SelectionRequest } from '../registry/select.ts'
import type { Availability } from '../registry/serving.ts'
import type { BackendSet } from './backend-set.ts'
import type { Deployment } from './deployment.ts'
import { describeOllamaModels } from './discovered-models.ts'
import { describeEndpoint, type NewEndpoint } from './endpoints.ts'
import { findBaseUrl, isLoopback } from './loopback.ts'
import type { SettingsStore, TellProblem } from './ports.ts'
import type { RegistryFiles } from './registry-files.ts'

interface SelectOptions {
  assumeInstalled?: boolean | undefined
  topN?: number | undefined
  /** A profile for this question alone. */
  profile?: string | undefined
}

export interface ModelService {
  registry(): Promise<Registry>
  list(): Promise<ModelSummary[]>
  listRoles(): Promise<RoleRow[]>
  select(role: string, options?: SelectOptions): Promise<Selection & { chosen: string | null }>
  choose(role: string, model: string | null): Promise<void>
  discover(): Promise<{ ollama: { running: boolean; baseUrl: string; visionModels: string[] } }>
  addEndpoint(endpoint: NewEndpoint): Promise<ModelSummary>
  removeEndpoint(name: string): Promise<void>
  profileState(): Promise<ProfileState>
  setProfile(name: string): Promise<ProfileState>
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
}

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

  const registry = async (): Promise<Registry> => {
    const [layers, vision] = await Promise.all([files.layers(), backends.ollama.visionModels()])
    const described = mergeLayers(layers)
    const tags = described.entries.filter((entry) => entry.backend === 'ollama').map((entry) => entry.served_model_id ?? entry.name)
    const found = describeOllamaModels(vision, new Set(described.entries.map((entry) => entry.name)), new Set(tags))
    const [curated, user] = layers
    const merged =
      found.length === 0 || !curated || !user
        ? described
        : mergeLayers([curated, { layer: 'discovered', file: `Ollama at ${backends.ollama.baseUrl}`, records: found }, user])
    for (const problem of merged.problems) tellOnce(problem)
    return merged
  }

  const chosenFor = (role: string): string | null => {
    const stored = settings.get(choiceKey(role))
    return typeof stored === 'string' && stored !== '' ? stored : null
  }

  const prepare = async (role: string, { assumeInstalled = false, topN, profile }: SelectOptions): Promise<SelectionRequest> => {
    const [view, choice] = await Promise.all([registry(), deployment.choice(profile)])
    requireRole(view, role)
    const availability = await backends.availabilityOf(view.entries)
    return { registry: view, profile: choice.active, role, availability, assumeInstalled, topN }
  }

  const list = async () => {
    const { entries } = await registry()
    const availability = await backends.availabilityOf(entries)
    return entries.map((entry) => summarize(entry, availability.get(entry.name)))
  }

  return {
    registry,
    list,
    listRoles: async () => listRoles(await registry()),
    async select(role, selectOptions = {}) {
      return { ...selectByRole(await prepare(role, selectOptions)), chosen: chosenFor(role) }
    },
    async choose(role, model) {
      const view = await registry()
      requireRole(view, role)
      settings.set(choiceKey(role), model === null ? null : resolveModelName(view, model).name)
      onChanged()
    },
    async discover() {
      backends.ollama.forget()
      const [now, vision] = await Promise.all([backends.ollama.snapshot(), backends.ollama.visionModels()])
      onChanged()
      return { ollama: { running: now.running, baseUrl: backends.ollama.baseUrl, visionModels: vision.map(({ tag }) => tag) } }
    },
    async addEndpoint(endpoint) {
      const view = await registry()
      for (const role of endpoint.roles) requireRole(view, role)
      const record = describeEndpoint(endpoint)
      const present = view.entries.find((entry) => entry.name === record.name)
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
      const view = await registry()
      requireRole(view, role)
      if (override) return resolveModelName(view, override)
      const chosen = chosenFor(role)
      if (chosen !== null) {
        const kept = view.entries.find((entry) => entry.name === chosen)
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
