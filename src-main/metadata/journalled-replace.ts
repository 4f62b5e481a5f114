/**
 * The one way a file of the user changes: journal, copy, let ExifTool rewrite the copy, read everything back, flush, replace by name.
 * Until the replacement the original is only read. Whatever fails, `settle` looks at the disk and says which state it is in.
 */
import { readFile, stat, statfs, utimes } from 'node:fs/promises'
import path from 'node:path'
import type { PlanChange, Problem } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { BackupStore } from './backup-store.ts'
import { isIptcNewer } from './effective-values.ts'
import type { ExifToolPool } from './exiftool-process.ts'
import { IPTC_DIGEST } from './fields.ts'
import { detectSignature, findJpegEnd } from './file-signature.ts'
import type { JournalRecord, JournalStore, TagValues } from './ports.ts'
import { asText, type RawTags, readAllTags } from './raw-tags.ts'
import {
  checkReplaceable,
  copyWhole,
  EMPTY_HASH,
  fileStamp,
  flushFile,
  flushFolder,
  hashFile,
  newTempPath,
  placeNewFile,
  removeTemp,
  replaceFile,
} from './safe-file.ts'
import type { TagEdits } from './tag-edits.ts'
import { findDifferences } from './verify-write.ts'
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
  /** SHA-256 that the target must still have; null: it must still be absent. */
  expectedHash: string | null
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

export type ReplaceResult = { state: 'written' | 'unchanged' | 'failed' | 'refused'; writeId: number | null; problem: Problem | null }

