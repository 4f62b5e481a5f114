import { describe, expect, it } from 'vitest'
import { findToken } from '../../../src-renderer/client/browser-client.ts'
import { createElectronClient } from '../../../src-renderer/client/electron-client.ts'
import { parseEventMessage, pauseBeforeAttemptMs } from '../../../src-renderer/client/event-socket.ts'
import { mediaAddress } from '../../../src-renderer/client/media-address.ts'
import { createMemoryClient, type MemoryOptions } from '../../../src-renderer/client/memory/memory-client.ts'
import { ClientFailure, openEnvelope } from '../../../src-renderer/client/studio-client.ts'
import { dropFiles, startImport } from '../../../src-renderer/state/import-actions.ts'
import { confirmRevert, askRevert, loadJournal } from '../../../src-renderer/state/journal-actions.ts'
import { countWork, ensureVisible, findIdAt, loadPhotos, setFilter, withPage } from '../../../src-renderer/state/library-actions.ts'
import { isLocalAddress, loadModels, ollamaAddress } from '../../../src-renderer/state/model-actions.ts'
import { onlyBasicFacts } from '../../../src-renderer/state/models-slice.ts'
import { decide, judge, openReview, redo, undo } from '../../../src-renderer/state/review-actions.ts'
import { startRun, takeRun } from '../../../src-renderer/state/run-actions.ts'
import { createStudio, type Studio } from '../../../src-renderer/state/studio.ts'
import { confirmWrite, planApproved } from '../../../src-renderer/state/write-actions.ts'

function open(options: Partial<MemoryOptions> = {}) {
  const waiting: (() => void)[] = []
  const client = createMemoryClient({
    scene: 'full',
    photoCount: 48,
    admits: true,
    later: (work) => waiting.push(work),
    nowMs: () => 1_764_000_000_000,
    ...options,
  })
  const studio = createStudio(client)
  client.subscribe((event) => {
    if (event.name === 'run.progress') takeRun(studio, event.data)
  })
  const settle = () => {
    for (let work = waiting.shift(); work; work = waiting.shift()) work()
  }
  return { client, studio, settle }
}
const state = (studio: Studio) => studio.store.getState()

describe('transports', () => {
  it('addresses pictures by id and content, never by path', () => {
    expect(mediaAddress('/media/thumb', 7, 320, 'ab'.repeat(32))).toBe('/media/thumb/7/320?v=abababababababab')
    expect(mediaAddress('studio-media://thumb', 7, 1600, null)).toBe('studio-media://thumb/7/1600')
  })

  it('turns an error envelope into a failure that keeps its code', () => {
    expect(openEnvelope({ ok: true, value: 1 })).toBe(1)
    expect(() => openEnvelope({ ok: false, error: { code: 'plan-stale', message: 'old', retry: 'now' } })).toThrow(ClientFailure)
    expect(() => openEnvelope(undefined)).toThrow(ClientFailure)
  })

  it('says "connection lost" when the main process is gone, instead of a raw error', async () => {
    const client = createElectronClient({
      request: () => Promise.reject(new Error('closed')),
      subscribe: () => () => undefined,
      admit: () => Promise.resolve([]),
    })
    await expect(client.request('settings.get', {})).rejects.toMatchObject({ problem: { code: 'connection-lost' } })
  })

  it('reads the token only where there is one', () => {
    expect([findToken('#token=abc'), findToken('#/library'), findToken(''), findToken('#token=')]).toEqual(['abc', undefined, undefined, undefined])
  })

  it('ignores messages that are no events, and waits longer each time, up to a bound', () => {
    expect(['x', '{}', '[]', 'null', '{"name":"notice"}'].map(parseEventMessage)).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(parseEventMessage('{"name":"settings.changed","data":{}}')).toBeDefined()
    expect([0, 1, 2, 20].map(pauseBeforeAttemptMs)).toEqual([500, 1000, 2000, 10_000])
  })
})

describe('library', () => {
  it('fills the screen from the first page and knows every id afterwards', async () => {
    const { studio } = open({ photoCount: 450 })
    await loadPhotos(studio)
    expect(state(studio).library).toMatchObject({ total: 450, loaded: true })
    expect(state(studio).library.ids).toHaveLength(450)
    expect(findIdAt(state(studio).library, 449)).toBe(450)
    ensureVisible(studio, 390, 410)
    await expect.poll(() => [...state(studio).library.pages.keys()].sort()).toEqual([0, 1, 2])
  })

  it('shows the last of two filters, whichever answer comes first', async () => {
    const { studio } = open()
    await Promise.all([setFilter(studio, { states: ['written'] }), setFilter(studio, { states: ['approved'] })])
    expect(state(studio).library.total).toBe(3)
    expect(state(studio).library.ids).toEqual([13, 14, 15])
  })

  it('drops the farthest page when it holds too many', () => {
    let pages: ReturnType<typeof withPage> = new Map()
    for (let page = 0; page <= 30; page += 1) pages = withPage(pages, page, [])
    expect(pages.has(0)).toBe(false)
    expect(pages.size).toBe(30)
  })

  it('opens the folder picker when a browser page cannot see where dropped files live', async () => {
    const { studio } = open({ admits: false })
    await dropFiles(studio, [])
    expect(state(studio).app.dialog).toBe('pick-folder')
    expect(state(studio).library.browseBecauseOfDrop).toBe(true)
    expect(state(studio).library.browse?.entries).toHaveLength(1)
  })

  it('imports what the host admits', async () => {
    const { studio, client, settle } = open({ scene: 'empty' })
    await startImport(studio, ['grant-folder-1'])
    expect(state(studio).library.imports).toMatchObject([{ state: 'running' }])
    settle()
    expect(await client.request('library.photoIds', { recursive: true, sort: 'path' })).toHaveLength(48)
  })
})

