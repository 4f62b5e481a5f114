import { type ExecFileSyncOptions, execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ImportSummary } from '../../../src-main/contract/model.ts'
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { EventBus } from '../../../src-main/lib/event-bus.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { createImporter } from '../../../src-main/library/import-run.ts'
import type { PhotoStore } from '../../../src-main/library/ports.ts'
import { forkWorkersFrom } from '../../../src-main/workers/fork-worker.ts'
import { createWorkerClient } from '../../../src-main/workers/worker-client.ts'
import { bundleTs } from '../../helpers/bundle-ts.mjs'
import { openTestDatabase } from '../../helpers/database-samples.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const isRoot = process.getuid?.() === 0
const onLinux = process.platform === 'linux'
if (isRoot) noteSkip('import of an unreadable folder', 'the tests run as root, who may read everything')
if (!onLinux) noteSkip('names that are not UTF-8, pipes, twins in two normal forms', 'only Linux file systems keep them')

let workers = ''
beforeAll(async () => {
  workers = await bundleTs({ 'import-worker': 'src-main/workers/import-worker.ts' }, `import-worker-${process.pid}`)
})

interface Studio {
  photos: PhotoStore
  importer: ReturnType<typeof createImporter>
  events: StudioEvent[]
  run(paths: string[], recursive?: boolean): Promise<ImportSummary>
  paths(): string[]
}

function startStudio(wrap: (photos: PhotoStore) => PhotoStore = (photos) => photos): Studio {
  const { photos } = openTestDatabase(tempFolder())
  const worker = createWorkerClient('import', forkWorkersFrom(workers))
  const bus = new EventBus()
  const events: StudioEvent[] = []
  bus.subscribe((event) => void events.push(event))
  const importer = createImporter({ worker, photos: wrap(photos), events: bus, clock: systemClock })
  onTestFinished(async () => {
    await importer.dispose()
    await worker.dispose()
  })
  return {
    photos,
    importer,
    events,
    run: (paths, recursive = true) => importer.importAll(paths, { recursive }),
    paths: () => photos.list({ recursive: true, sort: 'path' }, 0, 1000).items.map((photo) => photo.path),
  }
}

/** Makes files (and the folders above them) below `folder`. */
function plant(folder: string, ...files: string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), file)
  }
}
const noteOf = ({ notes }: ImportSummary) => notes.map(({ code, path: at }) => [code, path.basename(at)])

describe('an import', () => {
  it('takes photos and leaves the rest, pairs RAW with JPEG, and tells how it went', async () => {
    const folder = tempFolder()
    plant(folder, 'a.jpg', 'sub/b.CR2', 'sub/b.jpg', 'sub/deeper/c.heic', 'a.xmp', 'a.jpg_original', '._a.jpg', '.hidden/d.jpg', 'notes.txt')
    const studio = startStudio()
    const summary = await studio.run([folder])
    expect(summary).toMatchObject({ state: 'done', found: 3, added: 3, changed: 0, ignored: 5, noteCount: 0, problem: null })
    expect(studio.paths()).toEqual(['a.jpg', 'sub/b.CR2', 'sub/deeper/c.heic'].map((file) => path.join(folder, file)))
    expect(studio.photos.findByPath(path.join(folder, 'sub/b.CR2'))?.pairedPath).toBe(path.join(folder, 'sub/b.jpg'))
    const last = studio.events.findLast(({ name }) => name === 'import.progress')
    expect(last?.data).toEqual(summary)
    expect(studio.events.some(({ name, data }) => name === 'photos.changed' && (data as { photoIds: number[] }).photoIds.length > 0)).toBe(true)
    expect(studio.importer.status(summary.importId)).toEqual(summary)
    expect(() => studio.importer.status('import-99')).toThrow(expect.objectContaining({ code: 'import-not-found' }))
  })

  it('stays in the folder itself when asked to', async () => {
    const folder = tempFolder()
    plant(folder, 'a.jpg', 'sub/b.jpg')
    symlinkSync(path.join(folder, 'sub'), path.join(folder, 'link'))
    const studio = startStudio()
    await studio.run([folder], false)
    expect(studio.paths()).toEqual([path.join(folder, 'a.jpg')])
  })

  it('a second time changes no id and finds only what changed', async () => {
    const folder = tempFolder()
    plant(folder, 'a.jpg', 'b.jpg', 'sub/c.jpg')
    const studio = startStudio()
    await studio.run([folder])
    const ids = studio.photos.ids({ recursive: true, sort: 'path' })
    expect(await studio.run([folder])).toMatchObject({ found: 3, added: 0, changed: 0 })
    utimesSync(path.join(folder, 'b.jpg'), 1, 1)
    const facts = { contentHash: 'h', width: 1, height: 1, orientation: 1, takenAtMs: null, takenAtOffsetMinutes: null, gps: null }
    for (const id of ids) studio.photos.putFacts(id, facts)
    expect(await studio.run([folder])).toMatchObject({ found: 3, added: 0, changed: 1 })
    expect(studio.photos.ids({ recursive: true, sort: 'path' })).toEqual(ids)
    expect(studio.photos.pending(10)).toEqual([ids[1]])
  })

  it('of single files takes those, pairs a RAW with the JPEG beside it, and says of what is no photo that it is none', async () => {
    const folder = tempFolder()
    plant(folder, 'a.cr2', 'a.jpg', 'b.jpg', 'c.jpg', 'words.txt')
    const studio = startStudio()
    const summary = await studio.run(['a.cr2', 'b.jpg', 'words.txt', 'gone.jpg'].map((name) => path.join(folder, name)))
    expect(studio.paths()).toEqual([path.join(folder, 'a.cr2'), path.join(folder, 'b.jpg')])
    expect(studio.photos.findByPath(path.join(folder, 'a.cr2'))?.pairedName).toBe('a.jpg')
    expect(noteOf(summary)).toEqual([
      ['not-a-photo', 'words.txt'],
      ['path-missing', 'gone.jpg'],
    ])
  })

  it('drops the JPEG row that stood alone before its RAW was there', async () => {
    const folder = tempFolder()
    plant(folder, 'a.jpg')
    const studio = startStudio()
    await studio.run([folder])
    plant(folder, 'a.nef')
    await studio.run([folder])
    expect(studio.paths()).toEqual([path.join(folder, 'a.nef')])
  })

  it('makes the folder tree below what was imported, also when the parent is imported later', async () => {
    const folder = tempFolder()
    plant(folder, 'x/y/a.jpg', 'b.jpg')
    const studio = startStudio()
    await studio.run([path.join(folder, 'x')])
    await studio.run([folder])
    const tree = studio.photos.folders()
    expect(tree.map(({ path: at, totalCount }) => [path.relative(folder, at), totalCount])).toEqual([
      ['', 2],
      ['x', 1],
      ['x/y', 1],
    ])
    expect(tree[1]?.parentId).toBe(tree[0]?.id)
  })
})

