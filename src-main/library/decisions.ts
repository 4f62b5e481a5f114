/** What a photographer decided, and what follows from it. Pure; every function gives a new decision. */
import {
  type Decision,
  type DecisionChange,
  FIELD_OF_STAGE,
  type FieldOfStage,
  type KeywordVerdict,
  type MonoWords,
  type Proposal,
  type Stage,
  TEXT_FIELDS,
  type TextField,
} from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { searchKey } from './path-key.ts'

/** The newest proposal of each stage. */
export type LatestProposals = Partial<Record<Stage, Proposal>>

export interface WantedText {
  /** Null removes what the file holds. */
  text: string | null
  /** `fill`: only where the file holds nothing. */
  policy: 'fill' | 'replace'
}

/** What a decision asks of the file; a field that is missing is not touched. The same shape as in metadata/ports.ts. */
export interface Wanted {
  title?: WantedText
  description?: WantedText
  altText?: WantedText
  extendedDescription?: WantedText
  /** `list` is the whole new list, null where the file's own stays the base; then come `add` and `remove`. */
  keywords?: { list: string[] | null; add: string[]; remove: string[]; proposed?: string[] }
  mono?: MonoWords
}

const STAGES_WITH_TEXT = Object.keys(FIELD_OF_STAGE) as (keyof FieldOfStage)[]

/** The stage that speaks for a field, or undefined. */
export const findStageOf = (field: TextField, fieldOf: FieldOfStage): keyof FieldOfStage | undefined =>
  STAGES_WITH_TEXT.find((each) => fieldOf[each] === field)

/** A proposal that failed a gate: shown, and taken only by an explicit verdict. */
export const isGated = (proposal: Proposal): boolean => proposal.gates.length > 0

/**
 * The decision after one change. A rejected photo that is worked on is open again.
 * @throws StudioError `proposal-missing` when a text is accepted that was neither given nor proposed; `invalid-request` for a blank keyword
 */
export function applyDecisionChange(
  decision: Decision,
  change: DecisionChange,
  proposals: LatestProposals,
  fieldOf: FieldOfStage = FIELD_OF_STAGE,
): Decision {
  const next: Decision = { ...decision, status: decision.status === 'rejected' ? 'open' : decision.status }
  switch (change.kind) {
    case 'field':
      return { ...next, fields: changeField(decision.fields, change, proposals, fieldOf) }
    case 'keyword':
      return { ...next, keywords: changeKeyword(decision.keywords, change.keyword, change.verdict, proposals) }
    case 'keywords':
      return {
        ...next,
        keywords: change.entries.reduce((keywords, each) => changeKeyword(keywords, each.keyword, each.verdict, proposals), decision.keywords),
      }
    case 'keyword-list':
      return { ...next, keywordList: change.keywords === null ? null : distinctKeywords(change.keywords) }
    case 'mono': {
      const { mono: _before, ...rest } = next
      return change.mono === null ? rest : { ...rest, mono: change.mono }
    }
  }
}

/**
 * The approved decision: each undecided text is filled from a passing proposal, and passing keywords of level `propose` are added,
 * unless the whole list was set by hand. What an earlier approval filled in counts as undecided and follows the newest proposal.
 */
export function approveDecision(decision: Decision, proposals: LatestProposals, fieldOf: FieldOfStage = FIELD_OF_STAGE): Decision {
  const fields = { ...decision.fields }
  for (const field of TEXT_FIELDS) {
    const stage = findStageOf(field, fieldOf)
    const proposal = stage && proposals[stage]
    const decided = fields[field] !== undefined && fields[field].policy !== 'fill'
    if (decided || !proposal || isGated(proposal) || !proposal.text) continue
    fields[field] = { verdict: 'accept', text: proposal.text, origin: 'proposal', policy: 'fill' }
  }
  return { ...decision, status: 'approved', fields, keywords: [...decision.keywords, ...undecidedKeywords(decision, proposals)] }
}

