import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, it } from 'vitest'
import { Connection } from '../../../src-main/db/connection.ts'
import { migrate } from '../../../src-main/db/migrate.ts'
import { MIGRATIONS } from '../../../src-main/db/migrations/index.ts'
import { openDatabase } from '../../../src-main/db/open-database.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { foundPhoto, newProposal, openTestDatabase } from '../../helpers/database-samples.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { smallVolume, whyNoVolumes } from '../../helpers/small-volume.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const noVolumes = whyNoVolumes()
if (noVolumes) noteSkip('full and read-only data folders', noVolumes)

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return undefined
}
const open = (folder: string) => openDatabase({ folder, clock: systemClock })

/** Copy it before use: this process may still hold locks on the file itself until its statements are collected. */
function closedDatabase(): string {
  const folder = tempFolder()
  open(folder).close()
  return path.join(folder, 'studio.sqlite')
}

describe('opening', () => {
  it('makes the folder and keeps what was stored, so that a restart loses nothing', () => {
    const folder = path.join(tempFolder(), 'new', 'folder')
    const first = open(folder)
    const { ids } = first.photos.putFound([foundPhoto('/p/a.jpg')])
    first.close()
    first.close()
    expect(openTestDatabase(folder).photos.find(ids[0]!)?.path).toBe('/p/a.jpg')
  })

  it('leaves nothing beside the file when it is closed, also in a process that is killed in the next moment', () => {
    const folder = tempFolder()
    const database = open(folder)
    database.photos.putFound([foundPhoto('/p/a.jpg')])
    expect(readdirSync(folder)).toContain('studio.sqlite-wal')
    database.close()
    expect(readdirSync(folder)).toEqual(['studio.sqlite'])
  })

  it('reads what a killed process had committed but never folded into the file', () => {
    const folder = tempFolder()
    const first = open(folder)
    first.photos.putFound([foundPhoto('/p/a.jpg')])
    // What a killed process leaves: the file with its write-ahead log, never closed.
    const copy = tempFolder()
    for (const name of readdirSync(folder)) writeFileSync(path.join(copy, name), readFileSync(path.join(folder, name)))
    first.close()
    expect(openTestDatabase(copy).photos.findByPath('/p/a.jpg')).toBeDefined()
  })

  it('refuses a database of a newer studio without changing a byte of it', () => {
    const folder = tempFolder()
    const file = path.join(folder, 'studio.sqlite')
    const newer = readFileSync(closedDatabase())
    newer.writeUInt32BE(999, 60)
    writeFileSync(file, newer)
    const before = { bytes: readFileSync(file), mtimeMs: statSync(file).mtimeMs, names: readdirSync(folder) }
    expect(codeOf(() => open(folder))).toBe('database-newer')
    expect({ bytes: readFileSync(file), mtimeMs: statSync(file).mtimeMs, names: readdirSync(folder) }).toEqual(before)
  })

  it('refuses a newer database whose version is still in the write-ahead log', () => {
    const folder = tempFolder()
    open(folder).close()
    const db = new DatabaseSync(path.join(folder, 'studio.sqlite'))
    db.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 999')
    const copy = tempFolder()
    for (const name of readdirSync(folder)) writeFileSync(path.join(copy, name), readFileSync(path.join(folder, name)))
    db.close()
    expect(existsSync(path.join(copy, 'studio.sqlite-wal'))).toBe(true)
    expect(codeOf(() => open(copy))).toBe('database-newer')
  })

  it.each([
    ['a text file', (file: string) => writeFileSync(file, 'hello, I am not a database at all. '.repeat(10))],
    ['a few bytes', (file: string) => writeFileSync(file, 'SQLite')],
    ['a header with nothing behind it', (file: string) => truncateSync(file, 200)],
    [
      'noise behind the header',
      (file: string) => writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 100), Buffer.alloc(60_000, 0xa5)])),
    ],
  ])('calls %s damaged and leaves it there', (_, harm) => {
    const folder = tempFolder()
    const file = path.join(folder, 'studio.sqlite')
    writeFileSync(file, readFileSync(closedDatabase()))
    harm(file)
    const bytes = readFileSync(file)
    expect(codeOf(() => open(folder))).toBe('database-damaged')
    expect(readFileSync(file)).toEqual(bytes)
  })

  it('starts anew from the empty file that a full disk left behind', () => {
    const folder = tempFolder()
    writeFileSync(path.join(folder, 'studio.sqlite'), '')
    expect(openTestDatabase(folder).photos.folders()).toEqual([])
  })

  it('says unwritable when a file stands where the folder should be', () => {
    const file = path.join(tempFolder(), 'file')
    writeFileSync(file, '')
    expect(codeOf(() => open(file))).toBe('data-folder-unwritable')
    expect(codeOf(() => open(path.join(file, 'below')))).toBe('data-folder-unwritable')
  })
})