describe('runs', () => {
  it('works on the photos without words when nothing is selected, and on nothing that was decided', async () => {
    const { studio, settle } = open()
    await loadPhotos(studio)
    await countWork(studio)
    const wordless = state(studio).library.wordlessCount
    await startRun(studio)
    expect(state(studio).runs.current?.total).toBe(wordless)
    settle()
    expect(state(studio).runs.current).toMatchObject({ state: 'done', failed: 1, done: wordless - 1 })
  })
})

describe('review', () => {
  it('goes on to the next photo although the decision moves the photo out of the filter', async () => {
    const { studio } = open()
    await setFilter(studio, { states: ['proposed'] })
    await openReview(studio, state(studio).library.ids, 1)
    await judge(studio, 'approve')
    expect(state(studio).review).toMatchObject({ index: 1, review: { photo: { id: 2 } } })
  })

  it('undo after "approve and next" takes back the right photo and shows it; redo does it again', async () => {
    const { studio, client } = open()
    await loadPhotos(studio)
    await openReview(studio, state(studio).library.ids, 1)
    await judge(studio, 'approve')
    await undo(studio)
    expect(state(studio).review).toMatchObject({ index: 0, review: { photo: { id: 1, state: 'proposed' } } })
    await redo(studio)
    expect(await client.request('library.photo', { photoId: 1 })).toMatchObject({ state: 'approved' })
  })

  it('stops at the end of the queue instead of going round', async () => {
    const { studio } = open()
    await openReview(studio, [1, 2], 2)
    await judge(studio, 'reject')
    expect(state(studio).review.finished).toBe(true)
  })

  it('shows the decision that was just made, not one read ahead of it', async () => {
    const { studio } = open()
    await openReview(studio, [1, 2], 1)
    await decide(studio, { kind: 'field', field: 'title', verdict: 'accept', text: 'Mine' })
    expect(state(studio).review.review?.decision.fields.title?.text).toBe('Mine')
  })
})

describe('save and take back', () => {
  it('writes only what the shown plans say, and reverts it', async () => {
    const { studio, client } = open()
    await planApproved(studio)
    const { plans } = state(studio).writing
    const writable = plans.filter((plan) => plan.refusal === null)
    expect(writable.length).toBeLessThan(plans.length)
    await confirmWrite(studio)
    expect(state(studio).writing).toMatchObject({ stage: 'done' })
    expect(state(studio).writing.outcomes.map((outcome) => outcome.photoId)).toEqual(writable.map((plan) => plan.photoId))
    const before = (await client.request('review.get', { photoId: writable[0]!.photoId })).current
    await loadJournal(studio)
    askRevert(
      studio,
      state(studio).journal.entries!.find((entry) => entry.photoId === writable[0]!.photoId),
    )
    await confirmRevert(studio)
    expect(state(studio).journal.outcomes).toMatchObject([{ outcome: 'reverted' }])
    expect((await client.request('review.get', { photoId: writable[0]!.photoId })).current).not.toEqual(before)
  })

  it('does not write when there is nothing to write', async () => {
    const { studio } = open({ scene: 'empty' })
    await planApproved(studio)
    await confirmWrite(studio)
    expect(state(studio).writing.stage).toBe('ready')
  })
})

describe('models', () => {
  it('knows when only basic facts are to be had', async () => {
    const { studio, client } = open()
    await loadModels(studio)
    expect(onlyBasicFacts(state(studio).models.selections)).toBe(true)
    await client.request('models.addEndpoint', {
      name: 'vlm',
      baseUrl: 'http://127.0.0.1:1234/v1',
      servedModelId: 'vlm',
      roles: ['caption'],
      consent: false,
    })
    await client.request('models.choose', { role: 'caption', model: 'vlm' })
    await loadModels(studio)
    expect(onlyBasicFacts(state(studio).models.selections)).toBe(false)
  })

  it('asks for consent exactly when an address is not this machine', () => {
    expect(
      ['http://127.0.0.1:1/v1', 'http://localhost/v1', 'http://[::1]:9/v1', 'http://127.0.0.1.evil.example/v1', 'https://api.example/v1', 'x'].map(
        isLocalAddress,
      ),
    ).toEqual([true, true, true, false, false, false])
    expect([ollamaAddress('http://127.0.0.1:11434/'), ollamaAddress('http://127.0.0.1:11434/v1')]).toEqual([
      'http://127.0.0.1:11434/v1',
      'http://127.0.0.1:11434/v1',
    ])
  })
})