/** What to write. For an open decision: what approving it now would write. A rejected one asks for nothing. */
export function wantedFields(decision: Decision, proposals: LatestProposals, fieldOf: FieldOfStage = FIELD_OF_STAGE): Wanted {
  if (decision.status === 'rejected') return {}
  const { fields, keywords, keywordList, mono } = decision.status === 'open' ? approveDecision(decision, proposals, fieldOf) : decision
  const wanted: Wanted = {}
  for (const field of TEXT_FIELDS) {
    const decided = fields[field]
    if (decided?.verdict !== 'accept') continue
    wanted[field] = { text: decided.text === '' ? null : decided.text, policy: decided.policy ?? 'replace' }
  }
  const withVerdict = (verdict: KeywordVerdict) => keywords.filter((entry) => entry.verdict === verdict).map(({ keyword }) => keyword)
  const proposed = keywords.filter((entry) => entry.verdict === 'add' && entry.policy === 'fill').map(({ keyword }) => keyword)
  const change = {
    list: keywordList,
    add: withVerdict('add'),
    remove: withVerdict('remove'),
    ...(proposed.length > 0 ? { proposed } : {}),
  }
  if (change.list !== null || change.add.length > 0 || change.remove.length > 0) wanted.keywords = change
  if (mono !== undefined) wanted.mono = mono
  return wanted
}

/** Whether approving now would ask for anything: a photo with nothing but gated proposals needs an explicit verdict first. */
export function mayApprove(decision: Decision, proposals: LatestProposals, fieldOf: FieldOfStage = FIELD_OF_STAGE): boolean {
  return Object.keys(wantedFields({ ...decision, status: 'open' }, proposals, fieldOf)).length > 0
}

function changeField(
  fields: Decision['fields'],
  change: Extract<DecisionChange, { kind: 'field' }>,
  proposals: LatestProposals,
  fieldOf: FieldOfStage,
): Decision['fields'] {
  const next = { ...fields }
  const proposed = proposedText(change.field, proposals, fieldOf)
  if (change.verdict === 'clear') delete next[change.field]
  else if (change.verdict === 'reject') next[change.field] = { verdict: 'reject', text: proposed ?? '', origin: 'proposal' }
  else {
    const text = change.text ?? proposed
    if (text === null) throw new StudioError('proposal-missing', `nothing was proposed for ${change.field} and no text was given`)
    next[change.field] = { verdict: 'accept', text, origin: text === proposed ? 'proposal' : 'hand' }
  }
  return next
}

function proposedText(field: TextField, proposals: LatestProposals, fieldOf: FieldOfStage): string | null {
  const stage = findStageOf(field, fieldOf)
  return (stage && proposals[stage]?.text) ?? null
}

function changeKeyword(
  keywords: Decision['keywords'],
  keyword: string,
  verdict: KeywordVerdict | 'clear',
  proposals: LatestProposals,
): Decision['keywords'] {
  const text = keyword.trim()
  if (text === '') throw new StudioError('invalid-request', 'a keyword needs at least one letter')
  const key = keywordKey(text)
  const others = keywords.filter((entry) => keywordKey(entry.keyword) !== key)
  if (verdict === 'clear') return others
  const proposed = proposals.keywords?.keywords.some((entry) => keywordKey(entry.keyword) === key) ?? false
  return [...others, { keyword: text, verdict, origin: proposed ? 'proposal' : 'hand' }]
}

function undecidedKeywords({ keywords, keywordList }: Decision, proposals: LatestProposals): Decision['keywords'] {
  const proposal = proposals.keywords
  if (!proposal || isGated(proposal) || keywordList !== null) return []
  const seen = new Set(keywords.map(({ keyword }) => keywordKey(keyword)))
  return proposal.keywords.flatMap(({ keyword, level }) => {
    const key = keywordKey(keyword)
    if (level !== 'propose' || key.trim() === '' || seen.has(key)) return []
    seen.add(key)
    return [{ keyword, verdict: 'add' as const, origin: 'proposal' as const, policy: 'fill' as const }]
  })
}

/** Trimmed, without blanks, the first spelling of each. */
function distinctKeywords(keywords: readonly string[]): string[] {
  const seen = new Map<string, string>()
  for (const keyword of keywords.map((each) => each.trim())) {
    const key = keywordKey(keyword)
    if (keyword !== '' && !seen.has(key)) seen.set(key, keyword)
  }
  return [...seen.values()]
}

/** Two keywords are the same word when these are equal. */
const keywordKey = (keyword: string): string => searchKey(keyword).trim()
