/** A writer with settings that a test can flip, the studio's ExifTool configuration and a store of originals. */
import path from 'node:path'
import type { Plan, WriteOutcome } from '../../../src-main/contract/model.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../../src-main/contract/settings.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { createBackupStore } from '../../../src-main/metadata/backup-store.ts'
import { createExifToolPool, type ExifToolPool } from '../../../src-main/metadata/exiftool-process.ts'
import type { FaultHook } from '../../../src-main/metadata/journalled-replace.ts'
import { createMetadataWriter, type PhotoToWrite } from '../../../src-main/metadata/metadata-writer.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { readPresets, rulesFrom } from '../../../src-main/metadata/presets.ts'
import { createMetadataReader } from '../../../src-main/metadata/read-metadata.ts'
import { createMemoryJournal, createMemoryPlans } from '../../helpers/memory-journal.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const CONFIGS = path.resolve(import.meta.dirname, '../../../configs')
export const presets = await readPresets(CONFIGS)

export const createPool = (): ExifToolPool => createExifToolPool({ configPath: path.join(CONFIGS, 'exiftool', 'imageworks.config') })

/** What outlives a crash. */
interface Stores {
  journal: ReturnType<typeof createMemoryJournal>
  plans: ReturnType<typeof createMemoryPlans>
  originals: string
}

export function createFeatureKit(exiftool: ExifToolPool, given: Partial<Settings> = {}, faultHook?: FaultHook, from?: Stores) {
  let settings: Settings = { ...DEFAULT_SETTINGS, ...given }
  const rules = () => rulesFrom(settings, presets)
  const { journal, plans, originals } = from ?? {
    journal: createMemoryJournal(),
    plans: createMemoryPlans(),
    originals: path.join(tempFolder(), 'originals'),
  }
  const backups = createBackupStore({
    folder: originals,
    limitBytes: () => settings.originalsMb * 1024 ** 2,
    inUse: () => new Set(journal.pending().flatMap((record) => record.hashBefore ?? [])),
  })
  const reader = createMetadataReader(exiftool, rules)
  const writer = createMetadataWriter({
    exiftool,
    plans,
    journal,
    clock: { nowMs: () => 1_700_000_000_000, ticksMs: () => 0 },
    log: { ...silentLogger, error: (event, data) => console.error(event, data) },
    rules,
    backups,
    studioVersion: '9.9.9',
    ...(faultHook && { faultHook }),
  })
  return {
    reader,
    writer,
    journal,
    plans,
    backups,
    originals,
    set: (change: Partial<Settings>) => {
      settings = { ...settings, ...change }
    },
    async save(photo: PhotoToWrite, wanted: WantedFields): Promise<{ plan: Plan; outcome: WriteOutcome }> {
      const plan = await writer.plan(photo, wanted, ['model-a'])
      const [outcome] = await writer.write([plan.id])
      return { plan, outcome: outcome! }
    },
    async revert(writeId: number | null): Promise<WriteOutcome> {
      const [outcome] = await writer.revert([writeId!])
      return outcome!
    },
  }
}

export const replace = (text: string | null) => ({ text, policy: 'replace' as const })
export const fill = (text: string) => ({ text, policy: 'fill' as const })
export const add = (...words: string[]) => ({ list: null, add: words, remove: [] })
