import type { NewProposal } from '../../src-main/tagging/ports.ts'
import type { FoundPhoto } from '../../src-main/library/ports.ts'
import { systemClock } from '../../src-main/lib/clock.ts'
import { openDatabase, type StudioDatabase } from '../../src-main/db/open-database.ts'
import { onTestFinished } from 'vitest'

/** Closed when the test ends. Call it inside a test. */
export function openTestDatabase(folder: string): StudioDatabase {
  const database = openDatabase({ folder, clock: systemClock })
  onTestFinished(() => database.close())
  return database
}

export const foundPhoto = (path: string, more: Partial<FoundPhoto> = {}): FoundPhoto => ({
  path,
  kind: 'jpeg',
  sizeBytes: 1000,
  mtimeMs: 1_700_000_000_000.25,
  pairedPath: null,
  ...more,
})

export const newProposal = (photoId: number, more: Partial<NewProposal> = {}): NewProposal => ({
  photoId,
  runId: null,
  stage: 'caption',
  text: 'A boat',
  keywords: [],
  gates: [],
  model: 'basic-facts',
  backend: 'embedded',
  promptName: 'caption',
  promptHash: 'p1',
  parameters: {},
  rawReply: 'A boat',
  timings: { prepareMs: 1, requestMs: 2, totalMs: 3 },
  contentHash: 'hash-1',
  settingsHash: 'settings-1',
  createdAtMs: 1_700_000_000_000,
  ...more,
})
