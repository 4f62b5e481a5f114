/** The house itself: every room has a README of at most 60 lines and an import rule, and the rules bite. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const rooms = readdirSync(path.join(root, 'src-main'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
const rules = JSON.parse(readFileSync(path.join(root, 'configs/tooling/oxlintrc.json'), 'utf8')) as {
  overrides: { files: string[]; rules: Record<string, unknown> }[]
}

describe.each(rooms)('room %s', (room) => {
  it('has a README of at most 60 lines', () => {
    const file = path.join(root, 'src-main', room, 'README.md')
    expect(existsSync(file), file).toBe(true)
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(60)
  })

  it('has an import rule', () => {
    const own = rules.overrides.find((override) => override.files.includes(`src-main/${room}/**/*.ts`))
    expect(own?.rules['no-restricted-imports']).toBeDefined()
  })
})

describe('the import rules', () => {
  it.each([
    ['imaging', "import { openDatabase } from '../db/open-database.ts'\nconsole.log(openDatabase)\n"],
    ['library', "import { app } from 'electron'\nconsole.log(app)\n"],
    ['contract', "import { readFileSync } from 'node:fs'\nconsole.log(readFileSync)\n"],
    ['tagging', "import { compose } from '../compose.ts'\nconsole.log(compose)\n"],
  ])('%s may not reach there', (room, text) => {
    const probe = path.join(root, 'src-main', room, `probe-${process.pid}.ts`)
    writeFileSync(probe, text)
    try {
      const { stdout, status } = spawnSync(process.execPath, [path.join(root, 'node_modules/oxlint/bin/oxlint'), probe], {
        cwd: root,
        encoding: 'utf8',
      })
      expect(status, stdout).not.toBe(0)
      expect(stdout).toContain('no-restricted-imports')
    } finally {
      rmSync(probe)
    }
  })
})
