/** Start, events of the studio, settings, checks. */
import type { Settings } from '../../src-main/contract/settings.ts'
import type { Screen } from './app-slice.ts'
import type { ClientEvent } from '../client/studio-client.ts'
import { startImport, takeImport } from './import-actions.ts'
import { loadJournal } from './journal-actions.ts'
import { countWork, loadFolders, loadPhotos, refreshPages, showState } from './library-actions.ts'
import { KEYMAP } from './keymap.ts'
import { loadModels } from './model-actions.ts'
import { forgetAhead, refreshReview } from './review-actions.ts'
import { loadRuns, takeRun } from './run-actions.ts'
import { ask, notify, patch, type Studio } from './studio.ts'
import { mergeKeymap } from './user-keymap.ts'
import { takeWriteProgress } from './write-actions.ts'

/** Everything the first screen needs, all asked at once; then listens. Returns its own undo. */
export function startStudio(studio: Studio): () => void {
  const pulse = createPulse(studio)
  const unsubscribe = studio.client.subscribe((event) => takeEvent(studio, event, pulse))
  void loadAll(studio)
  void loadKeymap(studio)
  void ask(studio, 'app.info', {}).then((info) => {
    if (!info) return
    patch(studio, 'app', { info })
    for (const problem of info.notices) notify(studio, problem)
    if (info.startGrants.length > 0) void startImport(studio, info.startGrants)
  })
  return () => {
    unsubscribe()
    pulse.stop()
  }
}

async function loadAll(studio: Studio): Promise<void> {
  await Promise.all([loadPhotos(studio), loadFolders(studio), loadRuns(studio), loadModels(studio), loadSettings(studio), countWork(studio)])
}

function takeEvent(studio: Studio, event: ClientEvent, pulse: Pulse): void {
  switch (event.name) {
    case 'connection':
      patch(studio, 'app', { connection: event.data.state === 'lost' ? 'lost' : 'open' })
      if (event.data.state === 'restored') void loadAll(studio)
      return
    case 'photos.changed':
      if (event.data.photoIds !== null && event.data.state !== null) showState(studio, event.data.photoIds, event.data.state)
      pulse.changed(event.data.photoIds)
      return
    case 'import.progress':
      return takeImport(studio, event.data)
    case 'run.progress':
      return takeRun(studio, event.data)
    case 'write.progress':
      return takeWriteProgress(studio, event.data)
    case 'models.changed':
      return void loadModels(studio)
    case 'settings.changed':
      return void loadSettings(studio)
    case 'notice':
      return notify(studio, event.data)
  }
}

interface Pulse {
  changed(photoIds: readonly number[] | null): void
  stop(): void
}

const PULSE_MS = 250

/** Gathers changes and reads the grid again at most four times a second, however fast a run goes. */
function createPulse(studio: Studio): Pulse {
  let gathered: Set<number> | null = new Set()
  let timer: ReturnType<typeof setTimeout> | undefined
  const beat = () => {
    timer = undefined
    const photoIds = gathered === null ? null : [...gathered]
    gathered = new Set()
    forgetAhead(studio, photoIds)
    const { filter, total } = studio.store.getState().library
    // A new list is needed when rows may have come or gone; otherwise the rows on hand are read again.
    const listChanges = photoIds === null || filter.states.length > 0 || total === 0
    void (listChanges ? Promise.all([loadPhotos(studio), loadFolders(studio)]) : refreshPages(studio, photoIds))
    void countWork(studio)
    const { queue, index } = studio.store.getState().review
    if (photoIds === null || photoIds.includes(queue[index] ?? -1)) void refreshReview(studio)
  }
  return {
    changed(photoIds) {
      if (photoIds === null) gathered = null
      else if (gathered !== null) for (const photoId of photoIds) gathered.add(photoId)
      timer ??= setTimeout(beat, PULSE_MS)
    },
    stop: () => clearTimeout(timer),
  }
}

async function loadKeymap(studio: Studio): Promise<void> {
  const reply = await ask(studio, 'app.keymap', {})
  if (!reply) return
  const { keymap, problem } = reply.problem ? { keymap: KEYMAP, problem: reply.problem } : mergeKeymap(reply.changes, reply.file)
  patch(studio, 'app', { keymap, keymapFile: reply.file })
  if (problem) notify(studio, problem)
}

export async function loadSettings(studio: Studio): Promise<void> {
  const settings = await ask(studio, 'settings.get', {})
  if (settings) patch(studio, 'app', { settings })
}

export async function saveSettings(studio: Studio, change: Partial<Settings>): Promise<void> {
  const settings = await ask(studio, 'settings.set', change)
  if (settings) patch(studio, 'app', { settings })
}

export async function loadChecks(studio: Studio): Promise<void> {
  const checks = await ask(studio, 'app.doctor', {})
  if (checks) patch(studio, 'app', { checks })
}

/** What a screen needs when it is opened. */
export function enterScreen(studio: Studio, screen: Screen): void {
  if (screen === 'journal') void loadJournal(studio)
  if (screen === 'doctor') void loadChecks(studio)
  if (screen === 'models') void loadModels(studio)
}
