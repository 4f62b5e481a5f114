/**
 * The words that cross borders: ids, enums and records shared by every host, room and the renderer.
 * Pure zod values; types are inferred from them. Ids cross borders, paths do not (a `path` here is text to show, never accepted as input).
 */
import { z } from 'zod'

export const photoId = z.int().positive()
export const folderId = z.int().positive()
export const runId = z.int().positive()
export const planId = z.int().positive()
export const writeId = z.int().positive()
/** Opaque, unguessable token for a file or folder that the host was shown (dropped, picked, or under a granted root). */
export const grantId = z.string().min(8).max(64)
/** Milliseconds since the Unix epoch, UTC. */
export const timestampMs = z.int().nonnegative()

export const STAGES = ['caption', 'keywords', 'description'] as const
export const stage = z.enum(STAGES)
export type Stage = z.infer<typeof stage>

export const TEXT_FIELDS = ['title', 'description', 'altText', 'extendedDescription'] as const
export const textField = z.enum(TEXT_FIELDS)
export type TextField = z.infer<typeof textField>

/** What the mono checker said of the photo. Kept in the studio's own namespace. */
export const MONO_FIELDS = ['monoVerdict', 'monoMode', 'monoStrictness'] as const
export type MonoField = (typeof MONO_FIELDS)[number]

export const FIELDS = [...TEXT_FIELDS, 'keywords', 'hierarchicalKeywords', ...MONO_FIELDS] as const
export const field = z.enum(FIELDS)
export type Field = z.infer<typeof field>

/** The text field that a stage's text lands in. */
export const FIELD_OF_STAGE = { caption: 'title', description: 'description' } as const
/** The same as the settings have it. Where both name one field, the caption is meant. */
export type FieldOfStage = Record<keyof typeof FIELD_OF_STAGE, TextField>

export const PHOTO_KINDS = ['jpeg', 'png', 'tiff', 'webp', 'heif', 'avif', 'jxl', 'dng', 'raw'] as const
export const photoKind = z.enum(PHOTO_KINDS)
export type PhotoKind = z.infer<typeof photoKind>

/** Where a photo stands: untagged → queued → proposed → approved → written; rejected and failed are set aside. */
export const PHOTO_STATES = ['untagged', 'queued', 'proposed', 'approved', 'written', 'rejected', 'failed'] as const
export const photoState = z.enum(PHOTO_STATES)
export type PhotoState = z.infer<typeof photoState>

/** A reason beats a boolean: what is wrong with something, by code (see contract/errors), with data for the sentence. */
export const problem = z.object({
  code: z.string(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()).optional(),
})
export type Problem = z.infer<typeof problem>

/** XMP stars: 1 to 5, 0 for none, -1 for rejected. */
export const rating = z.int().min(-1).max(5)

export const photoSummary = z.object({
  id: photoId,
  folderId,
  name: z.string(),
  path: z.string(),
  kind: photoKind,
  state: photoState,
  sizeBytes: z.int().nonnegative(),
  /** Upright pixels; null until the photo has been looked at. */
  width: z.int().positive().nullable(),
  height: z.int().positive().nullable(),
  takenAtMs: timestampMs.nullable(),
  /** SHA-256 of the file, hex; null until the photo has been looked at. Changes the thumbnail address. */
  contentHash: z.string().nullable(),
  /** Name of the JPEG that belongs to this RAW file, shown as one photo. */
  pairedName: z.string().nullable(),
  duplicateOf: photoId.nullable(),
  gated: z.boolean(),
  /** Stars, 0 for none; the sidecar's count before the photo's own. */
  rating,
  /** An XMP sidecar lies beside it. */
  sidecar: z.boolean(),
  problem: problem.nullable(),
})
export type PhotoSummary = z.infer<typeof photoSummary>

export const folder = z.object({
  id: folderId,
  parentId: folderId.nullable(),
  name: z.string(),
  path: z.string(),
  photoCount: z.int().nonnegative(),
  /** Photos here and below. */
  totalCount: z.int().nonnegative(),
  /** Followed: photos that come or change there are taken in by themselves. */
  watched: z.boolean(),
  /** When it was last imported or opened in the window; null for folders that came with one above them. */
  openedAtMs: timestampMs.nullable(),
})
export type Folder = z.infer<typeof folder>

export const SORTS = ['path', 'name', 'taken', 'rating', 'added', 'size'] as const
export type Sort = (typeof SORTS)[number]

