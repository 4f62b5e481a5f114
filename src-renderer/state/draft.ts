/** What review would lose with the window: words being typed and the order of decisions for undo. As text that survives a reload. Pure. */
import type { TextField } from '../../src-main/contract/model.ts'
import { TEXT_FIELDS } from './review-view.ts'

export interface Draft {
  photoId: number | null
  editing: { field: TextField; text: string } | null
  keywordText: string | null
  past: readonly (readonly number[])[]
  future: readonly (readonly number[])[]
}

/** Photos in the remembered order of decisions; older ones can still be undone photo by photo. */
const MOST_REMEMBERED = 20_000

export function draftToText(draft: Draft): string {
  return JSON.stringify({ ...draft, past: newest(draft.past), future: newest(draft.future) })
}

function newest(groups: Draft['past']): Draft['past'] {
  let left = MOST_REMEMBERED
  const from = groups.findLastIndex((group) => (left -= group.length) < 0)
  return groups.slice(from + 1)
}

/** Anything that does not look right is forgotten rather than trusted. */
export function parseDraft(text: string | null): Draft {
  const draft: Draft = { photoId: null, editing: null, keywordText: null, past: [], future: [] }
  try {
    const value = JSON.parse(text ?? 'null') as Partial<Draft> | null
    if (typeof value !== 'object' || value === null) return draft
    const { photoId, editing, keywordText, past, future } = value
    if (Number.isInteger(photoId)) draft.photoId = photoId!
    if (editing && TEXT_FIELDS.includes(editing.field) && typeof editing.text === 'string')
      draft.editing = { field: editing.field, text: editing.text }
    if (typeof keywordText === 'string') draft.keywordText = keywordText
    if (areGroups(past)) draft.past = past
    if (areGroups(future)) draft.future = future
    return draft
  } catch {
    return draft
  }
}

const areGroups = (value: unknown): value is number[][] =>
  Array.isArray(value) && value.every((group) => Array.isArray(group) && group.every((id) => Number.isInteger(id)))

/** Photos under review, each as its distance from the one before: a hundred thousand of them fit where a page may keep things. */
export function queueToText(queue: readonly number[]): string {
  return queue.map((photoId, at) => photoId - (queue[at - 1] ?? 0)).join(' ')
}

export function parseQueue(text: string | null): number[] {
  if (text === null || !/^-?\d+( -?\d+)*$/.test(text)) return []
  let photoId = 0
  return text.split(' ').map((step) => (photoId += Number(step)))
}
