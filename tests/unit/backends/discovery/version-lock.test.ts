import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createVersionLock } from '../../../../src-main/backends/discovery/version-lock.ts'
import { createWeightsDigests } from '../../../../src-main/backends/discovery/weights-digest.ts'
import { entrySchema } from '../../../../src-main/registry/entry.ts'
import { startRepliesServer } from '../../../fakes/start-replies-server.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function model(files: Record<string, string>) {
  const folder = tempFolder()
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), content)
  }
  const memory = path.join(tempFolder(), 'digests.json')
  const lockOf = () => createVersionLock({ weights: createWeightsDigests(memory), ollamaBaseUrl: 'http://127.0.0.1:9' })
  const entry = (digest: string | null, more: Record<string, unknown> = {}) =>
    entrySchema.parse({ name: 'm', backend: 'vllm', backend_config: { model_path: folder }, version_lock: { locked: true, digest }, ...more })
  return { folder, memory, lock: lockOf(), lockOf, entry }
}

describe('what weights hash to', () => {
  it('is the SHA-256 over the sorted lines of all weight files, and of nothing else', async () => {
    const { lock, entry } = model({ 'b.safetensors': 'B', 'a.safetensors': 'A', 'sub/c.bin': 'C', 'config.json': '{}', 'README.md': 'x' })
    const lines = [`${sha256('A')}  a.safetensors`, `${sha256('B')}  b.safetensors`, `${sha256('C')}  sub/c.bin`].sort()
    expect(await lock.digestOf(entry(null), false)).toEqual({ digest: sha256(lines.join('\n')), files: 3, sizeBytes: 3 })
  })

  it('a GGUF entry: its file, its other parts and its projector, not its neighbours', async () => {
    const { folder, lock, entry } = model({ 'm-00001-of-00002.gguf': '1', 'm-00002-of-00002.gguf': '2', 'mmproj.gguf': 'p', 'other.gguf': 'o' })
    const config = { model_path: path.join(folder, 'm-00001-of-00002.gguf'), mmproj_path: path.join(folder, 'mmproj.gguf') }
    expect(await lock.digestOf(entry(null, { backend: 'llamacpp', backend_config: config }), false)).toMatchObject({ files: 3, sizeBytes: 3 })
  })

  it('through the links of the Hugging Face cache, never out of it', async () => {
    const { folder, lock, entry } = model({ 'models--a--b/blobs/x': 'X' })
    const snapshot = path.join(folder, 'models--a--b', 'snapshots', 'c')
    mkdirSync(snapshot, { recursive: true })
    symlinkSync(path.join('..', '..', 'blobs', 'x'), path.join(snapshot, 'w.safetensors'))
    const at = entry(null, { backend_config: {}, download_path: snapshot })
    expect(await lock.digestOf(at, false)).toMatchObject({ digest: sha256(`${sha256('X')}  w.safetensors`) })
    writeFileSync(path.join(folder, 'secret'), 'S')
    symlinkSync(path.join(folder, 'secret'), path.join(snapshot, 'evil.safetensors'))
    await expect(lock.digestOf(at, false)).rejects.toMatchObject({ code: 'weights-missing', message: expect.stringContaining('outside') })
  })

  it('weights that are not there, or elsewhere, are told', async () => {
    const { lock, entry } = model({ 'config.json': '{}' })
    await expect(lock.digestOf(entry(null), false)).rejects.toMatchObject({ code: 'weights-missing' })
    await expect(lock.digestOf(entry(null, { backend_config: { model_path: '/nowhere/at/all' } }), false)).rejects.toMatchObject({
      code: 'weights-missing',
    })
    await expect(lock.digestOf(entry(null, { backend: 'remote', backend_config: {} }), false)).rejects.toMatchObject({ code: 'weights-missing' })
  })
})

