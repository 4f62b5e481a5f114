/** A writer over the real ExifTool with stores in memory, copies of the fixtures, and independent readers. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { PhotoKind, Plan, WriteOutcome } from '../../src-main/contract/model.ts'
import { silentLogger } from '../../src-main/lib/logger.ts'
import { createExifToolPool, type ExifToolPool } from '../../src-main/metadata/exiftool-process.ts'
import type { FaultHook } from '../../src-main/metadata/journalled-replace.ts'
import { createMetadataWriter, type MetadataWriter, type PhotoToWrite } from '../../src-main/metadata/metadata-writer.ts'
import type { WantedFields } from '../../src-main/metadata/ports.ts'
import { createMetadataReader, type MetadataReader } from '../../src-main/metadata/read-metadata.ts'
import { askExifTool } from './exiftool-beside.ts'
import { createMemoryJournal, createMemoryPlans } from './memory-journal.ts'

export const FIXTURES = path.resolve(import.meta.dirname, '../fixtures/photos')

export interface WriterKit {
  exiftool: ExifToolPool
  reader: MetadataReader
  writer: MetadataWriter
  plans: ReturnType<typeof createMemoryPlans>
  journal: ReturnType<typeof createMemoryJournal>
  /** Plans and writes one photo. */
  save(photo: PhotoToWrite, wanted: WantedFields): Promise<{ plan: Plan; outcome: WriteOutcome }>
  revert(writeId: number | null): Promise<WriteOutcome>
}

/** `from`: the same processes and stores with a fresh writer, as after a restart. */
export function createWriterKit(from: Partial<Pick<WriterKit, 'exiftool' | 'plans' | 'journal'>> = {}, faultHook?: FaultHook): WriterKit {
  const { exiftool = createExifToolPool(), plans = createMemoryPlans(), journal = createMemoryJournal() } = from
  const writer = createMetadataWriter({
    exiftool,
    plans,
    journal,
    clock: { nowMs: () => 1_700_000_000_000, ticksMs: () => 0 },
    log: { ...silentLogger, error: (event, data) => console.error(event, data) },
    faultHook,
  })
  return {
    exiftool,
    reader: createMetadataReader(exiftool),
    writer,
    plans,
    journal,
    async save(photo, wanted) {
      const plan = await writer.plan(photo, wanted, ['test model'])
      const [outcome] = await writer.write([plan.id])
      return { plan, outcome: outcome! }
    },
    async revert(writeId) {
      const [outcome] = await writer.revert([writeId!])
      return outcome!
    },
  }
}

let nextId = 1
/** A copy of a fixture in `folder`, as the library would hand it over. */
export function copyFixture(folder: string, fixture: string, kind: PhotoKind, name = path.basename(fixture)): PhotoToWrite {
  const target = path.join(folder, name)
  copyFileSync(path.join(FIXTURES, fixture), target)
  return { id: nextId++, path: target, kind }
}

export const sha = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
export const stampOf = (file: string) => {
  const { ino, mtimeMs, size, mode } = statSync(file)
  return { ino, mtimeMs, size, mode }
}
export const leftovers = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.includes('.iws-') || name.includes('_exiftool_tmp') || name.includes('_original'))

/** Every tag with its contents as text, without what is about the file on disk. A second process, not the pool under test. */
export function dumpTags(file: string, options: { exiftool?: string } = {}): string[] {
  const args = ['-a', '-G1', '-s', '-n', '-b', '-j', '-struct', '-api', 'StructFormat=JSONQ', '-all', file]
  const dump =
    options.exiftool === undefined
      ? askExifTool(args)
      : execFileSync(options.exiftool, ['-config', '', ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
  return dump
    .split('\n')
    .filter((line) => !/^\s*"(SourceFile|System:|ExifTool:|File:|Composite:|XMP-x:XMPToolkit)/.test(line))
    .filter((line) => !/Offsets?"|(Image|JpgFromRaw)Start"|MediaDataSize"/.test(line))
}

export const imageDataHash = (file: string): string => askExifTool(['-api', 'ImageHashType=SHA256', '-ImageDataHash', '-s3', file]).trim()

export const readTag = (file: string, tag: string): string => askExifTool(['-s3', '-b', `-${tag}`, file])

/** Prepares a file the way another program would. */
export function foreignEdit(file: string, ...args: string[]): void {
  askExifTool(['-overwrite_original', ...args, file])
}

/** A tool that shares no code with ours, or undefined when this machine has none. */
export function findTool(name: 'exiv2' | 'exiftool'): ((...args: string[]) => string) | undefined {
  const command = `/usr/bin/${name}`
  if (spawnSync(command, name === 'exiv2' ? ['--version'] : ['-ver']).status !== 0) return undefined
  return (...args) => spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 }).stdout
}