describe('odd names', () => {
  it('are taken as they are', async () => {
    const folder = tempFolder()
    const names = [
      '-rf.jpg',
      '@list.jpg',
      '%41.jpg',
      'qu\'o"te.jpg',
      '😀.jpg',
      'new\nline.jpg',
      `${'n'.repeat(251)}.jpg`,
      'dots....jpg',
      ' space .jpg',
    ]
    plant(folder, ...names, 'trailing./t.jpg', 'photo.jpg.')
    const studio = startStudio()
    expect(await studio.run([folder])).toMatchObject({ found: names.length + 1, ignored: 1, noteCount: 0 })
    expect(studio.paths().sort()).toEqual([...names, 'trailing./t.jpg'].map((name) => path.join(folder, name)).sort())
  })

  it.runIf(onLinux)('in two normal forms or two cases are two photos where the disk keeps two files', async () => {
    const folder = tempFolder()
    plant(folder, 'caf\u00e9.jpg', 'cafe\u0301.jpg', 'IMG.JPG', 'img.jpg')
    const studio = startStudio()
    await studio.run([folder])
    expect(studio.paths()).toHaveLength(4)
    expect(await studio.run([folder])).toMatchObject({ found: 4, added: 0, changed: 0 })
  })

  it.runIf(onLinux)('that are not UTF-8 get one note each and stop nothing, and a name with U+FFFD itself is a name', async () => {
    const folder = tempFolder()
    plant(folder, 'good.jpg', 'real\ufffd.jpg')
    for (const name of ['bad\u00ff.jpg', 'other\u00fe.txt'])
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), 'x')
    mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('folder\u00ff', 'latin1')]))
    const studio = startStudio()
    const summary = await studio.run([folder])
    expect(studio.paths().map((file) => path.basename(file))).toEqual(['good.jpg', 'real\ufffd.jpg'])
    expect(noteOf(summary).sort()).toEqual([
      ['path-not-utf8', 'bad\ufffd.jpg'],
      ['path-not-utf8', 'folder\ufffd'],
    ])
    // For a folder that cannot be removed by its name as text.
    execFileSync('rm', ['-rf', folder])
  })
})