describe('a locked model', () => {
  it('loads while its weights are the same, and is refused when a byte was changed at the same size', async () => {
    const { folder, lock, entry } = model({ 'a.safetensors': 'AAAA', 'b.safetensors': 'BBBB' })
    const { digest } = await lock.digestOf(entry(null), true)
    await lock.checkBeforeLoad(entry(digest))
    writeFileSync(path.join(folder, 'b.safetensors'), 'BBBX')
    await expect(lock.checkBeforeLoad(entry(digest))).rejects.toMatchObject({
      code: 'model-locked',
      data: { name: 'm', expected: digest, actual: expect.any(String), remedy: expect.stringContaining('models lock') },
    })
  })

  it('is refused when the file was changed and its time set back', async () => {
    const { folder, lock, entry } = model({ 'a.safetensors': 'AAAA' })
    const file = path.join(folder, 'a.safetensors')
    const { digest } = await lock.digestOf(entry(null), true)
    const { atime, mtime } = statSync(file)
    writeFileSync(file, 'AAAX')
    utimesSync(file, atime, mtime)
    await expect(lock.checkBeforeLoad(entry(digest))).rejects.toMatchObject({ code: 'model-locked' })
  })

  it('is refused when a weight file was added, renamed or taken away', async () => {
    const { folder, lock, entry } = model({ 'a.safetensors': 'A', 'b.safetensors': 'B' })
    const { digest } = await lock.digestOf(entry(null), true)
    writeFileSync(path.join(folder, 'c.bin'), 'C')
    await expect(lock.checkBeforeLoad(entry(digest))).rejects.toMatchObject({ code: 'model-locked' })
    renameSync(path.join(folder, 'c.bin'), path.join(folder, 'c.txt'))
    await lock.checkBeforeLoad(entry(digest))
    renameSync(path.join(folder, 'b.safetensors'), path.join(folder, 'z.safetensors'))
    await expect(lock.checkBeforeLoad(entry(digest))).rejects.toMatchObject({ code: 'model-locked' })
  })

  it('verifying reads every byte, whatever is remembered', async () => {
    const { folder, memory, lock, lockOf, entry } = model({ 'a.safetensors': 'AAAA' })
    const { digest } = await lock.digestOf(entry(null), true)
    // A memory that was made to lie.
    const file = path.join(folder, 'a.safetensors')
    writeFileSync(file, 'AAAX')
    const { size, mtimeMs, ctimeMs, ino } = statSync(file)
    writeFileSync(memory, JSON.stringify({ files: { [file]: { size, mtimeMs, ctimeMs, ino, sha256: sha256('AAAA') } } }))
    const later = lockOf()
    expect((await later.digestOf(entry(digest), false)).digest).toBe(digest)
    expect((await later.digestOf(entry(digest), true)).digest).not.toBe(digest)
    await expect(later.checkBeforeLoad(entry(digest))).rejects.toMatchObject({ code: 'model-locked' })
  })

  it('what is known outlives the process; a broken memory costs only time', async () => {
    const { folder, memory, lock, lockOf, entry } = model({ 'a.safetensors': 'AAAA' })
    const { digest } = await lock.digestOf(entry(null), true)
    const held = JSON.parse(readFileSync(memory, 'utf8')) as { files: Record<string, { sha256: string }> }
    expect(Object.keys(held.files)).toEqual([path.join(folder, 'a.safetensors')])
    await lockOf().checkBeforeLoad(entry(digest))
    appendFileSync(memory, '{{{')
    await lockOf().checkBeforeLoad(entry(digest))
  })

  it('is known to differ only by what was hashed before: nothing is read for it', async () => {
    const { folder, memory, lock, lockOf, entry } = model({ 'a.safetensors': 'AAAA' })
    const { digest } = await lock.digestOf(entry(null), true)
    expect(await lock.isKnownToDiffer(entry(digest))).toBe(false)
    writeFileSync(path.join(folder, 'a.safetensors'), 'AAAX')
    const before = readFileSync(memory, 'utf8')
    expect(await lock.isKnownToDiffer(entry(digest))).toBe(false)
    expect(readFileSync(memory, 'utf8')).toBe(before)
    await lock.digestOf(entry(digest), true)
    expect(await lock.isKnownToDiffer(entry(digest))).toBe(true)
    expect(await lockOf().isKnownToDiffer(entry(digest))).toBe(true)
    for (const state of [
      { locked: false, digest },
      { locked: true, digest: null },
    ]) {
      expect(await lock.isKnownToDiffer(entry(digest, { version_lock: state }))).toBe(false)
    }
  })

  it('without a stored digest is refused, without a lock is not looked at', async () => {
    const { lock, entry } = model({ 'a.safetensors': 'A' })
    await expect(lock.checkBeforeLoad(entry(null))).rejects.toMatchObject({ code: 'model-locked' })
    await lock.checkBeforeLoad(entry('x', { version_lock: { locked: false, digest: 'x' }, backend_config: {} }))
  })

  it('in Ollama: the digest of the manifest', async () => {
    const server = await startRepliesServer({ '/api/tags': { models: [{ name: 'llava:latest', digest: 'd1', size: 7 }] } })
    const lock = createVersionLock({ weights: createWeightsDigests(path.join(tempFolder(), 'd.json')), ollamaBaseUrl: server.origin })
    const entry = (digest: string) =>
      entrySchema.parse({ name: 'm', backend: 'ollama', served_model_id: 'llava', version_lock: { locked: true, digest } })
    await lock.checkBeforeLoad(entry('d1'))
    server.set({ '/api/tags': { models: [{ name: 'llava:latest', digest: 'd2', size: 7 }] } })
    await expect(lock.checkBeforeLoad(entry('d1'))).rejects.toMatchObject({ code: 'model-locked', data: { expected: 'd1', actual: 'd2' } })
    server.set({ '/api/tags': { models: [] } })
    await expect(lock.checkBeforeLoad(entry('d1'))).rejects.toMatchObject({ code: 'weights-missing' })
  })
})
