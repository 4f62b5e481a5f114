/** Changes to the user's file, as merge patches by entry name. Pure. */
import type { EntryRecord } from '../registry/entry.ts'

type Values = Record<string, unknown>
const isRecord = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Objects merge, all else replaces. */
function layOver(values: Values, changes: Values): Values {
  const laid = { ...values }
  for (const [key, value] of Object.entries(changes)) {
    if (key === '__proto__') continue
    const below = laid[key]
    laid[key] = isRecord(value) ? layOver(isRecord(below) ? below : {}, value) : value
  }
  return laid
}

/** The record of that name with the changes laid over it, made when there is none. */
export function changeRecord(records: readonly EntryRecord[], name: string, changes: Values): EntryRecord[] {
  const before = records.find((record) => record.name === name)
  const after: EntryRecord = { ...layOver(before ?? {}, changes), name }
  return before ? records.map((record) => (record === before ? after : record)) : [...records, after]
}

/** A merge patch (RFC 7396) over the user's own changes: null forgets a change, so that what ships is seen again. */
function patched(values: Values, patch: Values): Values {
  const after = { ...values }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue
    const below = after[key]
    if (value === null) delete after[key]
    else if (isRecord(value)) {
      const inner = patched(isRecord(below) ? below : {}, value)
      if (Object.keys(inner).length > 0) after[key] = inner
      else delete after[key]
    } else after[key] = value
  }
  return after
}

/** The user's records with the patch on that of the name; a record that says nothing any more goes. */
export function patchRecord(records: readonly EntryRecord[], name: string, patch: Values): EntryRecord[] {
  const before = records.find((record) => record.name === name)
  const after: EntryRecord = { ...patched(before ?? { name }, patch), name }
  const isEmpty = Object.keys(after).length === 1
  if (!before) return isEmpty ? [...records] : [...records, after]
  return records.flatMap((record) => (record !== before ? [record] : isEmpty ? [] : [after]))
}
