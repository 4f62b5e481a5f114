/** The whole studio on a disk that takes no writes: everything but writing works, writing says so, and no byte or time changes. */
import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { noteSkip } from '../helpers/skips.ts'
import { smallVolume, whyNoVolumes } from '../helpers/small-volume.ts'
import { sha } from '../helpers/writer-kit.ts'
import { fixtures, imageworks, makeHome, type StudioHome } from './studio-home.ts'

const noVolumes = whyNoVolumes()
if (noVolumes) noteSkip('F50 the studio on a read-only folder', noVolumes)

let home: StudioHome
beforeAll(() => {
  home = makeHome([])
})
afterAll(() => home.remove())

it.skipIf(noVolumes !== null)('F50 import, tag, review, plan, read and journal work; write refuses every photo; nothing changed', () => {
  const volume = smallVolume(8 << 20)
  const photos = path.join(volume.folder, 'photos')
  mkdirSync(photos)
  const names = ['coffee.jpg', 'brushes.tif', 'chelsea.webp', 'pair/DSC_0042.dng', 'pair/DSC_0042.jpg']
  for (const name of names) cpSync(path.join(fixtures, name), path.join(photos, path.basename(name)))
  volume.makeReadOnly()
  const look = () =>
    readdirSync(photos, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((name) => {
        const file = path.join(photos, name)
        const { mtimeMs, ctimeMs, ino, mode } = statSync(file)
        return { name, mtimeMs, ctimeMs, ino, mode, sha: statSync(file).isFile() ? sha(file) : null }
      })
  const before = look()
  const coffee = path.join(photos, 'coffee.jpg')
  const run = (...words: string[]) => {
    const result = imageworks(home, ...words)
    expect(look(), words.join(' ')).toEqual(before)
    return result
  }

  expect(run('import', photos, '--json').code).toBe(0)
  expect(run('list', '--json').rows).toHaveLength(4)
  expect(run('tag', photos).code).toBe(0)
  const proposals = run('proposals', '--json')
  expect(proposals.rows.map((row) => row['state'])).toEqual(proposals.rows.map(() => 'proposed'))
  expect(run('metadata', coffee, '--json').rows).toHaveLength(1)
  expect(run('approve', '--all-passing').code).toBe(0)
  expect(run('edit', coffee, '--title', 'By hand').code).toBe(0)

  const plans = run('plan', photos, '--json')
  const planned = plans.rows.filter((row) => (row['changes'] as unknown[]).length > 0)
  expect(planned.length).toBeGreaterThan(1)
  for (const plan of planned) expect(plan['warnings']).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'folder-read-only' })]))

  const written = run('write', photos, '--json')
  expect(written.code).not.toBe(0)
  for (const row of written.rows) {
    expect(['refused', 'unchanged']).toContain(row['outcome'])
    if (row['outcome'] === 'refused') expect(row['message']).toBeTruthy()
  }
  expect(written.rows.some((row) => row['outcome'] === 'refused')).toBe(true)
  expect(run('journal', '--json').rows).toEqual([])
  expect(run('metadata', coffee, '--json').rows[0]?.['title']).not.toBe('By hand')
})