/** One outcome whatever happens; rejects only when the journal itself fails, and then the record stays pending for the next start. */
export async function replaceJournalled(context: ReplaceContext, job: ReplaceJob): Promise<ReplaceResult> {
  const { exiftool, journal, clock } = context
  const at = async (step: WriteStep) => context.faultHook?.(step)
  let writeId: number | null = null
  let renameBegan = false
  const tempPath = newTempPath(job.targetPath)
  try {
    await at('check')
    await checkReplaceable(job.targetPath, { mayBeAbsent: job.expectedHash === null, mayBeLinked: context.rules().hardLinks === 'part' })
    await requireHash(job)
    await requireSpace(job.targetPath)
    const stampBefore = await fileStamp(job.targetPath)
    await at('read')
    const current = job.expectedHash === null ? null : await readAllTags(exiftool, job.targetPath)
    requireReadable(current, job.targetPath)
    const edits = job.buildEdits(current)
    if (edits === null) return { state: 'unchanged', writeId: null, problem: null }
    const toolVersions = { exiftool: await exiftool.version() }
    await at('journal')
    writeId = journal.begin({
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
    })
    await at('copy')
    if (job.expectedHash !== null) {
      if (job.reverts === undefined && context.rules().keepBackups) await context.backups?.keep(job.targetPath, job.expectedHash)
    }
    await makeCopy(job, tempPath)
    await at('rewrite')
    if (job.restoreHash === undefined)
      await rewriteCopy(exiftool, job, tempPath, [...edits.args, ...(edits.renewDigest ? [`-${IPTC_DIGEST}=new`] : [])])
    else await context.backups?.restore(job.restoreHash, tempPath)
    await at('verify')
    if (job.restoreHash === undefined) await verify(exiftool, job, tempPath, current, edits)
    else if ((await hashFile(tempPath)) !== job.restoreHash) throw new StudioError('verify-failed', 'The restored copy is not the original.')
    if (job.expectedHash !== null && context.rules().modificationTime === 'keep') await keepTime(job.targetPath, tempPath)
    await at('flush')
    await flushFile(tempPath)
    const hashAfter = await hashFile(tempPath)
    if (hashAfter === null) throw new StudioError('verify-failed', 'The rewritten copy vanished.')
    await at('recheck')
    await requireHash(job)
    await at('verified')
    journal.verified(writeId, hashAfter)
    await at('replace')
    if ((await fileStamp(job.targetPath)) !== stampBefore) throw changed(job.targetPath)
    renameBegan = true
    if (job.expectedHash === null) await placeNewFile(tempPath, job.targetPath)
    else await replaceFile(tempPath, job.targetPath)
    await at('flush-folder')
    await flushFolder(path.dirname(job.targetPath))
    await at('reopen')
    if ((await hashFile(job.targetPath)) !== hashAfter) throw changed(job.targetPath)
    await at('finish')
    endWritten(journal, { writeId, ...revertFacts(job.reverts) })
    return { state: 'written', writeId, problem: null }
  } catch (error) {
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

/**
 * Looks at the disk and ends a pending record by what is there: new bytes → written, old bytes → failed, our temp removed either way.
 * A folder that cannot be reached (an unplugged disk) leaves the record pending.
 */
export async function settle(
  context: Pick<ReplaceContext, 'journal'>,
  record: JournalRecord,
  cause: Problem,
  renameMayHaveBegun = true,
): Promise<ReplaceResult> {
  const { journal } = context
  const { writeId, targetPath, tempPath, hashAfter } = record
  const folderThere = await stat(path.dirname(targetPath)).then(
    () => true,
    () => false,
  )
  if (!folderThere) {
    const message = `The folder of ${targetPath} is not reachable; its pending write is looked at again at the next start.`
    return { state: 'failed', writeId, problem: { code: 'file-missing', message, data: { path: targetPath } } }
  }
  let onDisk = await hashFile(targetPath)
  // A disk whose rename is not atomic lost the old name before it made the new one, or one without links was stopped before the
  // rename: the verified copy is the only one left. Before the rename a missing photo was deleted by somebody, and stays deleted.
  const isNameLost = onDisk === null && record.hashBefore !== null
  const isPlaceholder = onDisk === EMPTY_HASH && record.hashBefore === null
  if (renameMayHaveBegun && (isNameLost || isPlaceholder) && hashAfter !== null && (await hashFile(tempPath)) === hashAfter) {
    if (isNameLost) await placeNewFile(tempPath, targetPath)
    else await replaceFile(tempPath, targetPath)
    await flushFolder(path.dirname(targetPath))
    onDisk = hashAfter
  }
  await removeTemp(tempPath)
  if (hashAfter !== null && onDisk === hashAfter) {
    endWritten(journal, record)
    return { state: 'written', writeId, problem: null }
  }
  const problem: Problem =
    onDisk === record.hashBefore
      ? cause
      : onDisk === null
        ? { code: 'file-missing', message: `${targetPath} is gone; nothing was written.`, data: { path: targetPath } }
        : { code: 'file-changed', message: `${targetPath} was changed by another program; it was left as it is.`, data: { path: targetPath } }
  journal.finish(writeId, 'failed', problem)
  return { state: 'failed', writeId, problem }
}

const revertFacts = (reverts: Reverts | undefined): Pick<JournalRecord, 'kind' | 'reverts' | 'isPartial'> =>
  reverts === undefined
    ? { kind: 'write', reverts: null, isPartial: false }
    : { kind: 'revert', reverts: reverts.writeId, isPartial: reverts.isPartial() }

/**
 * A revert marks the other write first: a crash in between leaves the revert pending, and the next start does both again.
 * A partial one leaves the other write open, so that it can be tried again.
 */
export function endWritten(journal: JournalStore, record: Pick<JournalRecord, 'writeId' | 'kind' | 'reverts' | 'isPartial'>): void {
  const { writeId, kind, reverts, isPartial } = record
  if (kind === 'write') {
    journal.finish(writeId, 'written', null)
    return
  }
  if (reverts !== null && !isPartial) journal.reverted(reverts, writeId)
  // Taking back is not itself a write to take back.
  journal.reverted(writeId, null)
}

async function verify(exiftool: ExifToolPool, job: ReplaceJob, tempPath: string, current: RawTags | null, edits: TagEdits): Promise<void> {
  let result = await readAllTags(exiftool, tempPath)
  const currentDigest = asText(result.tags.get('File:CurrentIPTCDigest'))
  if (edits.renewDigest && isIptcNewer(result) && currentDigest !== null) {
    // In a TIFF the block is padded after the digest was taken.
    await rewrite(exiftool, tempPath, [`-${IPTC_DIGEST}=${currentDigest}`])
    result = await readAllTags(exiftool, tempPath)
  }
  const differences = [...findDifferences(current, result, edits), ...(await findTrailerLoss(job, tempPath, current))]
  if (differences.length > 0) {
    throw new StudioError('verify-failed', `The rewritten copy is not what it should be: ${differences.join('; ')}.`, { data: { differences } })
  }
}

async function keepTime(targetPath: string, tempPath: string): Promise<void> {
  const { atimeMs, mtimeMs } = await stat(targetPath)
  await utimes(tempPath, atimeMs / 1000, mtimeMs / 1000)
}

/**
 * What ExifTool may say while it writes. A stale digest is renewed by us; entries that a camera stored out of order are put in order,
 * which changes no value (the comparison of every other tag afterwards proves it).
 */
const HARMLESS = [
  // Nothing else was there to carry over into the other character set.
  /^(Warning: )?No writable tags set from /,
  /IPTCDigest is not current/,
  /^Warning: \[minor\] Entries in \w+ were out of sequence\. Fixed\./i,
  /^\[minor\] Entries in \w+ were out of sequence\. Fixed\./i,
  // Text that another program put behind a PNG's picture moves before it, where readers look.
  /^(Warning: )?\[minor\] Text\/EXIF chunk\(s\) found after PNG IDAT \(fixed\)/,
]

async function rewrite(exiftool: ExifToolPool, tempPath: string, args: readonly string[]): Promise<void> {
  const reply = await exiftool.run(['-E', '-n', '-overwrite_original_in_place', ...args, tempPath])
  const complaints = [...reply.errors, ...reply.warnings].filter((line) => !HARMLESS.some((known) => known.test(line)))
  if (complaints.length > 0 || !/^\s*1 image files (updated|created)$/m.test(reply.stdout)) {
    // ExifTool has no words of its own for a full disk.
    if (await isTooFull(tempPath)) throw new StudioError('disk-full', 'The disk is full.', { data: { path: tempPath } })
    const said = [...complaints, reply.stdout.trim()].join('; ').replaceAll(tempPath, 'the copy').slice(0, 400)
    throw new StudioError('exiftool-failed', `ExifTool did not write cleanly: ${said}.`, { data: { said } })
  }
}

/** A killed ExifTool may leave a half-written copy: it goes, and a fresh one is tried once. */
async function rewriteCopy(exiftool: ExifToolPool, job: ReplaceJob, tempPath: string, args: readonly string[]): Promise<void> {
  try {
    await rewrite(exiftool, tempPath, args)
  } catch (error) {
    if (!(error instanceof StudioError && error.data['reason'] === 'died')) throw error
    await removeTemp(tempPath)
    await makeCopy(job, tempPath)
    await rewrite(exiftool, tempPath, args)
  }
}

/** Nothing to copy where the target does not exist yet: ExifTool makes it. */
async function makeCopy(job: ReplaceJob, tempPath: string): Promise<void> {
  if (job.expectedHash === null) return
  await copyWhole(job.targetPath, tempPath)
  if ((await hashFile(tempPath)) !== job.expectedHash) throw changed(job.targetPath)
}

/** Film clips, second pictures and unknown data behind a JPEG stay byte for byte, unless a trailer format keeps offsets of its own. */
async function findTrailerLoss(job: ReplaceJob, tempPath: string, current: RawTags | null): Promise<string[]> {
  if (job.expectedHash === null || [...(current?.tags.keys() ?? [])].some((key) => /^(AFCP|FotoStation|PhotoMechanic|CanonVRD|MIE)/.test(key)))
    return []
  const before = await readFile(job.targetPath)
  if (detectSignature(before) !== 'jpeg') return []
  const after = await readFile(tempPath)
  const endBefore = findJpegEnd(before)
  const endAfter = findJpegEnd(after)
  if (endBefore === null || endAfter === null) return ['the picture ends too early']
  return before.subarray(endBefore).equals(after.subarray(endAfter)) ? [] : ['data behind the picture changed']
}

async function requireHash(job: ReplaceJob): Promise<void> {
  if ((await hashFile(job.targetPath)) !== job.expectedHash) throw changed(job.targetPath)
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

async function roomFor(filePath: string): Promise<{ sizeBytes: number; freeBytes: number }> {
  const [{ bavail, bsize }, sizeBytes] = await Promise.all([
    statfs(path.dirname(filePath)),
    stat(filePath).then(
      (facts) => facts.size,
      () => 0,
    ),
  ])
  return { sizeBytes, freeBytes: bavail * bsize }
}

async function isTooFull(tempPath: string): Promise<boolean> {
  const { sizeBytes, freeBytes } = await roomFor(tempPath)
  return freeBytes < sizeBytes + 2 ** 16
}

/** The copy, and ExifTool's own while it rewrites the copy. */
async function requireSpace(targetPath: string): Promise<void> {
  const { sizeBytes, freeBytes } = await roomFor(targetPath)
  if (freeBytes < 2 * sizeBytes + 2 ** 20) {
    throw new StudioError('disk-full', `The disk has not enough room for a safe copy of ${targetPath}.`, {
      data: { path: targetPath, neededBytes: 2 * sizeBytes + 2 ** 20 },
    })
  }
}

const changed = (targetPath: string) =>
  new StudioError('file-changed', `${targetPath} is no longer what the plan was made for.`, { data: { path: targetPath } })
