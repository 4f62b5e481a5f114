/** The stores of the metadata room in memory, with the same rules as the database's: a test can look at every record. */
import type { JournalEntry } from '../../src-main/contract/model.ts'
import type { JournalRecord, JournalStore, PlanStore, StoredPlan } from '../../src-main/metadata/ports.ts'

export function createMemoryPlans(): PlanStore & { all: StoredPlan[] } {
  const all: StoredPlan[] = []
  return {
    all,
    add(plan) {
      const stored = structuredClone({ ...plan, id: all.length + 1 })
      all.push(stored)
      return stored
    },
    find: (planId) => structuredClone(all[planId - 1]),
    latestOpen: (photoId) => structuredClone(all.findLast((plan) => plan.photoId === photoId)),
  }
}

export function createMemoryJournal(): JournalStore & { records: JournalRecord[] } {
  const records: JournalRecord[] = []
  let runs = 0
  const at = (writeId: number): JournalRecord => {
    const record = records[writeId - 1]
    if (record === undefined) throw new Error(`no record ${writeId}`)
    return record
  }
  const toEntry = ({ writeId, kind, photoId, path, targetPath, timeMs, run, changes, state, problem, models }: JournalRecord): JournalEntry => ({
    writeId,
    kind,
    photoId,
    path,
    targetPath,
    timeMs,
    run,
    changes,
    state,
    problem,
    models,
  })
  return {
    records,
    together: (work) => work(),
    nextRun: () => ++runs,
    begin(record) {
      records.push(structuredClone({ ...record, writeId: records.length + 1, state: 'pending', problem: null, revertedBy: null }))
      return records.length
    },
    verified(writeId, hashAfter) {
      at(writeId).hashAfter = hashAfter
    },
    finish(writeId, state, problem) {
      Object.assign(at(writeId), { state, problem })
    },
    reverted(writeId, byWriteId) {
      Object.assign(at(writeId), { state: 'reverted', revertedBy: byWriteId })
    },
    find: (writeId) => structuredClone(records[writeId - 1]),
    pending: () => structuredClone(records.filter((record) => record.state === 'pending')),
    list: (offset, limit) => ({
      total: records.length,
      items: records
        .toReversed()
        .slice(offset, offset + limit)
        .map(toEntry),
    }),
    writesOfRun: (run) => records.filter((record) => record.run === run).map((record) => record.writeId),
    latestWriteOf: (path) =>
      structuredClone(records.findLast((record) => record.state === 'written' && (record.path === path || record.targetPath === path))),
  }
}
