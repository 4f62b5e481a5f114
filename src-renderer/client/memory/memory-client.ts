/** A whole studio in memory, for developing screens and for tests of state: the contract's answers without a host. */
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import type { ImportSummary } from '../../../src-main/contract/model.ts'
import type { Handlers, RouteName } from '../../../src-main/contract/routes/index.ts'
import { mediaAddress } from '../media-address.ts'
import { ClientFailure, type ClientEvent, type StudioClient } from '../studio-client.ts'
import { type Machine, memoryCards } from './memory-cards.ts'
import { createMemoryLibrary, fillLibrary, matching, type Scene } from './memory-library.ts'
import { memoryModels } from './memory-models.ts'
import {
  answersOf,
  applyChange,
  applyDecision,
  getPhoto,
  planOf,
  previewEdit,
  reviewOf,
  revertWrite,
  setDecision,
  setProposal,
  writePlan,
} from './memory-review.ts'
import { memoryServing } from './memory-serving.ts'
import { memoryRuns } from './memory-runs.ts'

export interface MemoryOptions {
  scene: Scene
  photoCount: number
  /** Whether dropped files get grants, as in the Electron window. */
  admits: boolean
  /** Its graphics cards. Default: none. */
  machine?: Machine
  /** Runs something a little later; tests pass their own to decide when. */
  later?: (work: () => void, delayMs: number) => void
  nowMs?: () => number
}

export interface MemoryClient extends StudioClient {
  emit(event: ClientEvent): void
}