export const photoFilter = z.object({
  folderId: folderId.optional(),
  recursive: z.boolean().default(true),
  states: z.array(photoState).optional(),
  /** Case-insensitive substring of the file name or of a keyword. */
  text: z.string().max(200).optional(),
  /** A whole keyword, without regard to case. */
  keyword: z.string().max(200).optional(),
  /** Both included; photos without stars count as 0. */
  rating: z.object({ from: rating, to: rating }).optional(),
  /** By the camera's own clock, written as if it were UTC; `to` is the first moment left out. Photos without a time are left out. */
  taken: z.object({ fromMs: z.int().optional(), toMs: z.int().optional() }).optional(),
  camera: z.string().max(200).optional(),
  /** Has a proposal of this model. */
  model: z.string().max(300).optional(),
  /** A proposal that stands failed this gate; `any` for whichever. */
  gate: z.string().max(100).optional(),
  sort: z.enum(SORTS).default('path'),
  /** Photos without the value that is sorted by stay last where that is a time. */
  descending: z.boolean().optional(),
})
export type PhotoFilter = z.infer<typeof photoFilter>

export const importNote = z.object({ path: z.string(), code: z.string(), message: z.string() })
export type ImportNote = z.infer<typeof importNote>

export const importSummary = z.object({
  importId: z.string(),
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  found: z.int().nonnegative(),
  added: z.int().nonnegative(),
  changed: z.int().nonnegative(),
  /** Files that are not photos by rule (sidecars, backups, hidden …), counted only. */
  ignored: z.int().nonnegative(),
  /** At most 200 notes travel; `noteCount` is the true number. */
  notes: z.array(importNote),
  noteCount: z.int().nonnegative(),
  problem: problem.nullable(),
})
export type ImportSummary = z.infer<typeof importSummary>

// ── Metadata ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What a file (with its sidecar) holds now, by field, and where each value came from. Absent is null, empty is ''. */
export const metadataSnapshot = z.object({
  title: z.string().nullable(),
  description: z.string().nullable(),
  altText: z.string().nullable(),
  extendedDescription: z.string().nullable(),
  keywords: z.array(z.string()),
  hierarchicalKeywords: z.array(z.string()),
  monoVerdict: z.string().nullable(),
  monoMode: z.string().nullable(),
  monoStrictness: z.string().nullable(),
  /** Field → tags that carried the effective value, e.g. `XMP-dc:Title`, `sidecar XMP-dc:Title`. */
  sources: z.partialRecord(field, z.array(z.string())),
  /** Fields whose places disagree: each place with its value. */
  conflicts: z.array(z.object({ field, values: z.array(z.object({ tag: z.string(), value: z.union([z.string(), z.array(z.string())]) })) })),
})
export type MetadataSnapshot = z.infer<typeof metadataSnapshot>

export const fieldValue = z.union([z.string(), z.array(z.string()), z.null()])
export const planChange = z.object({ field, from: fieldValue, to: fieldValue })
export type PlanChange = z.infer<typeof planChange>

export const plan = z.object({
  id: planId,
  photoId,
  path: z.string(),
  target: z.enum(['embedded', 'sidecar']),
  targetPath: z.string(),
  changes: z.array(planChange),
  warnings: z.array(problem),
  /** Set when this photo cannot be written at all; nothing will be touched, and `changes` are what waits. */
  refusal: problem.nullable(),
  /** Tags that the settings add to the changes, such as a headline. */
  also: z.array(z.string()).optional(),
  createdAtMs: timestampMs,
})
export type Plan = z.infer<typeof plan>

/** A tag of a write that is taken back from a file that somebody changed since. */
export const threeWay = z.object({
  tag: z.string(),
  before: fieldValue,
  ours: fieldValue,
  now: fieldValue,
  /** Holds its old value again; otherwise somebody's newer value was left. */
  restored: z.boolean(),
})
export type ThreeWay = z.infer<typeof threeWay>

export const writeOutcome = z.object({
  photoId,
  path: z.string(),
  /** written: verified on disk · unchanged: nothing to do, no byte moved · reverted · refused: by rule, untouched · failed: untouched. */
  outcome: z.enum(['written', 'unchanged', 'reverted', 'refused', 'failed']),
  code: z.string().nullable(),
  message: z.string().nullable(),
  writeId: writeId.nullable(),
  /** Set by a revert when the file was changed since the write. */
  threeWay: z.array(threeWay).optional(),
})
export type WriteOutcome = z.infer<typeof writeOutcome>

export const journalState = z.enum(['pending', 'written', 'failed', 'reverted'])
export const journalEntry = z.object({
  writeId,
  kind: z.enum(['write', 'revert']),
  photoId: photoId.nullable(),
  path: z.string(),
  targetPath: z.string(),
  timeMs: timestampMs,
  /** One number for all files of one write command. */
  run: z.int().positive(),
  changes: z.array(planChange),
  state: journalState,
  problem: problem.nullable(),
  models: z.array(z.string()),
})
export type JournalEntry = z.infer<typeof journalEntry>

// ── Proposals and decisions ──────────────────────────────────────────────────────────────────────────────────

