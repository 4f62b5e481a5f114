import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRegistryFiles } from '../../../src-main/backends/registry-files.ts'
import type { Problem } from '../../../src-main/contract/model.ts'
import type { EntryRecord } from '../../../src-main/registry/entry.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

function folder(configs = tempFolder()) {
  const dataFolder = tempFolder()
  const problems: Problem[] = []
  let time = Date.UTC(2026, 0, 1)
  writeFileSync(path.join(configs, 'model_registry.curated.json'), '[]')
  const files = createRegistryFiles({
    configsFolder: configs,
    dataFolder,
    tell: (problem) => void problems.push(problem),
    nowMs: () => (time += 1000),
  })
  const userFile = path.join(dataFolder, 'model_registry.user.json')
  const discoveredFile = path.join(dataFolder, 'model_registry.discovered.json')
  const user = () => JSON.parse(readFileSync(userFile, 'utf8')) as Record<string, unknown> & { models: EntryRecord[] }
  const set = (name: string, more: Record<string, unknown>) =>
    files.updateUser((records) => [...records.filter((record) => record.name !== name), { name, ...more }])
  return { files, problems, userFile, discoveredFile, dataFolder, user, set }
}
const recordsOf = async (files: ReturnType<typeof folder>['files'], layer: string) =>
  (await files.layers()).find((source) => source.layer === layer)?.records

describe('versions of the user’s file', () => {
  it('every save is one, with what it changed; going back is a new one itself', async () => {
    const { files, user, set } = folder()
    await set('a', { quantization: 'x' })
    await set('b', { odd: { deep: [1] } })
    await set('a', { quantization: 'y' })
    expect(await files.history()).toMatchObject([
      { version: 3, changed: ['a'], current: true },
      { version: 2, changed: ['b'], current: false },
      { version: 1, changed: ['a'], current: false },
      { version: 0, changed: [], current: false },
    ])
    await files.rollback(1)
    expect(user().models).toEqual([{ name: 'a', quantization: 'x' }])
    expect((await files.history())[0]).toMatchObject({ version: 4, changed: ['a', 'b'], current: true })
    await files.rollback(3)
    expect(user().models).toHaveLength(2)
    await files.rollback(0)
    expect(user().models).toEqual([])
    expect(await recordsOf(files, 'user')).toEqual([])
  })

  it('only twenty are kept, the newest', async () => {
    const { files, set, dataFolder } = folder()
    for (let i = 1; i <= 25; i++) await set('a', { i })
    const kept = await files.history()
    expect(kept).toHaveLength(20)
    expect([kept[0]?.version, kept.at(-1)?.version]).toEqual([25, 6])
    expect(readdirSync(path.join(dataFolder, 'registry-history'))).toHaveLength(20)
    await expect(files.rollback(1)).rejects.toMatchObject({
      code: 'registry-version-unknown',
      data: { version: 1, known: expect.arrayContaining([6, 25]) },
    })
    for (const version of [-1, 1.5, Number.NaN]) await expect(files.rollback(version)).rejects.toMatchObject({ code: 'registry-version-unknown' })
  })

  it('a save that changes nothing is no version', async () => {
    const { files, set } = folder()
    await set('a', { x: 1 })
    await files.updateUser((records) => records)
    expect(await files.history()).toHaveLength(2)
  })

  it('a change by hand must not be lost when the studio saves over it', async () => {
    const { files, set, user, userFile } = folder()
    await set('a', { x: 1 })
    writeFileSync(userFile, JSON.stringify({ note: 'by hand', models: [{ name: 'h', mine: true }] }))
    await set('a', { x: 2 })
    const versions = await files.history()
    expect(versions.map(({ changed }) => changed)).toEqual([['a'], ['a', 'h'], ['a'], []])
    await files.rollback(versions[1]?.version ?? -1)
    expect(user()).toEqual({ note: 'by hand', models: [{ name: 'h', mine: true }] })
  })

  it('a broken file can be left by going back, and is kept aside', async () => {
    const { files, set, user, userFile } = folder()
    await set('a', { x: 1 })
    writeFileSync(userFile, '{"models": [half')
    await expect(set('a', { x: 2 })).rejects.toMatchObject({ code: 'registry-invalid' })
    await files.rollback(1)
    expect(user().models).toEqual([{ name: 'a', x: 1 }])
    expect(readFileSync(`${userFile}.broken`, 'utf8')).toBe('{"models": [half')
  })

  it('damaged versions are left out, the others still serve', async () => {
    const { files, set, dataFolder } = folder()
    for (let i = 1; i <= 3; i++) await set('a', { i })
    const history = path.join(dataFolder, 'registry-history')
    writeFileSync(path.join(history, '00000002.json'), '{half')
    writeFileSync(path.join(history, 'notes.txt'), 'x')
    mkdirSync(path.join(history, '00000099.json'))
    expect((await files.history()).map(({ version }) => version)).toEqual([3, 1, 0])
    await expect(files.rollback(2)).rejects.toMatchObject({ code: 'registry-version-unknown' })
    await files.rollback(1)
    expect((await files.history())[0]).toMatchObject({ version: 100 })
  })
})

