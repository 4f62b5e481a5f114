/**
 * The one way a file of the user changes: journal, copy, let ExifTool rewrite the copy, read everything back, flush, replace by name.
 * Until the replacement the original is only read. Whatever fails, `settle` looks at the disk and says which state it is in.
 */
import { stat, utimes } from 'node:fs/promises'
import path from 'node:path'
import type { PlanChange } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { BackupStore } from './backup-store.ts'
import type { ExifToolPool } from './exiftool-process.ts'
import { IPTC_DIGEST } from './fields.ts'
import type { GroupCommits } from './group-commits.ts'
import type { ByteHolder, HeldFile } from './held-bytes.ts'
import type { JournalRecord, JournalStore, TagValues } from './ports.ts'
import type { RawTags } from './raw-tags.ts'
import { changed, type CopyJob, makeCopy, readForComparison, rewriteCopy, roomFor, verifyCopy } from './rewrite-copy.ts'
import { checkReplaceable, fileStamp, flushFile, hashFile, newTempPath, placeNewFile, replaceFile } from './safe-file.ts'
import { endWritten, type ReplaceResult, settle } from './settle-write.ts'
import type { TagEdits } from './tag-edits.ts'
import { toWriteProblem } from './write-errors.ts'
import type { WritingRules } from './writing-rules.ts'

/** Called before each step; throwing fails the write there. */
export type FaultHook = (step: WriteStep) => void | Promise<void>
export const WRITE_STEPS = [
  'check',
  'read',
  'journal',
  'copy',
  'rewrite',
  'verify',
  'flush',
  'recheck',
  'verified',
  'replace',
  'flush-folder',
  'reopen',
  'finish',
] as const
export type WriteStep = (typeof WRITE_STEPS)[number]

export interface ReplaceContext {
  exiftool: ExifToolPool
  journal: JournalStore
  clock: Clock
  log: Logger
  rules(): WritingRules
  backups: BackupStore | null
  commits: GroupCommits
  bytes: ByteHolder
  faultHook?: FaultHook
}

export interface ReplaceJob {
  planId: number
  photoId: number | null
  path: string
  targetPath: string
  run: number
  changes: PlanChange[]
  models: string[]
  promptHashes: string[]
  /** SHA-256 that the target has just had and must still have; null: it must still be absent. */
  expectedHash: string | null
  /** The bytes that had that hash, where they were read for it. */
  held?: HeldFile | null
  /** From what the target holds now; null when nothing needs to change. */
  buildEdits(current: RawTags | null): TagEdits | null
  /** Set for taking a write back: kept with the record; `write` is marked as taken back when this is done, unless values of it had to stay. */
  reverts?: Reverts
  /** The whole file is put back from the backup of these bytes; `buildEdits` says only what that means in tags. */
  restoreHash?: string
}

export interface Reverts {
  writeId: number
  /** Asked once the edits are built. */
  isPartial(): boolean
}

