/** Takes one write back: the tags it touched get their old values, a sidecar it made goes again. Journalled like any write. */
import { rename, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { PlanChange, Problem, ThreeWay, WriteOutcome } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type ReplaceContext, replaceJournalled } from './journalled-replace.ts'
import type { JournalRecord } from './ports.ts'
import { checkReplaceable, flushFolder, hashFile, newTempPath, placeNewFile, removeTemp } from './safe-file.ts'
import { endWritten, type ReplaceResult, settle } from './settle-write.ts'
import { planRevertEdits } from './tag-edits.ts'
import { toWriteProblem } from './write-errors.ts'

/** Stands in `hashAfter` for a file that is gone on purpose. */
const REMOVED = 'removed'
/** An id that no photo has: the photo was taken out of the library, its journal stays. */
const FORGOTTEN_PHOTO = Number.MAX_SAFE_INTEGER

export function outcomeOf(
  photo: { photoId: number | null; path: string },
  result: ReplaceResult,
  options: { isRevert?: boolean; note?: Problem | null; threeWay?: ThreeWay[] } = {},
): WriteOutcome {
  const told = result.problem ?? options.note ?? null
  return {
    photoId: photo.photoId ?? FORGOTTEN_PHOTO,
    path: photo.path,
    outcome: result.state === 'written' && options.isRevert ? 'reverted' : result.state,
    code: told?.code ?? null,
    message: told?.message ?? null,
    writeId: result.writeId,
    ...(options.threeWay === undefined ? {} : { threeWay: options.threeWay }),
  }
}

/**
 * `writeId` of the outcome is the revert's own record. A tag that was changed since is left and named with code `file-changed`; then the
 * write stays open, to be tried again. When the file is still ours byte for byte and its original was kept, the whole file goes back.
 */
export async function revertWrite(context: ReplaceContext, writeId: number, run: number): Promise<WriteOutcome> {
  const { journal } = context
  const record = journal.find(writeId)
  if (record === undefined) throw new StudioError('write-not-found', `There is no write ${writeId} in the journal.`, { data: { writeId } })
  if (record.state !== 'written') {
    const problem = {
      code: 'write-not-revertible',
      message: `Write ${writeId} is ${record.state}: there is nothing to take back.`,
      data: { state: record.state },
    }
    return outcomeOf(record, { state: 'refused', writeId: null, problem })
  }
  const onDisk = await hashFile(record.targetPath)
  if (onDisk === null) {
    if (record.hashBefore === null) {
      // The sidecar we made is gone already: that is what taking back means.
      journal.reverted(writeId, null)
      return outcomeOf(record, { state: 'written', writeId: null, problem: null }, { isRevert: true })
    }
    const problem = { code: 'file-missing', message: `${record.targetPath} is gone.`, data: { path: record.targetPath } }
    return outcomeOf(record, { state: 'refused', writeId: null, problem })
  }
  const job = {
    planId: record.planId,
    photoId: record.photoId,
    path: record.path,
    targetPath: record.targetPath,
    run,
    changes: record.changes.map(({ field, from, to }): PlanChange => ({ field, from: to, to: from })),
    models: [],
    promptHashes: [],
    expectedHash: onDisk,
    reverts: { writeId, isPartial: () => threeWay.some((line) => !line.restored) },
  }
  let threeWay: ThreeWay[] = []
  if (record.hashBefore === null && onDisk === record.hashAfter)
    return outcomeOf(record, await removeOurSidecar(context, job, record), { isRevert: true })

  const { hashBefore } = record
  if (hashBefore !== null && onDisk === record.hashAfter && (await context.backups?.has(hashBefore))) {
    const restored = await replaceJournalled(context, {
      ...job,
      restoreHash: hashBefore,
      buildEdits: (current) => current && planRevertEdits(current, record.before, record.after).edits,
    })
    // A blob that cannot be used is no reason to stay: the tags can still be taken back.
    if (restored.problem?.code !== 'verify-failed') return outcomeOf(record, restored, { isRevert: true })
  }

  const result = await replaceJournalled(context, {
    ...job,
    buildEdits: (current) => {
      if (current === null) return null
      const planned = planRevertEdits(current, record.before, record.after)
      threeWay = planned.threeWay
      return Object.keys(planned.edits.values).length === 0 ? null : planned.edits
    },
  })
  const left = threeWay.filter((line) => !line.restored).map((line) => line.tag)
  const note: Problem | null =
    left.length === 0
      ? null
      : { code: 'file-changed', message: `Changed since by another program and left as it is: ${left.join(', ')}.`, data: { tags: left } }
  const shown = onDisk === record.hashAfter ? {} : { threeWay }
  if (result.state === 'unchanged') {
    if (note !== null) return outcomeOf(record, { state: 'refused', writeId: null, problem: note }, shown)
    // Every touched tag already has its old value: somebody else took the write back.
    journal.reverted(writeId, null)
    return outcomeOf(record, { state: 'written', writeId: null, problem: null }, { isRevert: true, ...shown })
  }
  return outcomeOf(record, result, { isRevert: true, note, ...shown })
}