export function createMemoryClient(options: MemoryOptions): MemoryClient {
  const { scene, photoCount } = options
  const later = options.later ?? ((work: () => void, delayMs: number) => void setTimeout(work, delayMs))
  const nowMs = options.nowMs ?? Date.now
  const listeners = new Set<(event: ClientEvent) => void>()
  const emit = (event: ClientEvent) => {
    for (const listener of listeners) listener(event)
  }
  const tell = (event: StudioEvent) => emit(event)
  const library = createMemoryLibrary(scene, photoCount)
  const changed = (photoIds: number[] | null) => tell({ name: 'photos.changed', data: { photoIds, state: null } })
  const imports = new Map<string, ImportSummary>()
  let writeRun = 0

  // Only what the window asks for: routes for the command line alone are left out.
  const handlers: Partial<Handlers> = {
    ...memoryRuns({ library, scene, later, tell, nowMs }),
    ...memoryModels({ scene, tell }),
    ...memoryCards(options.machine ?? 'none', nowMs),
    ...memoryServing(),
    'library.browse': ({ grantId }) => {
      const names = grantId === undefined ? ['Pictures'] : ['Iceland 2024', 'Family', 'Scans']
      const entries = names.map((name) => ({ id: `grant-${name.toLowerCase().replace(/\W/g, '-')}`, name, kind: 'folder' as const }))
      return { here: grantId === undefined ? null : { id: grantId, name: 'Pictures' }, parentId: null, entries, truncated: false }
    },
    'library.import': () => {
      const importId = `import-${library.nextId()}`
      const summary: ImportSummary = {
        importId,
        state: 'running',
        found: 0,
        added: 0,
        changed: 0,
        ignored: 0,
        notes: [],
        noteCount: 0,
        problem: null,
      }
      imports.set(importId, summary)
      later(() => {
        if (library.photos.size === 0) fillLibrary(library, scene === 'failing' ? 'failing' : 'empty', photoCount)
        const notes = [{ path: '/photos/Iceland 2024/notes.jpg', code: 'photo-not-an-image', message: 'Not a picture.' }]
        const done: ImportSummary = { ...summary, state: 'done', found: photoCount, added: photoCount, ignored: 4, notes, noteCount: 1 }
        imports.set(importId, done)
        tell({ name: 'import.progress', data: done })
        changed(null)
      }, 60)
      return { importId }
    },
    'library.importStatus': ({ importId }) => {
      const summary = imports.get(importId)
      if (!summary) throw new ClientFailure({ code: 'import-not-found', message: `No import ${importId}.` })
      return summary
    },
    'app.keymap': () => ({ file: '/data/keymap.user.json', changes: {}, problem: null }),
    'library.cancelImport': () => ({}),
    'library.folders': () => structuredClone(library.folders),
    'library.photos': ({ offset, limit, ...filter }) => {
      const hits = matching(library, filter)
      return { total: hits.length, items: structuredClone(hits.slice(offset, offset + limit)) }
    },
    'library.photoIds': (filter) => matching(library, filter).map((photo) => photo.id),
    'library.facets': () => ({ cameras: ['Canon EOS R5', 'NIKON Z 8'], models: ['embedded'], gates: ['repetition'] }),
    'library.keywords': ({ text }) => ['boat', 'harbour', 'iceland'].filter((word) => word.includes(text.toLowerCase())),
    'library.exif': () => [
      { tag: 'IFD0:Model', name: 'Camera Model Name', value: 'NIKON Z 8' },
      { tag: 'ExifIFD:FNumber', name: 'F Number', value: '2.8' },
      { tag: 'XMP-dc:Subject', name: 'Subject', value: 'Iceland, boat' },
    ],
    'library.openFolder': ({ folderId }) => {
      for (const folder of library.folders) if (folder.id === folderId) folder.openedAtMs = nowMs()
      return {}
    },
    'library.watchFolder': ({ folderId, watched }) => {
      for (const folder of library.folders) if (folder.id === folderId) folder.watched = watched
      return structuredClone(library.folders)
    },
    'library.photo': ({ photoId }) => structuredClone(getPhoto(library, photoId).summary),
    'library.forgetFolder': ({ folderId }) => {
      const gone = matching(library, { folderId, recursive: true, sort: 'path' })
      for (const photo of gone) library.photos.delete(photo.id)
      library.folders = library.folders.filter((folder) => folder.id !== folderId && folder.parentId !== folderId)
      changed(null)
      return { photos: gone.length }
    },
    'review.get': ({ photoId }) => reviewOf(getPhoto(library, photoId)),
    'review.alternatives': ({ photoId }) => structuredClone(answersOf(getPhoto(library, photoId))),
    'review.prefer': ({ photoId, proposalId }) => {
      const photo = getPhoto(library, photoId)
      const wanted = answersOf(photo).find((proposal) => proposal.id === proposalId)
      if (!wanted) throw new ClientFailure({ code: 'proposal-missing', message: `No proposal ${proposalId}.` })
      setProposal(photo, wanted)
      return reviewOf(photo)
    },
    'review.decide': ({ photoId, change }) => {
      const photo = getPhoto(library, photoId)
      setDecision(photo, applyChange(photo.decision, change))
      return reviewOf(photo)
    },
    'review.previewEdit': ({ photoIds, edit }) => photoIds.map((photoId) => previewEdit(getPhoto(library, photoId), edit)),
    'review.decideMany': ({ items }) =>
      items.map(({ photoId, changes }) => {
        const photo = getPhoto(library, photoId)
        setDecision(photo, changes.reduce(applyChange, photo.decision))
        return { photoId, path: photo.summary.path, done: true, problem: null }
      }),
    'review.undo': ({ photoId }) => step(photoId, 'undo', 'redo'),
    'review.redo': ({ photoId }) => step(photoId, 'redo', 'undo'),
    'review.step': ({ photoIds, by }) =>
      photoIds.map((photoId) => {
        const { photo } = step(photoId, by, by === 'undo' ? 'redo' : 'undo')
        return { photoId, path: photo.path, done: true, problem: null }
      }),
    'review.approve': ({ photoIds }) => judge(photoIds, 'approved'),
    'review.reject': ({ photoIds }) => judge(photoIds, 'rejected'),
    'review.reopen': ({ photoIds }) => judge(photoIds, 'open'),
    'metadata.plan': ({ photoIds }) => photoIds.map((photoId) => planOf(library, getPhoto(library, photoId), nowMs())),
    'metadata.lastPlans': ({ photoIds }) => photoIds.map(() => null),
    'metadata.write': ({ planIds }) => {
      writeRun += 1
      const outcomes = planIds.map((planId, index) => {
        const plan = library.plans.get(planId)
        if (!plan) throw new ClientFailure({ code: 'plan-not-found', message: `No plan ${planId}.` })
        const outcome = writePlan(library, plan, writeRun, nowMs())
        tell({ name: 'write.progress', data: { done: index + 1, total: planIds.length, last: outcome } })
        return outcome
      })
      changed(outcomes.map((outcome) => outcome.photoId))
      return outcomes
    },
    'metadata.cancelWrite': () => ({}),
    'metadata.journal': ({ offset, limit }) => ({
      total: library.journal.length,
      items: structuredClone(library.journal.slice(offset, offset + limit)),
    }),
    'metadata.revert': ({ writeIds }) => {
      const outcomes = writeIds.map((writeId) => revertWrite(library, writeId))
      changed(outcomes.map((outcome) => outcome.photoId))
      return outcomes
    },
  }

  function step(photoId: number, from: 'undo' | 'redo', to: 'undo' | 'redo') {
    const photo = getPhoto(library, photoId)
    const decision = photo[from].pop()
    if (decision) {
      photo[to].push(photo.decision)
      applyDecision(photo, decision)
      changed([photoId])
    }
    return reviewOf(photo)
  }

  function judge(photoIds: number[], status: 'approved' | 'rejected' | 'open') {
    const outcomes = photoIds.map((photoId) => {
      const photo = getPhoto(library, photoId)
      setDecision(photo, { ...photo.decision, status })
      return { photoId, path: photo.summary.path, done: true, problem: null }
    })
    changed(photoIds)
    return outcomes
  }

  return {
    host: 'memory',
    async request(name, input) {
      const handler = handlers[name as RouteName] as ((input: unknown) => unknown) | undefined
      if (!handler) throw new ClientFailure({ code: 'unknown-route', message: `The library in memory does not answer ${name}.` })
      await Promise.resolve()
      return (await handler(input)) as never
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    thumbUrl: (photoId, size, contentHash) => mediaAddress('/media/thumb', photoId, size, contentHash),
    viewUrl: (photoId) => mediaAddress('/media/thumb', photoId, 320, null),
    admit: (files) => Promise.resolve(options.admits ? files.map((_, index) => `grant-dropped-${index}`) : null),
    emit,
  }
}
