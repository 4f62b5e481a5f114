/** What was written, and taking it back. */
import type { JournalEntry } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import { announce, ask, notify, patch, type Studio } from './studio.ts'

const JOURNAL_PAGE = 500

export async function loadJournal(studio: Studio): Promise<void> {
  const reply = await ask(studio, 'metadata.journal', { offset: 0, limit: JOURNAL_PAGE })
  if (!reply) return
  const { focus } = studio.store.getState().journal
  patch(studio, 'journal', { entries: reply.items, total: reply.total, focus: Math.min(focus, Math.max(0, reply.items.length - 1)) })
}

export async function loadMoreJournal(studio: Studio): Promise<void> {
  const { entries, total } = studio.store.getState().journal
  if (!entries || entries.length >= total) return
  const reply = await ask(studio, 'metadata.journal', { offset: entries.length, limit: JOURNAL_PAGE })
  if (reply) patch(studio, 'journal', { entries: [...entries, ...reply.items], total: reply.total })
}

export const isRevertible = (entry: JournalEntry): boolean => entry.state === 'written'

export function focusEntry(studio: Studio, focus: number): void {
  const last = (studio.store.getState().journal.entries?.length ?? 0) - 1
  patch(studio, 'journal', { focus: Math.max(0, Math.min(last, focus)) })
}

export function toggleEntry(studio: Studio, writeId: number): void {
  const selected = new Set(studio.store.getState().journal.selected)
  if (!selected.delete(writeId)) selected.add(writeId)
  patch(studio, 'journal', { selected })
}

/** Every write that still stands. */
export function selectAllEntries(studio: Studio): void {
  const standing = (studio.store.getState().journal.entries ?? []).filter(isRevertible)
  patch(studio, 'journal', { selected: new Set(standing.map((entry) => entry.writeId)) })
}

/** Asks before anything is restored. Without an entry: the selected ones, else the one with the keyboard. */
export function askRevert(studio: Studio, entry?: JournalEntry): void {
  const { entries, selected, focus } = studio.store.getState().journal
  const focused = entries?.[focus]
  const meant = entry ? [entry] : selected.size > 0 ? (entries ?? []).filter((each) => selected.has(each.writeId)) : focused ? [focused] : []
  const confirming = meant.filter(isRevertible)
  if (confirming.length > 0) patch(studio, 'journal', { confirming, outcomes: null })
  else if (meant.length > 0) notify(studio, { code: 'write-not-revertible', message: 'The entry is not a finished write.' })
}

export function cancelRevert(studio: Studio): void {
  patch(studio, 'journal', { confirming: null })
}

export async function confirmRevert(studio: Studio): Promise<void> {
  const { confirming, reverting } = studio.store.getState().journal
  if (!confirming || reverting) return
  patch(studio, 'journal', { reverting: true })
  const outcomes = await ask(studio, 'metadata.revert', { writeIds: confirming.map((entry) => entry.writeId) })
  patch(studio, 'journal', { reverting: false, confirming: null, selected: new Set(), outcomes: outcomes ?? null })
  if (!outcomes) return
  announce(studio, words.journal.restored(outcomes.filter((outcome) => outcome.outcome === 'reverted').length))
  await loadJournal(studio)
}

export function dismissOutcomes(studio: Studio): void {
  patch(studio, 'journal', { outcomes: null })
}