/** One outcome whatever happens; rejects only when the journal itself fails, and then the record stays pending for the next start. */
export async function replaceJournalled(context: ReplaceContext, job: ReplaceJob): Promise<ReplaceResult> {
  const { exiftool, journal, clock, commits } = context
  const at = async (step: WriteStep) => context.faultHook?.(step)
  let writeId: number | null = null
  let renameBegan = false
  let keeping: Promise<void> | undefined
  let flushing: Promise<void> | undefined
  const tempPath = newTempPath(job.targetPath)
  try {
    await at('check')
    await checkReplaceable(job.targetPath, { mayBeAbsent: job.expectedHash === null, mayBeLinked: context.rules().hardLinks === 'part' })
    const { isLocal } = await requireSpace(job.targetPath)
    const stampBefore = await fileStamp(job.targetPath)
    await at('read')
    const owner = job.expectedHash === null ? null : await stat(job.targetPath)
    const found = job.expectedHash === null ? null : await readForComparison(exiftool, job.targetPath)
    const current = found?.raw ?? null
    requireReadable(current, job.targetPath)
    const copyJob: CopyJob = { ...job, bytes: job.held?.bytes ?? null, plainOwner: found?.hasContentsAlone ? owner : null }
    const edits = job.buildEdits(current)
    if (edits === null) return { state: 'unchanged', writeId: null, problem: null }
    const toolVersions = { exiftool: await exiftool.version() }
    await at('journal')
    const record = {
      planId: job.planId,
      photoId: job.photoId,
      path: job.path,
      targetPath: job.targetPath,
      timeMs: clock.nowMs(),
      run: job.run,
      changes: job.changes,
      models: job.models,
      promptHashes: job.promptHashes,
      hashBefore: job.expectedHash,
      hashAfter: null,
      tempPath,
      before: edits.before,
      after: edits.values as TagValues,
      toolVersions,
      ...revertFacts(job.reverts),
    }
    const began = await commits.record(() => journal.begin(record))
    writeId = began
    await at('copy')
    if (job.expectedHash !== null && job.reverts === undefined && context.rules().keepBackups) {
      keeping = context.backups?.keep(job.targetPath, job.expectedHash, copyJob.bytes)
      // Awaited before anything is replaced; it may fail earlier than that.
      keeping?.catch(() => undefined)
    }
    await makeCopy(copyJob, tempPath)
    await at('rewrite')
    if (job.restoreHash === undefined)
      await rewriteCopy(exiftool, copyJob, tempPath, [...edits.args, ...(edits.renewDigest ? [`-${IPTC_DIGEST}=new`] : [])])
    else await context.backups?.restore(job.restoreHash, tempPath)
    const finishCopy = async () => {
      if (job.expectedHash !== null && context.rules().modificationTime === 'keep') await keepTime(job.targetPath, tempPath)
      await flushFile(tempPath)
    }
    // The disk works while ExifTool reads back, which changes nothing.
    flushing = finishCopy()
    flushing.catch(() => undefined)
    await at('verify')
    let isRewritten = false
    if (job.restoreHash === undefined) ({ isRewritten } = await verifyCopy(exiftool, copyJob, tempPath, current, edits))
    else if ((await hashFile(tempPath)) !== job.restoreHash) throw new StudioError('verify-failed', 'The restored copy is not the original.')
    await at('flush')
    await flushing
    if (isRewritten) await finishCopy()
    const hashAfter = await hashFile(tempPath)
    const stampAfter = await fileStamp(tempPath)
    if (hashAfter === null) throw new StudioError('verify-failed', 'The rewritten copy vanished.')
    await keeping
    await at('recheck')
    await requireUnchanged(context, job)
    await at('verified')
    await commits.record(() => journal.verified(began, hashAfter))
    await at('replace')
    if ((await fileStamp(job.targetPath)) !== stampBefore) throw changed(job.targetPath)
    renameBegan = true
    if (job.expectedHash === null) await placeNewFile(tempPath, job.targetPath)
    else await replaceFile(tempPath, job.targetPath)
    await at('flush-folder')
    await commits.flushNames(path.dirname(job.targetPath))
    await at('reopen')
    // On a disk of this computer the name leads to the very file that was verified, or its bytes are looked at again.
    const isThatFile = isLocal && (await fileStamp(job.targetPath)) === stampAfter
    if (!isThatFile && (await hashFile(job.targetPath)) !== hashAfter) throw changed(job.targetPath)
    await at('finish')
    await commits.record(() => endWritten(journal, { writeId: began, ...revertFacts(job.reverts) }))
    return { state: 'written', writeId, problem: null }
  } catch (error) {
    await Promise.allSettled([keeping, flushing])
    const problem = toWriteProblem(error, job.targetPath, context.log)
    if (writeId === null) {
      return { state: REFUSALS.has(problem.code) ? 'refused' : 'failed', writeId: null, problem }
    }
    const record = journal.find(writeId)
    if (record === undefined) throw error
    const settled = await settle(context, record, problem, renameBegan)
    return { ...settled, state: settled.state === 'failed' && REFUSALS.has(settled.problem?.code ?? '') ? 'refused' : settled.state }
  }
}

/** Rules, not accidents: the file is fine and was not tried. */
const REFUSALS: ReadonlySet<string> = new Set([
  'file-changed',
  'file-missing',
  'file-read-only',
  'file-hard-linked',
  'folder-read-only',
  'metadata-damaged',
  'sidecar-damaged',
  'format-not-writable',
  'value-not-writable',
  'not-a-photo',
])

const revertFacts = (reverts: Reverts | undefined): Pick<JournalRecord, 'kind' | 'reverts' | 'isPartial'> =>
  reverts === undefined
    ? { kind: 'write', reverts: null, isPartial: false }
    : { kind: 'revert', reverts: reverts.writeId, isPartial: reverts.isPartial() }

async function requireUnchanged({ bytes }: ReplaceContext, { targetPath, expectedHash, held }: ReplaceJob): Promise<void> {
  const isSame = held ? await bytes.isStill(targetPath, held) : (await hashFile(targetPath)) === expectedHash
  if (!isSame) throw changed(targetPath)
}

function requireReadable(current: RawTags | null, targetPath: string): void {
  if (current === null) return
  const [error] = current.errors
  const data = { path: targetPath }
  if (error !== undefined) throw new StudioError('metadata-damaged', `ExifTool cannot read the metadata: ${error}.`, { data })
  if (current.foreignCharset) {
    throw new StudioError('format-not-writable', 'The IPTC text is in a character set that cannot be carried over to UTF-8 safely.', { data })
  }
}

async function keepTime(targetPath: string, tempPath: string): Promise<void> {
  const { atimeMs, mtimeMs } = await stat(targetPath)
  await utimes(tempPath, atimeMs / 1000, mtimeMs / 1000)
}

/** The copy, and ExifTool's own while it rewrites the copy. */
async function requireSpace(targetPath: string): Promise<{ isLocal: boolean }> {
  const { sizeBytes, freeBytes, isLocal } = await roomFor(targetPath)
  if (freeBytes < 2 * sizeBytes + 2 ** 20) {
    throw new StudioError('disk-full', `The disk has not enough room for a safe copy of ${targetPath}.`, {
      data: { path: targetPath, neededBytes: 2 * sizeBytes + 2 ** 20 },
    })
  }
  return { isLocal }
}
