/** What the review screen shows, worked out from one review. Pure: every rule of chips and fields is decided here. */
import type { DecisionChange, PlanChange, Review, Stage, TextField } from '../../src-main/contract/model.ts'

export const TEXT_FIELDS: readonly TextField[] = ['title', 'description', 'altText', 'extendedDescription']
const STAGE_OF_FIELD: Partial<Record<TextField, Stage>> = { title: 'caption', description: 'description' }

export interface FieldView {
  field: TextField
  inFile: string | null
  proposed: string | null
  /** What approving now leaves in the file. */
  result: string | null
  /** open: nothing decided · accepted, edited: goes into the file · rejected: proposal refused. */
  status: 'open' | 'accepted' | 'edited' | 'rejected'
  /** What approving does to an undecided field: fills it, keeps what is there, or has nothing to add. */
  onApprove: 'fill' | 'keep' | 'same' | 'nothing'
  gates: readonly string[]
  stage: Stage | null
}

export function fieldView(review: Review, field: TextField): FieldView {
  const stage = (review.stageOfField ?? STAGE_OF_FIELD)[field] ?? null
  const proposal = stage === null ? undefined : review.proposals[stage]
  const proposed = proposal?.text ?? null
  const inFile = review.current?.[field] ?? null
  const decided = review.decision.fields[field]
  const gates = proposal?.gates ?? []
  const usable = proposed !== null && gates.length === 0
  // What the settings make of an open field is in the plan; without one the rule is: fill what is empty.
  const planned = review.preview?.refusal === null && !decided ? review.preview.changes.find((change) => change.field === field) : undefined
  const onApprove = planned ? 'fill' : proposed !== null && proposed === inFile ? 'same' : !usable ? 'nothing' : inFile === null ? 'fill' : 'keep'
  let status: FieldView['status'] = 'open'
  if (decided?.verdict === 'reject') status = 'rejected'
  else if (decided?.verdict === 'accept') status = decided.text === proposed ? 'accepted' : 'edited'
  const result =
    decided?.verdict === 'accept' ? decided.text : status === 'open' && onApprove === 'fill' ? (planned ? asText(planned.to) : proposed) : inFile
  return { field, inFile, proposed, result, status, onApprove, gates, stage }
}

const asText = (value: PlanChange['to']): string | null => (Array.isArray(value) ? value.join(', ') : value)

/** Accepting what is accepted already, or refusing what is refused, takes the decision back. */
export function fieldVerdict(view: FieldView, verdict: 'accept' | 'reject'): DecisionChange | null {
  const { field } = view
  if (verdict === 'reject') return { kind: 'field', field, verdict: view.status === 'rejected' ? 'clear' : 'reject', text: view.proposed ?? '' }
  if (view.status === 'accepted' || view.status === 'edited') return { kind: 'field', field, verdict: 'clear' }
  return view.proposed === null ? null : { kind: 'field', field, verdict: 'accept', text: view.proposed }
}

export type ChipKind = 'kept' | 'added' | 'maybe' | 'rejected' | 'removed'
export interface Chip {
  keyword: string
  kind: ChipKind
  /** Where it stands on the screen; toggling never moves it. */
  group: 'file' | 'proposed' | 'maybe' | 'hand'
  /** A true score of the model, or null. */
  confidence: number | null
  source: string | null
  /** Also proposed, though the file has it already. */
  alsoProposed: boolean
  /** Key that toggles it, 1 to 9, or null. */
  key: number | null
  /** What toggling it asks for. */
  toggle: DecisionChange
}

const fold = (keyword: string) => keyword.trim().normalize('NFC').toLowerCase()

/** Chips in the order of the screen: what the file has, what is added, what is uncertain. Number keys go to proposals. */
export function keywordChips(review: Review): Chip[] {
  const proposal = review.proposals.keywords
  const passing = proposal !== undefined && proposal.gates.length === 0
  const list = review.decision.keywordList ?? review.current?.keywords ?? []
  const verdicts = new Map(review.decision.keywords.map((entry) => [fold(entry.keyword), entry]))
  const proposed = new Map((proposal?.keywords ?? []).map((entry) => [fold(entry.keyword), entry]))
  const change = (keyword: string, verdict: 'add' | 'reject' | 'remove' | 'clear'): DecisionChange => ({ kind: 'keyword', keyword, verdict })
  const chips: Chip[] = []

  for (const keyword of list) {
    const removed = verdicts.get(fold(keyword))?.verdict === 'remove'
    const twin = proposed.get(fold(keyword))
    chips.push({
      keyword,
      kind: removed ? 'removed' : 'kept',
      group: 'file',
      confidence: twin?.confidence ?? null,
      source: twin?.source ?? null,
      alsoProposed: twin !== undefined,
      key: null,
      toggle: change(keyword, removed ? 'clear' : 'remove'),
    })
  }
  const inList = new Set(list.map(fold))
  for (const [folded, entry] of proposed) {
    if (inList.has(folded)) continue
    const verdict = verdicts.get(folded)?.verdict
    // Approving adds it unless it was refused, is uncertain, or the whole proposal was held back.
    const byDefault = passing && entry.level === 'propose'
    const kind: ChipKind = verdict === 'add' ? 'added' : verdict === 'reject' || verdict === 'remove' ? 'rejected' : byDefault ? 'added' : 'maybe'
    const next = kind === 'added' ? (verdict === 'add' && !byDefault ? 'clear' : 'reject') : kind === 'maybe' ? 'add' : byDefault ? 'clear' : 'add'
    chips.push({
      keyword: entry.keyword,
      kind,
      group: entry.level === 'propose' ? 'proposed' : 'maybe',
      confidence: entry.confidence,
      source: entry.source,
      alsoProposed: true,
      key: null,
      toggle: change(entry.keyword, next),
    })
  }
  for (const entry of review.decision.keywords) {
    if (entry.verdict !== 'add' || inList.has(fold(entry.keyword)) || proposed.has(fold(entry.keyword))) continue
    chips.push({
      keyword: entry.keyword,
      kind: 'added',
      group: 'hand',
      confidence: null,
      source: null,
      alsoProposed: false,
      key: null,
      toggle: change(entry.keyword, 'clear'),
    })
  }
  let key = 0
  return chips.map((chip) => (chip.group === 'file' || key >= 9 ? chip : { ...chip, key: ++key }))
}

/** All proposed keywords taken, or none of them, as one step; null when they stand so already. */
export function allKeywords(chips: readonly Chip[], verdict: 'accept' | 'reject'): DecisionChange | null {
  const wrong = chips.filter((chip) => (verdict === 'accept' ? chip.group === 'proposed' && chip.kind !== 'added' : isProposedAndAdded(chip)))
  const entries = wrong.flatMap(({ toggle }) => (toggle.kind === 'keyword' ? [{ keyword: toggle.keyword, verdict: toggle.verdict }] : []))
  return entries.length === 0 ? null : { kind: 'keywords', entries }
}

const isProposedAndAdded = (chip: Chip): boolean => (chip.group === 'proposed' || chip.group === 'maybe') && chip.kind === 'added'

/** Keywords typed into one line: commas and semicolons part them; blanks, repeats and what is there already fall away. */
export function parseTypedKeywords(text: string, present: readonly string[]): string[] {
  const seen = new Set(present.map(fold))
  const keywords: string[] = []
  for (const part of text.split(/[,;\n]/)) {
    const keyword = part.trim().replace(/\s+/g, ' ')
    if (keyword === '' || keyword.length > 200 || seen.has(fold(keyword))) continue
    seen.add(fold(keyword))
    keywords.push(keyword)
  }
  return keywords
}