export const proposedKeyword = z.object({
  keyword: z.string(),
  /** A true score of the model in 0..1, or null where the model gives none. Never a rank. */
  confidence: z.number().min(0).max(1).nullable(),
  /** What the word rests on: object, faces, text, colour, light, season, daypart, place, country, or model. */
  source: z.string(),
  /** `maybe` is shown but not accepted by approving the photo. */
  level: z.enum(['propose', 'maybe']),
})
export type ProposedKeyword = z.infer<typeof proposedKeyword>

export const proposal = z.object({
  id: z.int().positive(),
  photoId,
  runId: runId.nullable(),
  stage,
  /** Set for caption and description. */
  text: z.string().nullable(),
  /** Set for keywords. */
  keywords: z.array(proposedKeyword),
  /** Codes of the gates that this proposal failed; gated proposals are never part of "approve all passing". */
  gates: z.array(z.string()),
  model: z.string(),
  backend: z.string(),
  promptName: z.string(),
  promptHash: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  rawReply: z.string(),
  timings: z.object({ prepareMs: z.number(), requestMs: z.number(), totalMs: z.number() }),
  /** Content hash of the file that the model saw. */
  contentHash: z.string(),
  settingsHash: z.string(),
  createdAtMs: timestampMs,
})
export type Proposal = z.infer<typeof proposal>

export const decisionStatus = z.enum(['open', 'approved', 'rejected'])
export const fieldDecision = z.object({
  verdict: z.enum(['accept', 'reject']),
  text: z.string(),
  origin: z.enum(['proposal', 'hand']),
  /** `fill` (by approving the photo): only where the file holds nothing. Otherwise the text replaces what is there. */
  policy: z.enum(['fill', 'replace']).optional(),
})
export const keywordVerdict = z.enum(['add', 'reject', 'remove'])
export type KeywordVerdict = z.infer<typeof keywordVerdict>
/** A verdict takes the place of the one before it, in the fields and among the keywords. */
export const monoWords = z.object({
  verdict: z.enum(['pass', 'pass_with_query', 'fail']),
  mode: z.string().min(1).max(60),
  strictness: z.string().min(1).max(60),
})
export type MonoWords = z.infer<typeof monoWords>
/**
 * What the photographer decided. Nothing here means "undecided": existing values stay. Approving turns undecided proposals
 * into accepted ones (fill if empty), explicit verdicts win (replace).
 */
export const decision = z.object({
  photoId,
  status: decisionStatus,
  fields: z.partialRecord(textField, fieldDecision),
  /** `policy: fill` (by approving the photo): what the settings say about proposed keywords counts. */
  keywords: z.array(
    z.object({ keyword: z.string(), verdict: keywordVerdict, origin: z.enum(['proposal', 'hand']), policy: z.literal('fill').optional() }),
  ),
  /** The whole keyword list, set by hand; the entries above still apply on top. Null when not set. */
  keywordList: z.array(z.string()).nullable(),
  /** The mono checker's word, to be written with the photo. */
  mono: monoWords.optional(),
})
export type Decision = z.infer<typeof decision>

const keywordChange = z.object({ keyword: z.string().min(1).max(200), verdict: z.enum(['add', 'reject', 'remove', 'clear']) })
export const decisionChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('field'), field: textField, verdict: z.enum(['accept', 'reject', 'clear']), text: z.string().max(20_000).optional() }),
  keywordChange.extend({ kind: z.literal('keyword') }),
  /** Several at once, as one step of undo. */
  z.object({ kind: z.literal('keywords'), entries: z.array(keywordChange).min(1).max(1000) }),
  z.object({ kind: z.literal('keyword-list'), keywords: z.array(z.string().min(1).max(200)).max(1000).nullable() }),
  /** Null: nothing of it is written, and what the file holds stays. */
  z.object({ kind: z.literal('mono'), mono: monoWords.nullable() }),
])
export type DecisionChange = z.infer<typeof decisionChange>

const keywordList = z.array(z.string().min(1).max(200)).min(1).max(100)
/** One edit over many photos. `set-text` with nothing empties the field. */
export const bulkEdit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('add-keywords'), keywords: keywordList }),
  z.object({ kind: z.literal('remove-keywords'), keywords: keywordList }),
  z.object({ kind: z.literal('set-text'), field: textField, text: z.string().max(20_000) }),
  z.object({
    kind: z.literal('replace'),
    fields: z.array(z.enum([...TEXT_FIELDS, 'keywords'])).min(1),
    find: z.string().min(1).max(200),
    replace: z.string().max(200),
    matchCase: z.boolean(),
  }),
])
export type BulkEdit = z.infer<typeof bulkEdit>
/** What the edit makes of one photo, and the decisions that make it so: what was shown is what is decided. */
export const bulkPreview = z.object({
  photoId,
  name: z.string(),
  changes: z.array(planChange),
  decisions: z.array(decisionChange),
  problem: problem.nullable(),
})
export type BulkPreview = z.infer<typeof bulkPreview>

