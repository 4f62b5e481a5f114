/**
 * Writes stored plans in a process of its own, to be killed: `<data folder> <first plan> <last plan>`. Starts ExifTool, says `warm` and waits.
 * At `go` it opens the library, recovers, says what it found, and writes what the journal does not know as written; at `all` it
 * writes every plan. `done` is the last message.
 */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { openDatabase } from '../../../src-main/db/open-database.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { createExifToolPool } from '../../../src-main/metadata/exiftool-process.ts'
import { createMetadataWriter } from '../../../src-main/metadata/metadata-writer.ts'
import { hashFile } from '../../../src-main/metadata/safe-file.ts'

const [folder = '', first = '', last = ''] = process.argv.slice(2)
const exiftool = createExifToolPool({ maxProcesses: 1 })
await exiftool.run(['-ver'])
process.send?.({ kind: 'warm' })

process.on('message', async (what) => {
  const { plans, journal } = openDatabase({ folder, clock: systemClock })
  const writer = createMetadataWriter({ exiftool, plans, journal, clock: systemClock })
  const recovered = await writer.recover()
  const stored = Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => plans.find(Number(first) + at)!)
  const disagreements: string[] = []
  for (const { targetPath, targetHash } of stored) {
    const onDisk = await hashFile(targetPath)
    const written = journal.latestWriteOf(targetPath)
    if (onDisk !== (written === undefined ? targetHash : written.hashAfter)) disagreements.push(targetPath)
  }
  const photosFolder = path.dirname(stored[0]!.targetPath)
  const temps = existsSync(photosFolder) ? readdirSync(photosFolder).filter((name) => name.startsWith('.iws-')) : []
  process.send?.({ kind: 'recovered', recovered: recovered.length, pending: journal.pending().length, disagreements, temps })
  const wanted = what === 'all' ? stored : stored.filter(({ targetPath }) => journal.latestWriteOf(targetPath) === undefined)
  const outcomes = await writer.write(wanted.map(({ id }) => id))
  await exiftool.dispose()
  const { total, items } = journal.list(0, 10_000)
  const writes = items.filter(({ state }) => state === 'written').map(({ targetPath }) => targetPath)
  process.send?.({ kind: 'done', outcomes: outcomes.map(({ outcome }) => outcome), writes, total }, () => process.exit(0))
})
