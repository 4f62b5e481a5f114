/** How often files and ExifTool are touched for one write: what the speed of a batch and the promise of one verification rest on. */
import { afterAll, expect, it } from 'vitest'
import type { PhotoKind } from '../../../src-main/contract/model.ts'
import { createExifToolPool, type ExifToolPool } from '../../../src-main/metadata/exiftool-process.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, stampOf } from '../../helpers/writer-kit.ts'

const pool = createExifToolPool({ maxProcesses: 1 })
afterAll(() => pool.dispose())

type Call = 'read fields' | 'read whole' | 'write' | 'verify'
function counting(): { exiftool: ExifToolPool; calls: Call[] } {
  const calls: Call[] = []
  const exiftool: ExifToolPool = {
    ...pool,
    get pids() {
      return pool.pids
    },
    run(args, options) {
      const isOnCopy = args.at(-1)!.includes('.iws-')
      if (args.some((arg) => arg.startsWith('-overwrite'))) calls.push('write')
      else calls.push(isOnCopy ? 'verify' : args.includes('-all') ? 'read whole' : 'read fields')
      return pool.run(args, options)
    },
  }
  return { exiftool, calls }
}

it.each<[string, PhotoKind]>([
  ['wave.jpg', 'jpeg'],
  ['coffee.jpg', 'jpeg'],
  ['brushes.tif', 'tiff'],
  ['brick-wall.png', 'png'],
  ['chelsea.webp', 'webp'],
  ['wine.heic', 'heif'],
])('%s: one write, one verification; a second time one read and nothing else', async (fixture, kind) => {
  const { exiftool, calls } = counting()
  const kit = createWriterKit({ exiftool })
  const photo = copyFixture(tempFolder(), fixture, kind)
  const wanted = { title: { text: 'T', policy: 'replace' as const }, keywords: { list: null, add: ['k'], remove: [] } }
  const plan = await kit.writer.plan(photo, wanted, [])
  expect(calls).toEqual(['read fields'])
  await kit.writer.write([plan.id])
  expect(calls.slice(1)).toEqual(['read whole', 'write', 'verify'])

  const stamp = stampOf(photo.path)
  calls.length = 0
  expect((await kit.save(photo, wanted)).outcome.outcome).toBe('unchanged')
  expect(calls).toEqual(['read fields'])
  expect(stampOf(photo.path)).toEqual(stamp)
  expect(kit.journal.records).toHaveLength(1)

  calls.length = 0
  await kit.revert(1)
  expect(calls).toEqual(['read whole', 'write', 'verify'])
})

it('a new sidecar: the photo and the copy are read, the copy is written and verified once', async () => {
  const { exiftool, calls } = counting()
  const kit = createWriterKit({ exiftool })
  const raw = copyFixture(tempFolder(), 'pair/DSC_0042.dng', 'dng')
  await kit.save(raw, { title: { text: 'T', policy: 'replace' } })
  expect(calls).toEqual(['read fields', 'write', 'verify'])
})