describe('odd things in a folder', () => {
  it('links are followed to their real place once, and a loop is one note', async () => {
    const [folder, outside] = [tempFolder(), tempFolder()]
    plant(folder, 'in/a.jpg')
    plant(outside, 'b.jpg', 'single.jpg')
    symlinkSync(folder, path.join(folder, 'in', 'loop'))
    symlinkSync(path.join(folder, 'in'), path.join(folder, 'again'))
    symlinkSync(outside, path.join(folder, 'out'))
    symlinkSync(path.join(outside, 'single.jpg'), path.join(folder, 'link-to-file'))
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'broken.jpg'))
    symlinkSync('self', path.join(folder, 'self'))
    const studio = startStudio()
    const summary = await studio.run([folder])
    expect(studio.paths()).toEqual([path.join(folder, 'in', 'a.jpg'), path.join(outside, 'b.jpg'), path.join(outside, 'single.jpg')].sort())
    expect(noteOf(summary).sort()).toEqual([
      ['path-missing', 'broken.jpg'],
      ['symlink-loop', 'loop'],
      ['symlink-loop', 'self'],
    ])
  })

  it.runIf(onLinux)('a pipe named like a photo is noted and never opened, a folder named like one is a folder', async () => {
    const folder = tempFolder()
    plant(folder, 'folder.jpg/a.jpg')
    execFileSync('mkfifo', [path.join(folder, 'pipe.jpg')])
    const studio = startStudio()
    const summary = await studio.run([folder])
    expect(noteOf(summary)).toEqual([['not-a-photo', 'pipe.jpg']])
    expect(studio.paths()).toEqual([path.join(folder, 'folder.jpg', 'a.jpg')])
    expect(noteOf(await studio.run([path.join(folder, 'pipe.jpg')]))).toEqual([['not-a-photo', 'pipe.jpg']])
  })

  it('the library of another program is left alone, also when it or a folder in it is chosen', async () => {
    const folder = tempFolder()
    plant(folder, 'a.jpg', 'My.photoslibrary/originals/b.jpg', 'Previews.lrdata/c.jpg')
    const studio = startStudio()
    const summary = await studio.run([folder, path.join(folder, 'My.photoslibrary', 'originals')])
    expect(studio.paths()).toEqual([path.join(folder, 'a.jpg')])
    expect(noteOf(summary).sort()).toEqual([
      ['photo-package', 'My.photoslibrary'],
      ['photo-package', 'Previews.lrdata'],
      ['photo-package', 'originals'],
    ])
  })

  it('what lies too deep is one note', async () => {
    const folder = tempFolder()
    plant(folder, `${'d/'.repeat(100)}in.jpg`, `${'d/'.repeat(101)}out.jpg`)
    const studio = startStudio()
    const summary = await studio.run([folder])
    expect(noteOf(summary)).toEqual([['too-deep', 'd']])
    expect(studio.paths().map((file) => path.basename(file))).toEqual(['in.jpg'])
  })

  it.skipIf(isRoot)('a folder that may not be read is one note, and the others are read', async () => {
    const folder = tempFolder()
    plant(folder, 'shut/a.jpg', 'open/b.jpg')
    const options: ExecFileSyncOptions = { stdio: 'ignore' }
    execFileSync('chmod', ['000', path.join(folder, 'shut')], options)
    onTestFinished(() => void execFileSync('chmod', ['700', path.join(folder, 'shut')], options))
    const studio = startStudio()
    expect(noteOf(await studio.run([folder]))).toEqual([['path-unreadable', 'shut']])
    expect(studio.paths()).toEqual([path.join(folder, 'open', 'b.jpg')])
  })
})

describe('an import that does not come to its end', () => {
  const many = (folder: string) => plant(folder, ...Array.from({ length: 3000 }, (_, n) => `f${n % 30}/${n}.jpg`))

  it('keeps what it found when cancelled, and the next one starts at once', async () => {
    const folder = tempFolder()
    many(folder)
    let cancel: () => void = () => undefined
    const studio = startStudio((photos) => ({
      ...photos,
      putFound(...given) {
        cancel()
        return photos.putFound(...given)
      },
    }))
    cancel = () => studio.importer.cancel('import-1')
    const summary = await studio.run([folder])
    expect(summary.state).toBe('cancelled')
    expect(studio.paths().length).toBeLessThan(3000)
    cancel = () => undefined
    expect(await studio.run([folder])).toMatchObject({ state: 'done', found: 3000 })
  })

  it('fails with the reason when the disk of the database is full, and does not go on reading', async () => {
    const folder = tempFolder()
    many(folder)
    let calls = 0
    const studio = startStudio((photos) => ({
      ...photos,
      putFound() {
        calls++
        throw new StudioError('data-folder-full', 'full')
      },
    }))
    expect(await studio.run([folder])).toMatchObject({ state: 'failed', problem: { code: 'data-folder-full' }, found: 0 })
    expect(calls).toBe(1)
  })

  it('tells of many problems without sending them all', async () => {
    const folder = tempFolder()
    for (let n = 0; n < 700; n++) symlinkSync(path.join(folder, 'nowhere'), path.join(folder, `broken-${n}`))
    const summary = await startStudio().run([folder])
    expect(summary.noteCount).toBe(700)
    expect(summary.notes).toHaveLength(200)
  })

  it('survives a folder that moves away between two imports', async () => {
    const folder = tempFolder()
    plant(folder, 'one/a.jpg')
    const studio = startStudio()
    await studio.run([folder])
    renameSync(path.join(folder, 'one'), path.join(folder, 'two'))
    rmSync(path.join(folder, 'one'), { recursive: true, force: true })
    expect(await studio.run([path.join(folder, 'one'), folder])).toMatchObject({ state: 'done', added: 1, noteCount: 1 })
  })
})
