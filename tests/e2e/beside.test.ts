/** Commands typed beside a running studio: answered by it, not refused because its data folder is in use. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageworks, makeHome, root, type StudioHome } from './studio-home.ts'

describe('beside a running studio', () => {
  let home: StudioHome
  let studio: ChildProcess
  beforeAll(async () => {
    home = makeHome(['coffee.jpg'])
    studio = spawn(process.execPath, [path.join(root, 'out/main/cli.js'), 'proxy', '--port', '0'], {
      env: home.environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(studio.stdout!, 'data')
  })
  afterAll(async () => {
    if (studio.exitCode === null) {
      const ended = once(studio, 'exit')
      studio.kill('SIGTERM')
      await ended
    }
    home.remove()
  })

  it.each([
    ['models list', 'embedded-basic-facts'],
    ['models select --role caption', 'embedded-basic-facts'],
    ['profile show', 'cpu_only'],
    ['doctor', 'Proxy: http://127.0.0.1:'],
    ['proposals', ''],
  ])('%s is answered', (words, sentence) => {
    const { code, stdout, stderr } = imageworks(home, ...words.split(' '))
    expect(stderr).not.toContain('data folder')
    expect(stdout).toContain(sentence)
    expect(code).toBe(0)
  })

  it('what a command changes is changed in the running studio', () => {
    expect(imageworks(home, 'profile', 'set', 'development').code).toBe(0)
    expect(imageworks(home, 'profile', 'show', '--json').rows[0]).toMatchObject({ active: 'development' })
    expect(imageworks(home, 'profile', 'set', 'auto').code).toBe(0)
  })

  it('a decision by hand is made, written, told in the journal and taken back', () => {
    const file = path.join(home.photos, 'coffee.jpg')
    expect(imageworks(home, 'edit', file, '--title', 'By hand')).toMatchObject({ code: 0, stderr: '' })
    expect(imageworks(home, 'plan', file, '--json').rows).toHaveLength(1)
    expect(imageworks(home, 'write', file).code).toBe(0)
    expect(imageworks(home, 'metadata', file, '--json').rows[0]).toMatchObject({ title: 'By hand' })
    expect(imageworks(home, 'journal', '--json').rows[0]).toMatchObject({ path: file, state: 'written' })
    expect(imageworks(home, 'revert', file).code).toBe(0)
  })

  it('wrong words are usage as ever, with the nearest known name', () => {
    expect(imageworks(home, 'models', 'show', 'embeded-basic-facts')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('embedded-basic-facts'),
    })
  })

  it('another registry file is read beside it, and leaves nothing behind', () => {
    const registry = path.join(home.folder, 'registry.json')
    cpSync(path.join(root, 'configs/model_registry.curated.json'), registry)
    const left = () => readdirSync(os.tmpdir()).filter((name) => name.startsWith('imageworks-aside-')).length
    const before = left()
    const { code, rows } = imageworks(home, 'models', 'list-roles', '--registry', registry, '--json')
    expect([code, rows.length > 0, left()]).toEqual([0, true, before])
    expect(imageworks(home, 'models', 'list', '--registry', path.join(home.folder, 'none.json'))).toMatchObject({ code: 1 })
    expect(left()).toBe(before)
  })

  it('the note that leads to it is for its owner alone', () => {
    if (process.platform !== 'win32') expect(statSync(path.join(home.data, 'instance.json')).mode & 0o077).toBe(0)
  })
})
