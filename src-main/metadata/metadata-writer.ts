/** Plans, writes, reverts and recovers. Files are worked on one after another per target, a few targets at a time. */
import { realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { PHOTO_KINDS, type PhotoKind, type Plan, type PlanChange, type Problem, type WriteOutcome } from '../contract/model.ts'
import type { BackupStore } from './backup-store.ts'
import type { Clock } from '../lib/clock.ts'
import { type Logger, silentLogger } from '../lib/logger.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { emptySnapshot } from './effective-values.ts'
import type { ExifToolPool } from './exiftool-process.ts'
import type { Signature } from './file-signature.ts'
import { createGroupCommits } from './group-commits.ts'
import { createByteHolder, type HeldFile } from './held-bytes.ts'
import { inspectPhoto, requireWhole } from './inspect-photo.ts'
import { type FaultHook, replaceJournalled } from './journalled-replace.ts'
import { createLocks, inOrder } from './locks.ts'
import { alsoWritten, extrasOf } from './plan-extras.ts'
import { findValueProblem, planChanges, planWarnings, targetOf } from './plan-write.ts'
import type { JournalStore, PlanStore, StoredPlan, WantedFields } from './ports.ts'
import { asText, type RawTags } from './raw-tags.ts'
import { createMetadataReader } from './read-metadata.ts'
import { outcomeOf, revertWrite, settleRecord } from './revert-write.ts'
import { checkReplaceable, fileStamp, hashFile } from './safe-file.ts'
import type { ReplaceResult } from './settle-write.ts'
import { isRawName } from './sidecars.ts'
import { currentValue, planTagEdits, sameValue } from './tag-edits.ts'
import { toWriteProblem } from './write-errors.ts'
import { DEFAULT_RULES, type WritingRules } from './writing-rules.ts'

export interface PhotoToWrite {
  id: number
  path: string
  kind: PhotoKind
}
export interface BatchOptions {
  /** Photos not begun when it aborts are refused with `cancelled`; one in work is finished first. */
  signal?: AbortSignal
  onOutcome?(outcome: WriteOutcome): void
}
export type PlanPreview = Pick<Plan, 'target' | 'targetPath' | 'changes' | 'warnings' | 'refusal'>

export interface MetadataWriter {
  /** What a plan would say, without storing one. Never throws for a bad photo: that is its refusal. */
  preview(photo: PhotoToWrite, wanted: WantedFields): Promise<PlanPreview>
  /** Stores what would be written, with the hashes of the files it was made for. `models`: names that the words came from. */
  plan(photo: PhotoToWrite, wanted: WantedFields, models: string[]): Promise<Plan>
  /** The newest plan of a photo that was not carried out. */
  lastPlan(photoId: number): Plan | null
  /** Writes exactly the stored plans; one outcome each, in the given order. @throws StudioError plan-not-found before anything is touched */
  write(planIds: readonly number[], options?: BatchOptions): Promise<WriteOutcome[]>
  /** Puts back the tags that these writes touched. @throws StudioError write-not-found before anything is touched */
  revert(writeIds: readonly number[], options?: BatchOptions): Promise<WriteOutcome[]>
  /** Called once at start: ends every write that a crash interrupted and removes its temporary file. */
  recover(): Promise<WriteOutcome[]>
}

/** More than there are ExifTool processes: while some photos are rewritten, others reach the disk. */
const FILES_AT_ONCE = 4

export function createMetadataWriter(parts: {
  exiftool: ExifToolPool
  plans: PlanStore
  journal: JournalStore
  clock: Clock
  log?: Logger
  /** What the settings say now. A plan keeps what was added to it; how files are treated counts at the write. */
  rules?: () => WritingRules
  backups?: BackupStore | null
  studioVersion?: string
  faultHook?: FaultHook
}): MetadataWriter {
  const { exiftool, plans, journal, clock, log = silentLogger, rules = () => DEFAULT_RULES, backups = null, studioVersion = '', faultHook } = parts
  const reader = createMetadataReader(exiftool, rules)
  const bytes = createByteHolder()
  const context = { exiftool, journal, clock, log, rules, backups, bytes, commits: createGroupCommits(journal), faultHook }
  const withLock = createLocks()

  const draft = async (photo: PhotoToWrite, wanted: WantedFields, models: string[]): Promise<Omit<StoredPlan, 'id'>> => {
    const now = rules()
    const base = { photoId: photo.id, path: photo.path, createdAtMs: clock.nowMs(), models, promptHashes: wanted.origin?.promptHashes ?? [] }
    let target = targetOf(photo, [], false, now)
    let changes: PlanChange[] | null = null
    try {
      const { truePath, signature } = await inspectPhoto(photo)
      const stamp = await fileStamp(truePath)
      const found = await reader.readWhole(photo)
      target = targetOf({ ...photo, signature }, found.sidecars, found.stemTaken, now)
      const raw = target.target === 'embedded' ? found.embedded : (found.sidecars.find(({ path: each }) => each === target.targetPath)?.raw ?? null)
      target.targetPath = target.target === 'embedded' ? truePath : await trueNameOf(target.targetPath)
      changes = planChanges(found.snapshot, wanted, target.target, now, (tag) => currentValue(raw, tag))
      // Nothing to write: that the photo is as it should be costs no more than having read it.
      if (changes.length === 0) return { ...base, ...target, changes, warnings: [], refusal: null, photoHash: '', targetHash: null }
      await requireWhole(photo, truePath, signature)
      await requireWritable(target.target, target.targetPath, signature, now)
      const photoHash = (await hashFile(truePath)) ?? ''
      const targetHash = target.target === 'embedded' ? photoHash : await hashFile(target.targetPath)
      if ((await fileStamp(truePath)) !== stamp) {
        throw new StudioError('file-changed', `${photo.path} changed while it was looked at.`, { retry: 'now', data: { path: photo.path } })
      }
      const linkCount = await stat(target.targetPath).then(
        (facts) => facts.nlink,
        () => 1,
      )
      const { kind } = photo
      const warnings = planWarnings({
        kind,
        target,
        changes,
        current: found.snapshot,
        sidecars: found.sidecars,
        hasC2pa: found.hasC2pa,
        linkCount,
        mirrorHeadline: now.mirrorHeadline,
      })
      const extras = extrasOf(changes, now, wanted, base, studioVersion)
      return {
        ...base,
        ...target,
        changes,
        warnings,
        refusal: findValueProblem(changes),
        also: alsoWritten(changes, extras),
        photoHash,
        targetHash,
        extras,
      }
    } catch (error) {
      const refusal = toWriteProblem(error, photo.path, log)
      changes ??= await pendingChanges(photo, wanted, target.target, now)
      return { ...base, ...target, changes, warnings: [], refusal, photoHash: '', targetHash: null }
    }
  }

  /** The words that wait for a photo that cannot be planned, beside what can still be read of it. */
  const pendingChanges = async (photo: PhotoToWrite, wanted: WantedFields, target: Plan['target'], now: WritingRules): Promise<PlanChange[]> =>
    planChanges(await reader.read(photo).catch(() => emptySnapshot()), wanted, target, now)

  const writeOne = async (plan: StoredPlan, takeRun: () => number): Promise<WriteOutcome> => {
    const head = { photoId: plan.photoId, path: plan.path }
    if (plan.refusal !== null) return outcomeOf(head, { state: 'refused', writeId: null, problem: plan.refusal })
    if (plan.changes.length === 0) return outcomeOf(head, { state: 'unchanged', writeId: null, problem: null })
    let held: HeldFile | null = null
    try {
      held = await bytes.hold(plan.target === 'embedded' ? plan.path : plan.targetPath)
      const targetHash = held?.hash ?? null
      const photoHash = plan.target === 'embedded' ? targetHash : await hashFile(plan.path)
      if (photoHash === null) throw new StudioError('file-missing', `${plan.path} is gone.`, { data: { path: plan.path } })
      if (photoHash !== plan.photoHash || targetHash !== plan.targetHash) return outcomeOf(head, await judgeStale(plan, targetHash))
      const result = await replaceJournalled(context, {
        ...head,
        planId: plan.id,
        targetPath: plan.targetPath,
        run: takeRun(),
        changes: plan.changes,
        models: plan.models,
        promptHashes: plan.promptHashes ?? [],
        expectedHash: plan.targetHash,
        held,
        buildEdits: (current) =>
          planTagEdits(current, plan.changes, {
            isMirrored: isMirrored(plan, current),
            sidecarFor: sidecarNote(plan),
            ...(plan.extras && { extras: plan.extras }),
          }),
      })
      if (rules().keepBackups) await backups?.prune()
      return outcomeOf(head, result)
    } catch (error) {
      return outcomeOf(head, { state: 'failed', writeId: null, problem: toWriteProblem(error, plan.targetPath, log) })
    } finally {
      bytes.release(held)
    }
  }

  /** The file is not what the plan was made for: fine when it already says what was planned, else the plan is void. */
  const judgeStale = async (plan: StoredPlan, targetHash: string | null): Promise<ReplaceResult> => {
    const beside = plan.target === 'sidecar' ? PHOTO_KINDS : []
    const asPlanned = createMetadataReader(exiftool, () => ({ sidecarKinds: beside, sidecarNaming: rules().sidecarNaming }))
    const now = await asPlanned.read({ path: plan.path, kind: plan.target === 'sidecar' && isRawName(plan.path) ? 'raw' : 'jpeg' })
    const isDone = plan.changes.every(({ field, to }) => sameValue(now[field], Array.isArray(now[field]) ? (to ?? []) : to))
    if (isDone) return { state: 'unchanged', writeId: null, problem: null }
    const latest = journal.latestWriteOf(plan.targetPath)
    const isOurs = latest !== undefined && latest.hashAfter === targetHash
    const message = isOurs
      ? 'The photo was written since this plan was made; plan it again.'
      : 'Another program changed the file since the plan was made; nothing was written.'
    return { state: 'refused', writeId: null, problem: { code: isOurs ? 'plan-stale' : 'file-changed', message, data: { path: plan.path } } }
  }

  const batch = async <T>(items: readonly T[], options: BatchOptions, one: (item: T) => Promise<WriteOutcome>, skip: (item: T) => WriteOutcome) =>
    inOrder(items, FILES_AT_ONCE, async (item) => {
      const outcome = options.signal?.aborted ? skip(item) : await one(item)
      options.onOutcome?.(outcome)
      return outcome
    })

  return {
    async preview(photo, wanted) {
      const { target, targetPath, changes, warnings, refusal } = await draft(photo, wanted, [])
      return { target, targetPath, changes, warnings, refusal }
    },
    async plan(photo, wanted, models) {
      return toShown(plans.add(await draft(photo, wanted, models)))
    },
    lastPlan(photoId) {
      const stored = plans.latestOpen(photoId)
      return stored === undefined ? null : toShown(stored)
    },
    async write(planIds, options = {}) {
      const stored = planIds.map((planId) => {
        const plan = plans.find(planId)
        if (plan === undefined) throw new StudioError('plan-not-found', `There is no plan ${planId}.`, { data: { planId } })
        return plan
      })
      if (stored.length === 0) return []
      // A batch that finds nothing to do stores nothing.
      let run: number | null = null
      const takeRun = () => (run ??= journal.nextRun())
      return batch(
        stored,
        options,
        (plan) => withLock(plan.targetPath, () => writeOne(plan, takeRun)),
        (plan) => outcomeOf(plan, { state: 'refused', writeId: null, problem: CANCELLED }),
      )
    },
    async revert(writeIds, options = {}) {
      const records = writeIds.map((writeId) => {
        const record = journal.find(writeId)
        if (record === undefined) throw new StudioError('write-not-found', `There is no write ${writeId} in the journal.`, { data: { writeId } })
        return record
      })
      if (records.length === 0) return []
      const run = journal.nextRun()
      return batch(
        records,
        options,
        (record) =>
          withLock(record.targetPath, async () => {
            try {
              return await revertWrite(context, record.writeId, run)
            } catch (error) {
              return outcomeOf(record, { state: 'failed', writeId: null, problem: toWriteProblem(error, record.targetPath, log) })
            }
          }),
        (record) => outcomeOf(record, { state: 'refused', writeId: null, problem: CANCELLED }),
      )
    },
    async recover() {
      const outcomes: WriteOutcome[] = []
      for (const record of journal.pending()) {
        try {
          outcomes.push(await settleRecord(context, record, INTERRUPTED))
        } catch (error) {
          outcomes.push(outcomeOf(record, { state: 'failed', writeId: record.writeId, problem: toWriteProblem(error, record.targetPath, log) }))
        }
      }
      await backups?.prune()
      return outcomes
    },
  }
}

function toShown({
  targetHash: _targetHash,
  photoHash: _photoHash,
  models: _models,
  promptHashes: _promptHashes,
  extras: _extras,
  ...plan
}: StoredPlan): Plan {
  return plan
}

const INTERRUPTED: Problem = { code: 'cancelled', message: 'The studio stopped before the file was replaced; it is as it was.', data: {} }
const CANCELLED: Problem = { code: 'cancelled', message: 'Cancelled before this photo was begun; it is as it was.', data: {} }

/** Sidecar names that are links: the file behind is the one to write. */
async function trueNameOf(sidecarPath: string): Promise<string> {
  try {
    return await realpath(sidecarPath)
  } catch (error) {
    if (findErrno(error) === 'ENOENT') return sidecarPath
    throw error
  }
}

async function requireWritable(target: Plan['target'], targetPath: string, signature: Signature, rules: WritingRules): Promise<void> {
  if (target === 'embedded' && signature === 'bigtiff') {
    throw new StudioError('format-not-writable', 'BigTIFF files cannot be written safely.', { data: { path: targetPath } })
  }
  await checkReplaceable(targetPath, { mayBeAbsent: target === 'sidecar', mayBeLinked: rules.hardLinks === 'part' })
}

/** A new `photo.xmp` says whose it is, as Adobe's programs do. */
function sidecarNote(plan: StoredPlan): string | null {
  if (plan.target === 'embedded' || plan.targetHash !== null) return null
  return path.extname(plan.path).slice(1).toUpperCase() || null
}

/** JPEG and TIFF take IPTC and EXIF text beside XMP. ExifTool's own word for the type counts, not the name. */
function isMirrored(plan: StoredPlan, current: RawTags | null): boolean {
  return plan.target === 'embedded' && ['JPEG', 'TIFF'].includes(asText(current?.tags.get('File:FileType')) ?? '')
}
