import type { ModelDetail, ServingView } from '../../src-main/contract/engine.ts'
import type { ModelSummary, ProfileState, Stage } from '../../src-main/contract/model.ts'
import type { Reply } from '../../src-main/contract/routes/index.ts'

export const ROLES: readonly Stage[] = ['caption', 'keywords', 'description']
export type RoleSelection = Reply<'models.select'>

export interface ModelsSlice {
  profile: ProfileState | null
  list: readonly ModelSummary[] | null
  /** Role → ranked and rejected models. */
  selections: Partial<Record<Stage, RoleSelection>>
  discovered: Reply<'models.discover'> | null
  discovering: boolean
  adding: boolean
  /** The model that is shown in depth, as it was when it was asked for. */
  shown: { detail: ModelDetail; serving: ServingView; lines: readonly string[] } | null
  /** Name of the model that is being started or stopped. */
  serving: string | null
}

export const startModels = (): ModelsSlice => ({
  profile: null,
  list: null,
  selections: {},
  discovered: null,
  discovering: false,
  adding: false,
  shown: null,
  serving: null,
})

/** Name of the model that will do a role's work: the chosen one if it can, else the first of the ranking. */
export function findActiveModel(selection: RoleSelection | undefined): RoleSelection['models'][number] | undefined {
  return selection?.models.find((model) => model.name === selection.chosen) ?? selection?.models[0]
}

/** True when every role that we know of is served by the embedded model alone. */
export function onlyBasicFacts(selections: ModelsSlice['selections']): boolean {
  const known = ROLES.map((role) => selections[role]).filter((selection) => selection !== undefined)
  return known.length > 0 && known.every((selection) => (findActiveModel(selection)?.backend ?? 'embedded') === 'embedded')
}
