/** One edit over many photos, worked out photo by photo as ordinary decisions, so that it can be looked at first and undone after. Pure. */
import {
  type BulkEdit,
  type Decision,
  type DecisionChange,
  FIELD_OF_STAGE,
  type FieldOfStage,
  type MetadataSnapshot,
  type PlanChange,
  TEXT_FIELDS,
  type TextField,
} from '../contract/model.ts'
import { isGated, findStageOf, type LatestProposals, wantedFields } from './decisions.ts'
import { searchKey } from './path-key.ts'

export interface BulkInput {
  current: MetadataSnapshot
  decision: Decision
  proposals: LatestProposals
  fieldOf?: FieldOfStage
}

/** `changes` is what the photo's words become, for showing; `decisions` is what makes them so. Both empty: the edit does not concern it. */
export interface BulkPlan {
  changes: PlanChange[]
  decisions: DecisionChange[]
}

export function planBulkEdit(edit: BulkEdit, input: BulkInput): BulkPlan {
  switch (edit.kind) {
    case 'add-keywords':
    case 'remove-keywords':
      return planKeywords(edit, input)
    case 'set-text':
      return planText(edit.field, edit.text, input)
    case 'replace':
      return planReplace(edit, input)
  }
}

const NOTHING: BulkPlan = { changes: [], decisions: [] }
const keyOf = (keyword: string): string => searchKey(keyword).trim()

/** The words as approving now would leave them. */
function textOf(field: TextField, { current, decision, proposals, fieldOf = FIELD_OF_STAGE }: BulkInput): string | null {
  const decided = decision.fields[field]
  if (decided?.verdict === 'accept' && (decided.policy !== 'fill' || current[field] === null)) return decided.text === '' ? null : decided.text
  const stage = findStageOf(field, fieldOf)
  const proposal = stage && proposals[stage]
  const proposed = proposal && !isGated(proposal) && decided === undefined ? proposal.text : null
  return current[field] ?? proposed
}

function keywordsOf({ current, decision, proposals, fieldOf }: BulkInput): string[] {
  const wanted = wantedFields({ ...decision, status: 'open' }, proposals, fieldOf).keywords
  const removed = new Set((wanted?.remove ?? []).map(keyOf))
  const list = new Map<string, string>()
  for (const keyword of [...(wanted?.list ?? current.keywords), ...(wanted?.add ?? [])]) {
    if (!removed.has(keyOf(keyword)) && !list.has(keyOf(keyword))) list.set(keyOf(keyword), keyword)
  }
  return [...list.values()]
}

function planText(field: TextField, text: string, input: BulkInput): BulkPlan {
  const from = textOf(field, input)
  const to = text.trim()
  if ((from ?? '') === to) return NOTHING
  return { changes: [{ field, from, to: to === '' ? null : to }], decisions: [{ kind: 'field', field, verdict: 'accept', text: to }] }
}

function planKeywords(edit: Extract<BulkEdit, { keywords: string[] }>, input: BulkInput): BulkPlan {
  const from = keywordsOf(input)
  const present = new Set(from.map(keyOf))
  const spelled = edit.keywords.map((keyword) => keyword.trim()).filter((keyword) => keyword !== '')
  const wanted = spelled.filter((keyword, at) => spelled.findIndex((each) => keyOf(each) === keyOf(keyword)) === at)
  const adds = edit.kind === 'add-keywords'
  const entries = wanted
    .filter((keyword) => present.has(keyOf(keyword)) !== adds)
    .map((keyword) => ({ keyword, verdict: adds ? ('add' as const) : ('remove' as const) }))
  return keywordPlan(from, entries)
}

function planReplace(edit: Extract<BulkEdit, { kind: 'replace' }>, input: BulkInput): BulkPlan {
  const pattern = new RegExp(edit.find.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), edit.matchCase ? 'gu' : 'giu')
  // A function: a dollar sign in the new words is a dollar sign.
  const replaced = (text: string) => text.replace(pattern, () => edit.replace)
  const plans = TEXT_FIELDS.filter((field) => edit.fields.includes(field)).map((field) => {
    const text = textOf(field, input)
    return text === null || replaced(text) === text ? NOTHING : planText(field, replaced(text), input)
  })
  if (edit.fields.includes('keywords')) plans.push(replaceKeywords(replaced, input))
  return { changes: plans.flatMap((plan) => plan.changes), decisions: plans.flatMap((plan) => plan.decisions) }
}

function replaceKeywords(replaced: (text: string) => string, input: BulkInput): BulkPlan {
  const from = keywordsOf(input)
  const entries = from.flatMap((keyword) => {
    const next = replaced(keyword).trim()
    if (next === keyword) return []
    const away = { keyword, verdict: 'remove' as const }
    // Another spelling of the same word counts as the same word: only the list as a whole could say it, so it is left alone.
    if (keyOf(next) === keyOf(keyword)) return []
    return next === '' ? [away] : [away, { keyword: next, verdict: 'add' as const }]
  })
  return keywordPlan(from, entries)
}

function keywordPlan(from: string[], entries: { keyword: string; verdict: 'add' | 'remove' }[]): BulkPlan {
  if (entries.length === 0) return NOTHING
  const away = new Set(entries.filter(({ verdict }) => verdict === 'remove').map(({ keyword }) => keyOf(keyword)))
  const to = from.filter((keyword) => !away.has(keyOf(keyword)))
  const present = new Set(to.map(keyOf))
  for (const { keyword, verdict } of entries) {
    if (verdict === 'remove' || present.has(keyOf(keyword))) continue
    present.add(keyOf(keyword))
    to.push(keyword)
  }
  return { changes: [{ field: 'keywords', from, to }], decisions: [{ kind: 'keywords', entries }] }
}
