/** After a crash of ours: which of the processes that an earlier studio started are still there, and what becomes of each. */
import { askServer } from './ask-server.ts'
import type { PidRecord } from './pid-files.ts'
import { portOwner } from './port-owner.ts'
import { carriesRun, startTimeOf } from './process-table.ts'
import { endLeftovers, stopTree } from './stop-tree.ts'

/** A model that does not answer properly has nothing to save. */
const REAP_GRACE_MS = 2_000

export type Fate =
  /** It serves what it was started for. */
  | { kind: 'adopted'; record: PidRecord & { start_time: string } }
  /** It was ours and is ended. */
  | { kind: 'reaped' }
  /** It has ended; the leftovers of its group too. */
  | { kind: 'gone' }
  /** Another process has its pid now, and is left alone. */
  | { kind: 'stranger' }
  /** The studio that started it lives. */
  | { kind: 'owned' }

/** @param healthPath Undefined when its model or its launch profile is no more: it is ended whatever it serves. */
export async function recoverProcess(record: PidRecord, healthPath: string | undefined): Promise<Fate> {
  if (record.owner_start_time !== null && (await startTimeOf(record.owner_pid)) === record.owner_start_time) return { kind: 'owned' }
  const startTime = await startTimeOf(record.pid)
  if (startTime === undefined) {
    endLeftovers(record.pid, record.run)
    return { kind: 'gone' }
  }
  const same = record.start_time === null ? carriesRun(record.pid, record.run) : record.start_time === startTime
  if (!same) return { kind: 'stranger' }
  if (healthPath !== undefined) {
    const answer = await askServer(record.port, healthPath)
    const right = answer.kind === 'serving' && answer.ids.includes(record.served_id)
    if (right && (await portOwner(record.port, record.pid)) !== 'foreign') return { kind: 'adopted', record: { ...record, start_time: startTime } }
  }
  await stopTree(record.pid, REAP_GRACE_MS)
  return { kind: 'reaped' }
}