describe('migrations', () => {
  it('bring version 1 to the newest one step at a time, and a failing step leaves the version before it whole', () => {
    const folder = tempFolder()
    const file = path.join(folder, 'studio.sqlite')
    const connection = new Connection(file, folder, 0)
    migrate(connection, MIGRATIONS.slice(0, 1), folder)
    connection.exec(`INSERT INTO settings (key, value) VALUES ('kept', '1')`)
    const steps = [MIGRATIONS[0]!, 'CREATE TABLE second (a INTEGER)', 'CREATE TABLE third (a INTEGER); INSERT INTO nowhere VALUES (1)']
    expect(() => migrate(connection, steps, folder)).toThrow('nowhere')
    expect(connection.get('PRAGMA user_version')).toMatchObject({ user_version: 2 })
    expect(connection.all(`SELECT name FROM sqlite_schema WHERE name IN ('second', 'third')`)).toMatchObject([{ name: 'second' }])
    migrate(connection, [...steps.slice(0, 2), 'CREATE TABLE third (a INTEGER)'], folder)
    expect(connection.get('PRAGMA user_version')).toMatchObject({ user_version: 3 })
    expect(connection.get(`SELECT value FROM settings WHERE key = 'kept'`)).toMatchObject({ value: '1' })
    connection.close()
  })
})

describe.skipIf(noVolumes)('a full or read-only disk', () => {
  it('says full when there is no room for a new database, and works once there is room', () => {
    const { folder } = smallVolume(16 * 1024)
    expect(codeOf(() => open(folder))).toBe('data-folder-full')
    const roomy = tempFolder()
    for (const name of readdirSync(folder)) writeFileSync(path.join(roomy, name), readFileSync(path.join(folder, name)))
    openTestDatabase(roomy)
  })

  it('says full when the disk fills up while the studio runs; what was stored stays, and it goes on when there is room', () => {
    const { folder } = smallVolume(1024 * 1024)
    const database = openTestDatabase(folder)
    const { ids } = database.photos.putFound([foundPhoto('/p/a.jpg')])
    const photoId = ids[0]!
    let stored = 0
    const fill = () => {
      for (; stored < 1000; stored++) database.proposals.add(newProposal(photoId, { rawReply: 'x'.repeat(10_000), contentHash: `hash-${stored}` }))
    }
    expect(codeOf(fill)).toBe('data-folder-full')
    expect(stored).toBeGreaterThan(10)
    expect(database.proposals.findSame(photoId, 'caption', `hash-${stored - 1}`, 'settings-1')).toBeDefined()
    expect(database.proposals.findSame(photoId, 'caption', `hash-${stored}`, 'settings-1')).toBeUndefined()
    expect(database.photos.find(photoId)?.path).toBe('/p/a.jpg')
    database.close()
    const roomy = tempFolder()
    for (const name of readdirSync(folder)) writeFileSync(path.join(roomy, name), readFileSync(path.join(folder, name)))
    const moved = openTestDatabase(roomy)
    expect(moved.proposals.latest(photoId).caption?.contentHash).toBe(`hash-${stored - 1}`)
    moved.photos.putFound([foundPhoto('/p/b.jpg')])
  })

  it('says unwritable on a read-only disk, with and without a database', () => {
    const volume = smallVolume(2 * 1024 * 1024)
    mkdirSync(path.join(volume.folder, 'used'))
    mkdirSync(path.join(volume.folder, 'empty'))
    writeFileSync(path.join(volume.folder, 'used', 'studio.sqlite'), readFileSync(closedDatabase()))
    volume.makeReadOnly()
    for (const name of ['used', 'empty', 'missing']) expect(codeOf(() => open(path.join(volume.folder, name)))).toBe('data-folder-unwritable')
  })
})
