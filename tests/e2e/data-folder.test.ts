/** A data folder that cannot serve: one clear sentence, exit code 1, nothing broken. And a process that is killed in the middle. */
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noteSkip } from '../helpers/skips.ts'
import { smallVolume, whyNoVolumes } from '../helpers/small-volume.ts'
import { imageworks, makeHome, root, type StudioHome } from './studio-home.ts'

const noVolumes = whyNoVolumes()
if (noVolumes) noteSkip('full and read-only data folders on the command line', noVolumes)

let home: StudioHome
beforeAll(() => {
  home = makeHome(['coffee.jpg'])
})
afterAll(() => home.remove())

const inFolder = (folder: string): StudioHome => ({ ...home, data: folder, environment: { ...home.environment, IMAGEWORKS_HOME: folder } })

describe('a data folder', () => {
  it('of a newer version is left alone', () => {
    const folder = path.join(home.folder, 'newer')
    mkdirSync(folder)
    const database = new DatabaseSync(path.join(folder, 'studio.sqlite'))
    database.exec('CREATE TABLE tomorrow (x); PRAGMA user_version = 9999')
    database.close()
    const before = readFileSync(path.join(folder, 'studio.sqlite'))
    const { code, stderr, stdout } = imageworks(inFolder(folder), 'list')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/newer version/)
    const doctor = imageworks(inFolder(folder), 'doctor', '--json')
    expect(doctor.code).toBe(1)
    expect(doctor.rows[0]).toMatchObject({
      name: 'Data folder',
      state: 'missing',
      detail: expect.stringMatching(/newer version/),
      remedy: expect.any(String),
    })
    expect(doctor.rows.map((row) => row['name'])).toEqual(expect.arrayContaining(['Metadata (ExifTool)', 'GPU', 'Caption model']))
    expect(doctor.rows.filter((row) => row['name'] === 'Data folder')).toHaveLength(1)
    expect(readFileSync(path.join(folder, 'studio.sqlite')).equals(before)).toBe(true)
  })

  it('that is damaged is left alone', () => {
    const folder = path.join(home.folder, 'damaged')
    mkdirSync(folder)
    writeFileSync(
      path.join(folder, 'studio.sqlite'),
      'this is no database, and it is longer than a header of one hundred bytes, so that it cannot be mistaken for a new one',
    )
    const { code, stderr } = imageworks(inFolder(folder), 'list')
    expect(code).toBe(1)
    expect(stderr).toMatch(/damaged/)
    expect(stderr).not.toMatch(/at .*\.js:\d+/)
  })

  it('with a damaged lock file works on: that file holds nothing', () => {
    const folder = path.join(home.folder, 'lock')
    expect(imageworks(inFolder(folder), 'list').code).toBe(0)
    writeFileSync(path.join(folder, 'instance.sqlite'), Buffer.alloc(8192, 'x'))
    expect(imageworks(inFolder(folder), 'list')).toMatchObject({ code: 0, stderr: '' })
  })

  it.skipIf(noVolumes !== null)('that is full or read-only says so', () => {
    const full = smallVolume(64 * 1024)
    expect(imageworks(inFolder(full.folder), 'import', home.photos)).toMatchObject({ code: 1, stderr: expect.stringMatching(/full/i) })
    const locked = smallVolume(4 * 1024 * 1024)
    locked.makeReadOnly()
    expect(imageworks(inFolder(locked.folder), 'import', home.photos)).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot write/) })
  })

  it('serves one studio at a time, and the second one says where the first is', async () => {
    const first = spawn(process.execPath, [path.join(root, 'out/main/serve.js'), home.photos, '--no-open'], {
      env: home.environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      await new Promise((resolve) => first.stdout?.once('data', resolve))
      const second = imageworks(home, 'tag', home.photos)
      expect(second.code).toBe(1)
      expect(second.stderr).toContain(String(first.pid))
    } finally {
      const ended = new Promise((resolve) => first.once('exit', resolve))
      first.kill('SIGKILL')
      await ended
    }
    // The lock goes with the process, however it ended.
    expect(imageworks(home, 'list').code).toBe(0)
  })
})

/** Of a studio that may be at work on them; 0 before there is a table. */
function countProposals(file: string): number {
  if (!existsSync(file)) return 0
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return (database.prepare('SELECT count(*) AS n FROM proposals').get() as { n: number }).n
  } catch {
    return 0
  } finally {
    database.close()
  }
}

describe('kill -9 in the middle of a run', () => {
  it('is resumed, and every photo ends exactly once', async () => {
    const many = makeHome([])
    try {
      const names = Array.from({ length: 30 }, (_, at) => `photo-${String(at).padStart(3, '0')}.jpg`)
      for (const name of names) copyFileSync(path.join(root, 'tests/fixtures/photos/coffee.jpg'), path.join(many.photos, name))
      const run = spawn(process.execPath, [path.join(root, 'out/main/cli.js'), 'tag', many.photos], { env: many.environment, stdio: 'ignore' })
      const file = path.join(many.data, 'studio.sqlite')
      await expect.poll(() => countProposals(file), { timeout: 60_000, interval: 20 }).toBeGreaterThan(3)
      const ended = new Promise((resolve) => run.once('exit', resolve))
      run.kill('SIGKILL')
      await ended

      const resumed = imageworks(many, 'tag', '--resume')
      expect(resumed.code).toBe(0)
      expect(resumed.stdout).toContain(`${names.length} of ${names.length}`)
      const rows = imageworks(many, 'proposals', '--json').rows
      expect(rows.map((row) => path.basename(String(row['path'])))).toEqual(names)
      expect(new Set(rows.map((row) => row['state']))).toEqual(new Set(['proposed']))
      const database = new DatabaseSync(path.join(many.data, 'studio.sqlite'), { readOnly: true })
      const counts = database.prepare('SELECT photo_id, stage, count(*) AS n FROM proposals GROUP BY photo_id, stage').all() as { n: number }[]
      database.close()
      expect(counts).toHaveLength(names.length * 3)
      expect(counts.every((each) => each.n === 1)).toBe(true)
    } finally {
      many.remove()
    }
  })
})