describe('keys that we do not know', () => {
  it('must survive every way of saving, in the file, in entries and inside known objects', async () => {
    const { files, userFile, discoveredFile, user } = folder()
    const odd = { note: { a: [1, null, 'x'] }, models: [{ name: 'a', odd: 1, backend_config: { odd: { x: null } }, metadata: { odd: [{}] } }] }
    writeFileSync(userFile, JSON.stringify(odd))
    writeFileSync(discoveredFile, JSON.stringify(odd))
    await files.updateUser((records) => [...records, { name: 'b' }])
    expect(user()).toEqual({ ...odd, models: [...odd.models, { name: 'b' }] })
    await files.rollback(0)
    expect(user()).toEqual(odd)
    await files.updateDiscovered((records) => [...records, { name: 'b' }])
    expect(JSON.parse(readFileSync(discoveredFile, 'utf8'))).toMatchObject({ ...odd, models: [...odd.models, { name: 'b' }] })
  })
})

describe('the discovered file', () => {
  it('is not written again when nothing changed', async () => {
    const { files, discoveredFile } = folder()
    await files.updateDiscovered(() => [{ name: 'a', backend: 'ollama' }])
    writeFileSync(discoveredFile, readFileSync(discoveredFile, 'utf8').replaceAll('  ', ' '))
    const before = readFileSync(discoveredFile, 'utf8')
    await files.updateDiscovered((records) => records.map((record) => ({ ...record })))
    expect(readFileSync(discoveredFile, 'utf8')).toBe(before)
  })
  it('broken: told, then made anew', async () => {
    const { files, problems, discoveredFile } = folder()
    writeFileSync(discoveredFile, '\u0000')
    expect(await recordsOf(files, 'discovered')).toEqual([])
    expect(problems).toMatchObject([{ code: 'registry-invalid', data: { file: 'model_registry.discovered.json' } }])
    await files.updateDiscovered(() => [{ name: 'a' }])
    expect(await recordsOf(files, 'discovered')).toEqual([{ name: 'a' }])
    expect(files.problems()).toEqual([])
  })
  it('two changes at the same time are both kept', async () => {
    const { files } = folder()
    await Promise.all(['a', 'b', 'c'].map((name) => files.updateDiscovered((records) => [...records, { name }])))
    expect((await recordsOf(files, 'discovered'))?.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })
})

describe('hostile files', () => {
  it('50 MB must be refused by name and at once, with the last good view kept', async () => {
    const { files, problems, set, userFile } = folder()
    await set('a', { x: 1 })
    await files.layers()
    truncateSync(userFile, 50 * 1024 * 1024)
    const start = performance.now()
    expect(await recordsOf(files, 'user')).toEqual([{ name: 'a', x: 1 }])
    expect(performance.now() - start).toBeLessThan(500)
    expect(problems).toMatchObject([
      { code: 'registry-invalid', data: { file: 'model_registry.user.json', reason: expect.stringContaining('larger than') } },
    ])
    await files.layers()
    expect(problems).toHaveLength(1)
  })

  it('a key given twice, names that are paths, wrong types: each names file, entry and field, and nothing is taken over', async () => {
    const { files, problems, set, userFile } = folder()
    await set('a', { x: 1 })
    await files.layers()
    const cases: [string, Record<string, unknown>][] = [
      ['{"models":[{"name":"a","quantization":"x","quantization":"y"}]}', { entry: 'a', field: 'quantization' }],
      ['{"models":[{"name":"../../a"}]}', { entry: 1, field: 'name' }],
      ['{"models":{"a":1}}', { field: 'models' }],
    ]
    for (const [text, data] of cases) {
      writeFileSync(userFile, text)
      expect(await recordsOf(files, 'user')).toEqual([{ name: 'a', x: 1 }])
      expect(problems.at(-1)).toMatchObject({ code: 'registry-invalid', data: { file: 'model_registry.user.json', ...data } })
    }
    expect(problems).toHaveLength(cases.length)
  })

  it.skipIf(process.platform === 'win32')('a pipe in place of the file must not hold the studio up', async () => {
    const { files, userFile } = folder()
    execFileSync('/usr/bin/mkfifo', [userFile])
    expect(await recordsOf(files, 'user')).toEqual([])
    expect(files.problems()).toMatchObject([{ data: { reason: 'is not a file' } }])
  })

  it('another registry file that cannot be read is an error, not an empty list; once it is right it serves', async () => {
    const home = tempFolder()
    const registryFile = path.join(home, 'other.json')
    const open = (file: string) => createRegistryFiles({ configsFolder: home, dataFolder: home, registryFile: file, tell: () => undefined })
    const invalid = { code: 'registry-invalid', data: { file: 'other.json' } }
    const files = open(registryFile)
    await expect(files.layers()).rejects.toMatchObject(invalid)
    const entry = '{"name":"x","backend":"vllm"}'
    for (const text of ['', 'null', '[{"name":"x"', '[{"name":"x","name":"y"}]', '[{"name":"../x"}]', `[${entry},${entry}]`, '{"models":1}', '7']) {
      writeFileSync(registryFile, text)
      await expect(files.layers(), text).rejects.toMatchObject(invalid)
      await expect(open(registryFile).layers(), text).rejects.toMatchObject(invalid)
    }
    truncateSync(registryFile, 50 * 1024 * 1024)
    await expect(files.layers()).rejects.toMatchObject(invalid)
    await expect(open(home).layers()).rejects.toMatchObject({ code: 'registry-invalid', data: { reason: 'is not a file' } })
    writeFileSync(registryFile, `[${entry}]`)
    expect(await recordsOf(files, 'curated')).toEqual([{ name: 'x', backend: 'vllm' }])
  })

  it('another registry file that goes away while it serves stays in view, with a problem', async () => {
    const home = tempFolder()
    const registryFile = path.join(home, 'other.json')
    writeFileSync(registryFile, '[{"name":"x","backend":"vllm"}]')
    const problems: Problem[] = []
    const files = createRegistryFiles({ configsFolder: home, dataFolder: home, registryFile, tell: (problem) => void problems.push(problem) })
    await files.layers()
    rmSync(registryFile)
    for (let i = 0; i < 2; i++) expect(await recordsOf(files, 'curated')).toEqual([{ name: 'x', backend: 'vllm' }])
    expect(problems).toMatchObject([{ code: 'registry-invalid', data: { file: 'other.json', reason: 'is not there' } }])
    expect(files.problems()).toEqual(problems)
    writeFileSync(registryFile, '[]')
    expect(await recordsOf(files, 'curated')).toEqual([])
    expect(files.problems()).toEqual([])
  })

  it('the user’s file that was taken away is empty, without a problem', async () => {
    const { files, set, userFile } = folder()
    await set('a', { x: 1 })
    expect(await recordsOf(files, 'user')).toHaveLength(1)
    rmSync(userFile)
    expect(await recordsOf(files, 'user')).toEqual([])
    expect(files.problems()).toEqual([])
  })

  it('another registry file stands alone: neither what was found nor the user’s changes have a say', async () => {
    const { dataFolder } = folder()
    const registryFile = path.join(tempFolder(), 'other.json')
    writeFileSync(registryFile, '[{"name":"x","backend":"vllm"}]')
    writeFileSync(path.join(dataFolder, 'model_registry.user.json'), '[{"name":"y","backend":"vllm"}]')
    const files = createRegistryFiles({ configsFolder: dataFolder, dataFolder, registryFile, tell: () => undefined })
    expect((await files.layers()).map(({ records }) => records.map(({ name }) => name))).toEqual([['x']])
    expect(files.standalone).toBe(true)
    expect(existsSync(path.join(dataFolder, 'model_registry.discovered.json'))).toBe(false)
  })
})
