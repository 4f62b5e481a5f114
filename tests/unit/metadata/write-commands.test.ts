import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runCommandLine } from '../../../src-main/commands/run-command-line.ts'
import type { JournalEntry, Plan, WriteOutcome } from '../../../src-main/contract/model.ts'
import { DEFAULT_SETTINGS } from '../../../src-main/contract/settings.ts'
import type { Studio } from '../../../src-main/lib/studio.ts'

type Answers = Record<string, (request: never) => unknown>
const withInfo = (handlers: Answers): Answers => ({ 'app.info': () => ({ notices: [] }), ...handlers })

/** A studio that answers these questions and no others. */
const studioWith = (handlers: Answers): Studio =>
  ({
    handlers: Object.fromEntries(Object.entries(withInfo(handlers)).map(([name, handle]) => [name, async (request: never) => handle(request)])),
    subscribe: () => () => undefined,
    paths: {},
    stop: async () => undefined,
  }) as unknown as Studio
const run = (studio: Studio, ...words: string[]) =>
  runCommandLine(['node', 'imageworks', ...words], {
    version: '0',
    openStudio: async () => studio,
    runningStudio: async () => undefined,
    startBrowserHost: async () => undefined,
    untilStopped: async () => undefined,
    interrupted: new AbortController().signal,
  } as unknown as Parameters<typeof runCommandLine>[1])

let out = ''
let err = ''
beforeEach(() => {
  out = ''
  err = ''
  // Each command adds one for a reader that went away.
  process.stdout.setMaxListeners(50)
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

const plan = (to: string, id: number): Plan => ({
  id,
  photoId: 1,
  path: '/p/a.jpg',
  target: 'embedded',
  targetPath: '/p/a.jpg',
  changes: [{ field: 'title', from: null, to }],
  warnings: [],
  refusal: null,
  createdAtMs: Date.UTC(2026, 0, 2),
})
const outcome: WriteOutcome = { photoId: 1, path: '/p/a.jpg', outcome: 'written', code: null, message: null, writeId: 7 }
const writing = (last: Plan | null, metadataPreset: 'custom' | 'lightroom' = 'custom') =>
  studioWith({
    'library.photoIds': () => [1],
    'metadata.lastPlans': () => [last],
    'metadata.plan': () => [plan('New', 2)],
    'metadata.write': () => [outcome],
    'settings.get': () => ({ ...DEFAULT_SETTINGS, metadataPreset }),
  })

it('write says when it is not what was planned last, and shows what it is', async () => {
  expect(await run(writing(plan('Old', 1)), 'write', '--approved', '--json')).toBe(0)
  expect(err).toContain('is not what was planned at 2026-01-02T00:00:00.000Z')
  expect(err).toContain('"New"')
  expect(out.trim().split('\n')).toHaveLength(1)
})

it('write is quiet when it is what was planned, or nothing was', async () => {
  for (const last of [plan('New', 1), null]) await run(writing(last), 'write', '--approved')
  expect(err).toBe('')
})

it('after a write for another program it says what to do there', async () => {
  await run(writing(null, 'lightroom'), 'write', '--approved')
  expect(out).toContain('In Lightroom: save metadata to files before')
})

const entry = (writeId: number, timeMs: number, more: Partial<JournalEntry> = {}): JournalEntry => ({
  writeId,
  kind: 'write',
  photoId: 1,
  path: '/p/a.jpg',
  targetPath: '/p/a.jpg',
  timeMs,
  run: writeId,
  changes: [],
  state: 'written',
  problem: null,
  models: [],
  ...more,
})
const reverting = (asked: number[]) =>
  studioWith({
    'metadata.journal': () => ({
      total: 4,
      items: [
        entry(4, Date.UTC(2026, 4, 3)),
        entry(3, Date.UTC(2026, 4, 2), { kind: 'revert', state: 'reverted' }),
        entry(2, Date.UTC(2026, 4, 2)),
        entry(1, Date.UTC(2026, 4, 1)),
      ],
    }),
    'metadata.revert': ({ writeIds }: { writeIds: number[] }) => {
      asked.push(...writeIds)
      const threeWay = [{ tag: 'XMP-dc:Title', before: null, ours: 'Ours', now: 'Theirs', restored: false }]
      return writeIds.map((writeId) => ({ ...outcome, writeId, outcome: 'reverted', code: 'file-changed', threeWay }))
    },
  })

it('revert --since takes writes that still stand, newest first, and shows the three sides of what had to stay', async () => {
  const asked: number[] = []
  expect(await run(reverting(asked), 'revert', '--since', '2026-05-02T00:00:00Z')).toBe(1)
  expect(asked).toEqual([4, 2])
  expect(out).toContain('left      XMP-dc:Title  before – · written "Ours" · now "Theirs"')
})

it('revert takes several writes, and no time that is none', async () => {
  const asked: number[] = []
  await run(reverting(asked), 'revert', '--write', '5', '--write', '9')
  expect(asked).toEqual([5, 9])
  for (const words of [['--since', 'yesterday'], ['--since', '2026-13-01'], ['--write', '0'], []])
    expect(await run(reverting(asked), 'revert', ...words)).toBe(2)
  expect(asked).toEqual([5, 9])
})

it('settings shows and changes one, a list with commas, and knows its names', async () => {
  const changes: unknown[] = []
  const studio = studioWith({
    'settings.get': () => DEFAULT_SETTINGS,
    'settings.set': (change: object) => {
      changes.push(change)
      return { ...DEFAULT_SETTINGS, ...change }
    },
  })
  await run(studio, 'settings', 'sidecarKinds', 'jpeg,png', '--json')
  expect(JSON.parse(out)).toEqual({ name: 'sidecarKinds', value: ['jpeg', 'png'] })
  await run(studio, 'settings', 'sidecarKinds', 'none')
  await run(studio, 'settings', 'keepOriginals', 'true')
  await run(studio, 'settings', 'originalsMb', '100')
  expect(changes).toEqual([{ sidecarKinds: ['jpeg', 'png'] }, { sidecarKinds: [] }, { keepOriginals: true }, { originalsMb: 100 }])
  expect(await run(studio, 'settings', 'nonsense')).toBe(2)
})