type RemovalJob = Omit<Parameters<typeof replaceJournalled>[1], 'buildEdits'>

async function removeOurSidecar(context: ReplaceContext, job: RemovalJob, record: JournalRecord): Promise<ReplaceResult> {
  const { journal, clock, exiftool } = context
  const { targetPath, expectedHash, reverts: _reverts, ...rest } = job
  try {
    await context.faultHook?.('check')
    await checkReplaceable(targetPath, { mayBeAbsent: false, mayBeLinked: context.rules().hardLinks === 'part' })
  } catch (error) {
    return { state: 'refused', writeId: null, problem: toWriteProblem(error, targetPath, context.log) }
  }
  await context.faultHook?.('journal')
  const tempPath = newTempPath(targetPath)
  const writeId = journal.begin({
    ...rest,
    targetPath,
    timeMs: clock.nowMs(),
    hashBefore: expectedHash,
    hashAfter: null,
    tempPath,
    before: record.after,
    after: record.before,
    toolVersions: { exiftool: await exiftool.version() },
    kind: 'revert',
    reverts: record.writeId,
    isPartial: false,
  })
  try {
    await context.faultHook?.('verified')
    journal.verified(writeId, REMOVED)
    await context.faultHook?.('replace')
    // Moved aside first: what is deleted is then surely the file whose bytes were compared.
    await rename(targetPath, tempPath)
    if ((await hashFile(tempPath)) !== expectedHash) {
      await placeNewFile(tempPath, targetPath)
      throw new StudioError('file-changed', `${targetPath} changed while it was taken back.`, { data: { path: targetPath } })
    }
    await context.faultHook?.('flush-folder')
    await unlink(tempPath)
    await flushFolder(path.dirname(targetPath))
    await context.faultHook?.('finish')
    endWritten(journal, { writeId, kind: 'revert', reverts: record.writeId, isPartial: false })
    return { state: 'written', writeId, problem: null }
  } catch (error) {
    const pending = journal.find(writeId)
    if (pending === undefined) throw error
    return settleRemoval(context, pending, toWriteProblem(error, targetPath, context.log))
  }
}

/** Ends a pending record by what is on the disk. */
export async function settleRecord(context: Pick<ReplaceContext, 'journal'>, record: JournalRecord, cause: Problem): Promise<WriteOutcome> {
  const settled = record.hashAfter === REMOVED ? await settleRemoval(context, record, cause) : await settle(context, record, cause)
  return outcomeOf(record, settled, { isRevert: record.kind === 'revert' })
}

async function settleRemoval({ journal }: Pick<ReplaceContext, 'journal'>, record: JournalRecord, cause: Problem): Promise<ReplaceResult> {
  const { writeId, targetPath, tempPath, hashBefore } = record
  const aside = await hashFile(tempPath)
  const onDisk = await hashFile(targetPath)
  if (aside !== null && aside !== hashBefore) {
    // Somebody's new sidecar was moved aside by name: it goes back, or stays beside a newer one rather than be lost.
    if (onDisk === null) await placeNewFile(tempPath, targetPath)
  } else await removeTemp(tempPath)
  if (onDisk === null && (aside === hashBefore || aside === null)) {
    endWritten(journal, record)
    return { state: 'written', writeId, problem: null }
  }
  const problem: Problem =
    onDisk === hashBefore
      ? cause
      : { code: 'file-changed', message: `${targetPath} was changed by another program; it was left as it is.`, data: { path: targetPath } }
  journal.finish(writeId, 'failed', problem)
  return { state: 'failed', writeId, problem }
}
