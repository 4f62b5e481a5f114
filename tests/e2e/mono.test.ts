/** The mono checker by commands: a round with files that cannot be judged, as text, table, page and JSON. */
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { monoOutcome } from '../../src-main/contract/mono.ts'
import { imageworks, makeHome, type StudioHome } from './studio-home.ts'

describe('imageworks mono check', () => {
  let home: StudioHome
  const bytes = new Map<string, Buffer>()
  beforeAll(() => {
    home = makeHome(['cameraman.jpg', 'honey-bee.jpg', 'pair/DSC_0042.dng'])
    writeFileSync(path.join(home.photos, 'empty.jpg'), '')
    cpSync(path.join(home.photos, 'honey-bee.jpg'), path.join(home.photos, 'cut.jpg'))
    truncateSync(path.join(home.photos, 'cut.jpg'), 9000)
    for (const name of ['cameraman.jpg', 'honey-bee.jpg', 'DSC_0042.dng', 'empty.jpg', 'cut.jpg'])
      bytes.set(name, readFileSync(path.join(home.photos, name)))
  })
  afterAll(() => home.remove())

  it('judges what it can, says why it could not judge the rest, and changes no file', () => {
    const { code, rows, stderr } = imageworks(home, 'mono', 'check', home.photos, '--json')
    const outcomes = rows.map((row) => monoOutcome.parse(row))
    const of = (name: string) => outcomes.find(({ path: file }) => path.basename(file) === name)
    expect(of('cameraman.jpg')?.check).toMatchObject({ verdict: 'pass', mode: 'neutral', regions: [] })
    expect(of('honey-bee.jpg')?.check).toMatchObject({ verdict: 'fail', mode: 'colour' })
    expect(of('DSC_0042.dng')?.check?.source.from).toBe('preview')
    expect(of('cut.jpg')).toMatchObject({ check: null, problem: { code: 'photo-damaged' } })
    expect([...outcomes.map(({ path: file }) => path.basename(file)), stderr].join(' ')).toContain('empty.jpg')
    expect(code).toBe(1)
    for (const [name, before] of bytes) expect(readFileSync(path.join(home.photos, name)).equals(before), name).toBe(true)
  })

  it('prints a table that a spreadsheet takes, and a page', () => {
    const files = ['cameraman.jpg', 'honey-bee.jpg'].map((name) => path.join(home.photos, name))
    const table = imageworks(home, 'mono', 'check', ...files, '--csv')
      .stdout.trim()
      .split('\n')
    expect(table[0]).toMatch(/^filename,verdict,mode,reason/)
    expect(table.slice(1).map((row) => row.split(',').slice(0, 3).join(' '))).toEqual(['cameraman.jpg pass neutral', 'honey-bee.jpg fail colour'])
    const page = imageworks(home, 'mono', 'check', ...files, '--md').stdout
    expect(page).toContain('2 photos: 1 Fail, 0 Query, 1 Pass, 0 not judged.')
    expect(page.indexOf('### honey-bee.jpg')).toBeLessThan(page.indexOf('### cameraman.jpg'))
  })

  it('takes no strictness that it does not know', () => {
    const { code, stderr } = imageworks(home, 'mono', 'check', home.photos, '--strictness', 'strickt')
    expect(code).toBe(2)
    expect(stderr).toContain('strict, balanced, lenient')
  })
})
