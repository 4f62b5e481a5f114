/** Decisions, plans, writes and reverts of the library in memory, by the rules that the contract states. */
import type {
  BulkEdit,
  BulkPreview,
  Decision,
  DecisionChange,
  JournalEntry,
  MetadataSnapshot,
  Plan,
  PlanChange,
  Proposal,
  Review,
  TextField,
  WriteOutcome,
} from '../../../src-main/contract/model.ts'
import { ClientFailure } from '../studio-client.ts'
import type { MemoryLibrary, MemoryPhoto } from './memory-library.ts'

const TEXT_FIELDS: readonly TextField[] = ['title', 'description', 'altText', 'extendedDescription']
const same = (a: string, b: string) => a.localeCompare(b, undefined, { sensitivity: 'accent' }) === 0

export function getPhoto(library: MemoryLibrary, photoId: number): MemoryPhoto {
  const photo = library.photos.get(photoId)
  if (!photo) throw new ClientFailure({ code: 'photo-not-found', message: `No photo ${photoId}.` })
  return photo
}

export function applyChange(decision: Decision, change: DecisionChange): Decision {
  if (change.kind === 'keyword-list') return { ...decision, keywordList: change.keywords }
  if (change.kind === 'field') {
    const fields = { ...decision.fields }
    if (change.verdict === 'clear') delete fields[change.field]
    else fields[change.field] = { verdict: change.verdict, text: change.text ?? '', origin: 'proposal' }
    return { ...decision, fields }
  }
  if (change.kind === 'keywords') return change.entries.reduce((next, entry) => applyChange(next, { kind: 'keyword', ...entry }), decision)
  if (change.kind === 'mono') {
    const { mono: _before, ...rest } = decision
    return change.mono === null ? rest : { ...rest, mono: change.mono }
  }
  const others = decision.keywords.filter((entry) => !same(entry.keyword, change.keyword))
  return {
    ...decision,
    keywords: change.verdict === 'clear' ? others : [...others, { keyword: change.keyword, verdict: change.verdict, origin: 'hand' }],
  }
}

/** What the file will hold: explicit verdicts replace, undecided passing proposals fill what is empty. */
export function wanted(photo: MemoryPhoto): MetadataSnapshot {
  const next: MetadataSnapshot = structuredClone(photo.file)
  const proposed = {
    title: photo.proposals.caption?.gates.length === 0 ? photo.proposals.caption.text : null,
    description: photo.proposals.description?.gates.length === 0 ? photo.proposals.description.text : null,
    altText: null,
    extendedDescription: null,
  }
  for (const field of TEXT_FIELDS) {
    const verdict = photo.decision.fields[field]
    if (verdict?.verdict === 'accept') next[field] = verdict.text
    else if (verdict === undefined && next[field] === null) next[field] = proposed[field]
  }
  const list = photo.decision.keywordList ?? photo.file.keywords
  const verdictOf = (keyword: string) => photo.decision.keywords.find((entry) => same(entry.keyword, keyword))?.verdict
  const passing = photo.proposals.keywords?.gates.length === 0 ? photo.proposals.keywords.keywords : []
  const added = [
    ...passing.filter((each) => each.level === 'propose' && verdictOf(each.keyword) === undefined).map((each) => each.keyword),
    ...photo.decision.keywords.filter((entry) => entry.verdict === 'add').map((entry) => entry.keyword),
  ]
  next.keywords = list.filter((keyword) => verdictOf(keyword) !== 'remove')
  for (const keyword of added) if (!next.keywords.some((each) => same(each, keyword))) next.keywords.push(keyword)
  return next
}

export function differences(from: MetadataSnapshot, to: MetadataSnapshot): PlanChange[] {
  const changes: PlanChange[] = TEXT_FIELDS.filter((field) => from[field] !== to[field]).map((field) => ({ field, from: from[field], to: to[field] }))
  if (from.keywords.join('\n') !== to.keywords.join('\n')) changes.push({ field: 'keywords', from: from.keywords, to: to.keywords })
  return changes
}

function target(photo: MemoryPhoto): Pick<Plan, 'target' | 'targetPath'> {
  const sidecar = photo.summary.kind === 'raw'
  return { target: sidecar ? 'sidecar' : 'embedded', targetPath: sidecar ? photo.summary.path.replace(/\.NEF$/, '.xmp') : photo.summary.path }
}

