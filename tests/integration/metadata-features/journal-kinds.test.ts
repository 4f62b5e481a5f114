import path from 'node:path'
import { expect, it } from 'vitest'
import { Connection } from '../../../src-main/db/connection.ts'
import { MIGRATIONS } from '../../../src-main/db/migrations/index.ts'
import { openDatabase } from '../../../src-main/db/open-database.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

it('reverts of an older studio are told apart after the update, one that was interrupted too', () => {
  const folder = tempFolder()
  const before = MIGRATIONS.findIndex((step) => step.includes('ADD COLUMN reverts'))
  const old = new Connection(path.join(folder, 'studio.sqlite'), folder, 1000)
  for (const step of MIGRATIONS.slice(0, before)) old.exec(step)
  old.exec(`PRAGMA user_version = ${before}`)
  const row = (id: number, state: string, tools: object) =>
    old.run(
      `INSERT INTO journal (write_id, run, plan_id, path, target_path, temp_path, time_ms, changes, models, state, before, after, tool_versions)
         VALUES (?, 1, 1, '/a', '/a', '/t', 1, '[]', '[]', ?, '{}', '{}', ?)`,
      id,
      state,
      JSON.stringify(tools),
    )
  row(1, 'written', { exiftool: '13.59' })
  row(2, 'pending', { exiftool: '13.59', reverts: '1' })
  old.close()
  const database = openDatabase({ folder, clock: { nowMs: () => 1, ticksMs: () => 1 } })
  expect(database.journal.find(1)).toMatchObject({ kind: 'write', reverts: null, isPartial: false })
  expect(database.journal.pending()).toMatchObject([{ writeId: 2, kind: 'revert', reverts: 1, isPartial: false }])
  expect(database.journal.list(0, 10).items.map((entry) => entry.kind)).toEqual(['revert', 'write'])
  database.close()
})

it('the newest plan of a photo is known until it is carried out', () => {
  const database = openDatabase({ folder: tempFolder(), clock: { nowMs: () => 1, ticksMs: () => 1 } })
  const { photos, plans, journal } = database
  photos.putFound([{ path: '/p/a.jpg', kind: 'jpeg', sizeBytes: 1, mtimeMs: 1, pairedPath: null }])
  const photoId = photos.findByPath('/p/a.jpg')!.id
  expect(plans.latestOpen(photoId)).toBeUndefined()
  const plan = {
    photoId,
    path: '/p/a.jpg',
    target: 'embedded' as const,
    targetPath: '/p/a.jpg',
    changes: [],
    warnings: [],
    refusal: null,
    createdAtMs: 1,
    targetHash: null,
    photoHash: '',
    models: [],
  }
  plans.add(plan)
  const { id } = plans.add({ ...plan, createdAtMs: 2 })
  expect(plans.latestOpen(photoId)).toMatchObject({ id, createdAtMs: 2 })
  const writeId = journal.begin({
    photoId,
    path: '/p/a.jpg',
    targetPath: '/p/a.jpg',
    tempPath: '/p/t',
    timeMs: 1,
    run: 1,
    changes: [],
    models: [],
    planId: id,
    hashBefore: null,
    hashAfter: null,
    before: {},
    after: {},
    toolVersions: {},
    kind: 'write',
    reverts: null,
    isPartial: false,
    promptHashes: ['p1'],
  })
  expect(journal.find(writeId)).toMatchObject({ promptHashes: ['p1'] })
  expect(plans.latestOpen(photoId)).toMatchObject({ id })
  journal.finish(writeId, 'written', null)
  expect(plans.latestOpen(photoId)).toBeUndefined()
  database.close()
})