/** A keyword of the reply that is not proposed: another spelling came first, it is too long, or the list was full. */
export const droppedKeyword = z.object({ keyword: z.string(), reason: z.enum(['twin', 'too-long', 'over-count']) })
export type DroppedKeyword = z.infer<typeof droppedKeyword>

export const review = z.object({
  photo: photoSummary,
  current: metadataSnapshot.nullable(),
  currentProblem: problem.nullable(),
  proposals: z.partialRecord(stage, proposal),
  decision,
  /** Of the newest keywords; at most 100. */
  droppedKeywords: z.array(droppedKeyword).optional(),
  /** The stage whose text is proposed for a field, where the settings differ from title and description. */
  stageOfField: z.partialRecord(textField, stage).optional(),
  /** What approving now would write, or what is approved. */
  preview: z
    .object({
      target: z.enum(['embedded', 'sidecar']),
      targetPath: z.string(),
      changes: z.array(planChange),
      warnings: z.array(problem),
      refusal: problem.nullable(),
    })
    .nullable(),
  canUndo: z.boolean(),
  canRedo: z.boolean(),
})
export type Review = z.infer<typeof review>

/** One outcome an item: one bad photo never stops a batch. */
export const itemOutcome = z.object({ photoId, path: z.string(), done: z.boolean(), problem: problem.nullable() })
export type ItemOutcome = z.infer<typeof itemOutcome>

// ── Runs ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const runState = z.enum(['running', 'paused', 'interrupted', 'done', 'cancelled'])
export const runSummary = z.object({
  runId,
  state: runState,
  stages: z.array(stage),
  /** Role (= stage) → model name used. */
  models: z.partialRecord(stage, z.string()),
  total: z.int().nonnegative(),
  done: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  startedAtMs: timestampMs,
  finishedAtMs: timestampMs.nullable(),
  photosPerMinute: z.number().nonnegative(),
  /** Estimate; null until the first photos are done. */
  timeLeftMs: z.number().nonnegative().nullable(),
  /** What the run is doing or why it waits, e.g. "loading model". */
  note: z.string().nullable(),
})
export type RunSummary = z.infer<typeof runSummary>

export const runFailure = z.object({ photoId, path: z.string(), stage: stage.nullable(), problem })
export type RunFailure = z.infer<typeof runFailure>

// ── Models ───────────────────────────────────────────────────────────────────────────────────────────────────

export const backendName = z.enum(['vllm', 'ollama', 'llamacpp', 'lmdeploy', 'embedded', 'onnx', 'remote', 'unassigned'])
export type BackendName = z.infer<typeof backendName>

export const modelState = z.enum(['ready', 'loading', 'available', 'failed', 'not-installed', 'unreachable', 'deprecated'])
export const modelSummary = z.object({
  name: z.string(),
  displayName: z.string(),
  backend: backendName,
  quantization: z.string().nullable(),
  vramEstimateMb: z.number().nonnegative().nullable(),
  roles: z.array(z.string()),
  state: modelState,
  stateReason: z.string().nullable(),
  /** Leaves this machine when used. */
  remote: z.boolean(),
  /** Added by the user, so the user may remove it. */
  removable: z.boolean(),
})
export type ModelSummary = z.infer<typeof modelSummary>

export const selectedModel = z.object({
  name: z.string(),
  backend: backendName,
  quantization: z.string().nullable(),
  vram_estimate_mb: z.number().nullable(),
  role_priority: z.number(),
  reasons: z.array(z.string()),
})
export const rejectedModel = z.object({ name: z.string(), reason: z.string() })
export const selection = z.object({
  role: z.string(),
  profile: z.string(),
  models: z.array(selectedModel),
  rejected: z.array(rejectedModel),
})
export type Selection = z.infer<typeof selection>

export const roleRow = z.object({ role: z.string(), model: z.string(), backend: z.string(), priority: z.number() })

export const gpu = z.object({
  index: z.int(),
  name: z.string(),
  totalMb: z.number(),
  freeMb: z.number().nullable(),
  /** Of an instance that a card is cut into: how programs name it. Left out for whole cards. */
  device: z.string().optional(),
})
export type Gpu = z.infer<typeof gpu>

export const profileSummary = z.object({
  name: z.string(),
  description: z.string(),
  maxVramMb: z.number(),
  effects: z.array(z.string()),
})
export const profileState = z.object({
  active: z.string(),
  detected: z.string(),
  /** Why the active one is active: environment, chosen, detected. */
  reason: z.string(),
  gpus: z.array(gpu),
  available: z.array(profileSummary),
})
export type ProfileState = z.infer<typeof profileState>