export function reviewOf(photo: MemoryPhoto): Review {
  return structuredClone({
    photo: photo.summary,
    current: photo.summary.problem === null ? photo.file : null,
    currentProblem: photo.summary.problem,
    proposals: photo.proposals,
    decision: photo.decision,
    droppedKeywords: photo.proposals.keywords ? [{ keyword: 'Boats', reason: 'twin' as const }] : [],
    preview:
      photo.summary.problem === null
        ? {
            ...target(photo),
            changes: photo.decision.status === 'rejected' ? [] : differences(photo.file, wanted(photo)),
            warnings: [],
            refusal: null,
          }
        : null,
    canUndo: photo.undo.length > 0,
    canRedo: photo.redo.length > 0,
  })
}

/** Newest first. */
export function answersOf(photo: MemoryPhoto): Proposal[] {
  return [...Object.values(photo.proposals), ...photo.earlier].sort((a, b) => b.id - a.id)
}

export function setProposal(photo: MemoryPhoto, proposal: Proposal): void {
  const before = photo.proposals[proposal.stage]
  photo.earlier = [...photo.earlier, ...(before ? [before] : [])].filter((each) => each.id !== proposal.id)
  photo.proposals[proposal.stage] = proposal
}

/** Keywords alone: enough to develop the dialog with. */
export function previewEdit(photo: MemoryPhoto, edit: BulkEdit): BulkPreview {
  const empty: BulkPreview = { photoId: photo.summary.id, name: photo.summary.name, changes: [], decisions: [], problem: null }
  if (edit.kind !== 'add-keywords') return empty
  const from = wanted(photo).keywords
  const added = edit.keywords.filter((keyword) => !from.some((each) => same(each, keyword)))
  if (added.length === 0) return empty
  const entries = added.map((keyword) => ({ keyword, verdict: 'add' as const }))
  return { ...empty, changes: [{ field: 'keywords', from, to: [...from, ...added] }], decisions: [{ kind: 'keywords', entries }] }
}

export function setDecision(photo: MemoryPhoto, decision: Decision): void {
  photo.undo.push(photo.decision)
  photo.redo = []
  applyDecision(photo, decision)
}

export function applyDecision(photo: MemoryPhoto, decision: Decision): void {
  photo.decision = decision
  const open = Object.keys(photo.proposals).length > 0 ? 'proposed' : 'untagged'
  photo.summary.state = decision.status === 'open' ? open : decision.status
}

export function planOf(library: MemoryLibrary, photo: MemoryPhoto, nowMs: number): Plan {
  const readOnly = photo.summary.id % 13 === 0
  const plan: Plan = {
    id: library.nextId(),
    photoId: photo.summary.id,
    path: photo.summary.path,
    ...target(photo),
    changes: readOnly ? [] : differences(photo.file, wanted(photo)),
    warnings:
      photo.summary.id % 5 === 0
        ? [{ code: 'value-truncated', message: 'IPTC holds 64 characters of the title.', data: { field: 'title', limitBytes: 64 } }]
        : [],
    refusal: readOnly ? { code: 'file-read-only', message: 'The file is read-only.', data: { path: photo.summary.path } } : null,
    createdAtMs: nowMs,
  }
  library.plans.set(plan.id, plan)
  return plan
}

export function writePlan(library: MemoryLibrary, plan: Plan, run: number, nowMs: number): WriteOutcome {
  const photo = getPhoto(library, plan.photoId)
  const head = { photoId: plan.photoId, path: plan.path }
  if (plan.refusal) return { ...head, outcome: 'refused', code: plan.refusal.code, message: plan.refusal.message, writeId: null }
  if (plan.changes.length === 0) return { ...head, outcome: 'unchanged', code: null, message: null, writeId: null }
  const writeId = library.nextId()
  library.before.set(writeId, structuredClone(photo.file))
  photo.file = wanted(photo)
  photo.summary.state = 'written'
  const entry: JournalEntry = {
    writeId,
    kind: 'write',
    ...head,
    targetPath: plan.targetPath,
    timeMs: nowMs,
    run,
    changes: plan.changes,
    state: 'written',
    problem: null,
    models: ['embedded'],
  }
  library.journal.unshift(entry)
  return { ...head, outcome: 'written', code: null, message: null, writeId }
}

export function revertWrite(library: MemoryLibrary, writeId: number): WriteOutcome {
  const entry = library.journal.find((each) => each.writeId === writeId)
  const before = library.before.get(writeId)
  if (!entry || !before || entry.photoId === null) throw new ClientFailure({ code: 'write-not-found', message: `No write ${writeId}.` })
  const photo = getPhoto(library, entry.photoId)
  photo.file = before
  photo.summary.state = 'approved'
  entry.state = 'reverted'
  return { photoId: entry.photoId, path: entry.path, outcome: 'reverted', code: null, message: null, writeId }
}
