/** Watched folders and sidecars, with the real workers, on a real disk. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { StudioEvent } from '../../../src-main/contract/events.ts'
import { delay } from '../../../src-main/jobs/delay.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { EventBus } from '../../../src-main/lib/event-bus.ts'
import { createImporter } from '../../../src-main/library/import-run.ts'
import { createWatching } from '../../../src-main/library/watching.ts'
import { forkWorkersFrom } from '../../../src-main/workers/fork-worker.ts'
import { createWorkerClient } from '../../../src-main/workers/worker-client.ts'
import { bundleTs } from '../../helpers/bundle-ts.mjs'
import { openTestDatabase } from '../../helpers/database-samples.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

let workers = ''
beforeAll(async () => {
  workers = await bundleTs(
    { 'import-worker': 'src-main/workers/import-worker.ts', 'watch-worker': 'src-main/workers/watch-worker.ts' },
    `watching-${process.pid}`,
  )
})

async function startStudio() {
  const root = path.join(tempFolder(), 'photos')
  mkdirSync(root)
  writeFileSync(path.join(root, 'first.jpg'), 'x')
  const { photos } = openTestDatabase(tempFolder())
  const fork = forkWorkersFrom(workers)
  const importWorker = createWorkerClient('import', fork)
  const watchWorker = createWorkerClient('watch', fork)
  const events = new EventBus()
  const told: StudioEvent[] = []
  events.subscribe((event) => void told.push(event))
  const importer = createImporter({ worker: importWorker, photos, events, clock: systemClock })
  let isOn = true
  const walks: { paths: readonly string[]; recursive: boolean }[] = []
  const watching = createWatching({
    worker: watchWorker,
    folders: () => photos.folders(),
    isOn: () => isOn,
    takeIn: (paths, recursive) => {
      walks.push({ paths, recursive })
      return importer.importAll(paths, { recursive, byItself: true })
    },
    delay,
    times: { quietMs: 60, longestMs: 500, retryMs: 200, restartMs: 50 },
  })
  const stop = async () => {
    await watching.stop()
    await importer.dispose()
    await Promise.all([importWorker.dispose(), watchWorker.dispose()])
  }
  onTestFinished(stop)
  await importer.importAll([root], { recursive: true })
  const names = () => photos.list({ recursive: true, sort: 'path' }, 0, 100).items.map((photo) => photo.name)
  const sees = (...expected: string[]) => vi.waitFor(() => expect(names()).toEqual(expected), { timeout: 10_000, interval: 20 })
  return {
    root,
    photos,
    watching,
    watchWorker,
    told,
    walks,
    names,
    sees,
    stop,
    mark: (watched: boolean) => {
      photos.setWatched(photos.folders()[0]!.id, watched)
      watching.refresh()
    },
    switchTo(on: boolean) {
      isOn = on
      watching.refresh()
    },
  }
}

describe('a watched folder', () => {
  it('takes in what came while nobody looked, then what comes: files, new folders, sidecars', async () => {
    const { root, photos, mark, sees, told, walks } = await startStudio()
    writeFileSync(path.join(root, 'before.jpg'), 'x')
    mark(true)
    await sees('before.jpg', 'first.jpg')
    writeFileSync(path.join(root, 'later.jpg'), 'x')
    await sees('before.jpg', 'first.jpg', 'later.jpg')
    // A file asks for its folder alone, not for the whole tree.
    expect(walks.at(-1)).toEqual({ paths: [root], recursive: false })
    mkdirSync(path.join(root, 'new'))
    writeFileSync(path.join(root, 'new', 'inside.jpg'), 'x')
    await sees('before.jpg', 'first.jpg', 'later.jpg', 'inside.jpg')
    writeFileSync(path.join(root, 'first.jpg.xmp'), '<x xmp:Rating="5"/>')
    await vi.waitFor(() => expect(photos.findByPath(path.join(root, 'first.jpg'))?.rating).toBe(5), { timeout: 10_000, interval: 20 })
    // It is nobody's import: no strip, no notice; the windows read the list again.
    expect(told.filter((event) => event.name === 'import.progress' && event.data.importId !== 'import-1')).toEqual([])
    expect(told.some((event) => event.name === 'photos.changed' && event.data.photoIds === null)).toBe(true)
  })

  it('gathers a burst into few walks, and hears nothing of temporary files', async () => {
    const { root, mark, sees, walks } = await startStudio()
    mark(true)
    await vi.waitFor(() => expect(walks).toHaveLength(1), { timeout: 10_000, interval: 20 })
    for (let at = 0; at < 40; at += 1) writeFileSync(path.join(root, `burst-${String(at).padStart(2, '0')}.jpg`), 'x')
    await sees(...Array.from({ length: 40 }, (_, at) => `burst-${String(at).padStart(2, '0')}.jpg`), 'first.jpg')
    const afterBurst = walks.length
    expect(afterBurst).toBeLessThan(8)
    writeFileSync(path.join(root, '.iws-1234.tmp'), 'x')
    writeFileSync(path.join(root, 'Thumbs.db'), 'x')
    rmSync(path.join(root, '.iws-1234.tmp'))
    writeFileSync(path.join(root, 'marker.jpg'), 'x')
    await vi.waitFor(() => expect(walks.length).toBeGreaterThan(afterBurst), { timeout: 10_000, interval: 20 })
    expect(walks.slice(afterBurst).every((walk) => !walk.recursive)).toBe(true)
  })

  it('is followed again after it was deleted and made anew', async () => {
    const { root, mark, sees, walks } = await startStudio()
    mark(true)
    await vi.waitFor(() => expect(walks).toHaveLength(1), { timeout: 10_000, interval: 20 })
    rmSync(root, { recursive: true })
    mkdirSync(root)
    writeFileSync(path.join(root, 'back.jpg'), 'x')
    await sees('back.jpg', 'first.jpg')
  })

  it('is followed again after its worker died', async () => {
    const { root, mark, sees, walks, watchWorker } = await startStudio()
    mark(true)
    await vi.waitFor(() => expect(walks).toHaveLength(1), { timeout: 10_000, interval: 20 })
    await watchWorker.unload()
    writeFileSync(path.join(root, 'while-dead.jpg'), 'x')
    await sees('first.jpg', 'while-dead.jpg')
  })

  it('is left alone once it is unmarked or the setting is off, and no process stays', async () => {
    const { root, mark, switchTo, sees, names, walks, watchWorker } = await startStudio()
    mark(true)
    await vi.waitFor(() => expect(walks).toHaveLength(1), { timeout: 10_000, interval: 20 })
    switchTo(false)
    await vi.waitFor(() => expect(watchWorker.running).toBe(false), { timeout: 10_000, interval: 20 })
    writeFileSync(path.join(root, 'unseen.jpg'), 'x')
    switchTo(true)
    await sees('first.jpg', 'unseen.jpg')
    mark(false)
    await vi.waitFor(() => expect(watchWorker.running).toBe(false), { timeout: 10_000, interval: 20 })
    expect(names()).toHaveLength(2)
  })
})
