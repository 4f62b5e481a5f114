/** How a journalled write ends: by what is on the disk, never by what was meant. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Problem } from '../contract/model.ts'
import type { JournalRecord, JournalStore } from './ports.ts'
import { EMPTY_HASH, flushFolder, hashFile, placeNewFile, removeTemp, replaceFile } from './safe-file.ts'

export type ReplaceResult = { state: 'written' | 'unchanged' | 'failed' | 'refused'; writeId: number | null; problem: Problem | null }

/**
 * Looks at the disk and ends a pending record by what is there: new bytes → written, old bytes → failed, our temp removed either way.
 * A folder that cannot be reached (an unplugged disk) leaves the record pending.
 */
export async function settle(
  context: { journal: JournalStore },
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
