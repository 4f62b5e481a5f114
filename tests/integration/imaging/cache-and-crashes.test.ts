import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { buildWorker, distance, FIXTURES, noise, pixelsOf, setUpImaging } from './real-imaging.ts'

beforeAll(() => buildWorker())

const fixture = (name: string) => path.join(FIXTURES, name)
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg'))

describe('the cache of pictures', () => {
  it('costs one decode for both sizes, and one for the three stages of tagging', async () => {
    const { imaging, photoOf, calls } = await setUpImaging()
    const photo = await photoOf(fixture('nuthatch.jpg'), 'jpeg')
    await Promise.all([imaging.thumbnail(photo, 320), imaging.thumbnail(photo, 320), imaging.thumbnail(photo, 1600), imaging.thumbnail(photo, 320)])
    expect(calls.filter(({ method }) => method === 'thumbs')).toHaveLength(1)
    await Promise.all([imaging.modelView(photo, 1024), imaging.modelView(photo, 1024)])
    await imaging.modelView(photo, 1024)
    expect(calls.filter(({ method }) => method === 'modelView')).toHaveLength(1)
  })

  it('lives across restarts, readable by its owner alone, and answers without the original', async () => {
    const copy = path.join(tempFolder(), 'a.jpg')
    writeFileSync(copy, readFileSync(fixture('clock.jpg')))
    const first = await setUpImaging()
    const photo = await first.photoOf(copy, 'jpeg')
    const { file } = await first.imaging.thumbnail(photo, 320)
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(path.relative(first.cacheFolder, file)).toBe(path.join('v1', photo.contentHash.slice(0, 2), `${photo.contentHash}-320.jpg`))
    await first.imaging.dispose()
    rmSync(copy)
    const second = await setUpImaging({ cacheFolder: first.cacheFolder })
    expect((await second.imaging.thumbnail(photo, 320)).file).toBe(file)
    expect(second.calls).toEqual([])
  })

  it('makes anew what was cut off, emptied or overwritten on disk', async () => {
    const { imaging, photoOf } = await setUpImaging()
    const photo = await photoOf(fixture('clock.jpg'), 'jpeg')
    const { file } = await imaging.thumbnail(photo, 320)
    const whole = readFileSync(file)
    const before = await pixelsOf(whole)
    for (const damage of [
      () => truncateSync(file, 700),
      () => writeFileSync(file, ''),
      () => writeFileSync(file, Buffer.alloc(whole.length)),
      () => rmSync(file),
    ]) {
      damage()
      await imaging.thumbnail(photo, 320)
      // Made alone it comes from a smaller decode than beside its larger sister: the same picture, not the same bytes.
      const again = await pixelsOf(file)
      expect([again.width, again.height]).toEqual([320, 240])
      expect(distance(again.centre(), before.centre())).toBeLessThan(12)
    }
    await imaging.modelView(photo, 512)
    truncateSync(file.replace('-320', '-view-512'), 100)
    expect((await imaging.modelView(photo, 512)).width).toBe(512)
  })

  it('keeps to its limit, the longest unused going first, and clears away older pipelines and half-written files', async () => {
    const cacheFolder = path.join(tempFolder(), 'thumbs')
    const first = await setUpImaging({ cacheFolder })
    const photo = await first.photoOf(fixture('clock.jpg'), 'jpeg')
    const copies = Array.from({ length: 8 }, (_, index) => ({ ...photo, contentHash: hashOf(`copy ${index}`) }))
    const made: string[] = []
    for (const copy of copies) made.push((await first.imaging.thumbnail(copy, 320)).file)
    await first.imaging.dispose()
    const hourAgo = Date.now() / 1000 - 7200
    for (const [index, file] of made.entries()) {
      for (const name of [file, file.replace('-320', '-1600')]) utimesSync(name, hourAgo + index, hourAgo + index)
    }
    const leftOver = path.join(path.dirname(made[0]!), '.1234.tmp')
    writeFileSync(leftOver, 'x')
    utimesSync(leftOver, hourAgo, hourAgo)
    const older = path.join(cacheFolder, 'v0', 'aa')
    mkdirSync(older, { recursive: true })
    const foreign = path.join(cacheFolder, 'v0.jpg')
    writeFileSync(foreign, 'not ours')
    const pairBytes = statSync(made[0]!).size + statSync(made[0]!.replace('-320', '-1600')).size

    const second = await setUpImaging({ cacheFolder, cacheLimitBytes: () => pairBytes * 6 })
    // A hit on the oldest makes it the youngest.
    await second.imaging.thumbnail(copies[0]!, 320)
    await second.imaging.thumbnail({ ...photo, contentHash: hashOf('new') }, 320)
    await second.imaging.dispose()
    const bytes = filesIn(path.join(cacheFolder, 'v1')).reduce((sum, name) => sum + statSync(path.join(cacheFolder, 'v1', name)).size, 0)
    expect(bytes).toBeLessThanOrEqual(pairBytes * 6)
    expect(existsSync(made[0]!)).toBe(true)
    expect(existsSync(made[1]!)).toBe(false)
    expect(existsSync(made[7]!)).toBe(true)
    expect(existsSync(leftOver)).toBe(false)
    expect(existsSync(older)).toBe(false)
    expect(existsSync(foreign)).toBe(true)
  })

  it('cannot be led out of its folder by something that is no hash', async () => {
    const { imaging } = await setUpImaging()
    await expect(imaging.thumbnail({ path: fixture('clock.jpg'), kind: 'jpeg', contentHash: '../../../etc/passwd' }, 320)).rejects.toThrow(
      'not a content hash',
    )
  })
})

describe('a worker that dies', () => {
  it('fails only the photo it held, twice, then leaves that one alone; all others are made', async () => {
    const bad = path.join(tempFolder(), 'bad.png')
    await noise(1500, 1500).png().toFile(bad)
    const { imaging, photoOf, pids, calls } = await setUpImaging({
      onCall: ({ method, params }, channel) => {
        if (method === 'thumbs' && params.path === bad) process.kill(channel.pid!, 'SIGKILL')
      },
    })
    const victim = await photoOf(bad, 'png')
    const good = await photoOf(fixture('clock.jpg'), 'jpeg')
    const others = Array.from({ length: 6 }, (_, index) => ({ ...good, contentHash: hashOf(`other ${index}`) }))
    const made = others.slice(0, 3).map((photo) => imaging.thumbnail(photo, 320))
    const crash = expect(imaging.thumbnail(victim, 320)).rejects.toMatchObject({ code: 'decoder-crashed' })
    made.push(...others.slice(3).map((photo) => imaging.thumbnail(photo, 320)))
    await crash
    expect(await Promise.all(made)).toHaveLength(6)
    await expect(imaging.thumbnail(victim, 320)).rejects.toMatchObject({ code: 'decoder-crashed' })
    await expect(imaging.thumbnail(victim, 320)).rejects.toMatchObject({ code: 'decoder-suspended' })
    await expect(imaging.modelView(victim, 512)).rejects.toMatchObject({ code: 'decoder-suspended' })
    expect(calls.filter(({ params }) => params.path === bad && params).length).toBe(3)
    expect(pids.size).toBeGreaterThanOrEqual(3)
    expect(await imaging.thumbnail({ ...good, contentHash: hashOf('after') }, 320)).toMatchObject({ contentType: 'image/jpeg' })
  })

  it('is ended when it overstays, and the next photo gets a new one', async () => {
    const slow = path.join(tempFolder(), 'slow.png')
    await noise(6000, 6000).png({ compressionLevel: 1 }).toFile(slow)
    const { imaging, pids } = await setUpImaging({ decodeTimeoutMs: 150, workerCount: 1 })
    const look = await imaging.look(slow, 'png')
    await expect(imaging.thumbnail({ path: slow, kind: 'png', contentHash: look.contentHash }, 320)).rejects.toMatchObject({
      code: 'decoder-timeout',
    })
    expect((await imaging.look(fixture('clock.jpg'), 'jpeg')).width).toBe(1200)
    expect(pids.size).toBe(2)
    for (const pid of [...pids].slice(0, 1)) expect(isAlive(pid)).toBe(false)
  })

  it.skipIf(process.platform === 'win32')('leaves no ExifTool behind, whether it crashes or is closed', async () => {
    let crashing = false
    const killed: number[] = []
    const { imaging, photoOf, pids } = await setUpImaging({
      workerCount: 1,
      onCall: (_, channel) => {
        if (!crashing) return
        killed.push(channel.pid!)
        process.kill(channel.pid!, 'SIGKILL')
      },
    })
    const photo = await photoOf(fixture('pair/DSC_0042.dng'), 'dng')
    const before = exifToolsOf([...pids])
    expect(before).toHaveLength(1)
    crashing = true
    await expect(imaging.thumbnail(photo, 320)).rejects.toMatchObject({ code: 'decoder-crashed' })
    crashing = false
    // The next answer comes from a new worker, after the old one's remains were cleared away.
    await imaging.thumbnail(photo, 320)
    expect(isAlive(before[0]!)).toBe(false)
    const after = exifToolsOf([...pids])
    await imaging.dispose()
    for (const pid of after) expect(isAlive(pid)).toBe(false)
  })

  it.skipIf(process.platform !== 'linux')('does not grow with the number of photos', async () => {
    const { imaging, photoOf, pids } = await setUpImaging({ workerCount: 1 })
    const photo = await photoOf(fixture('nuthatch.jpg'), 'jpeg')
    const make = async (from: number, to: number) => {
      for (let index = from; index < to; index += 1) await imaging.thumbnail({ ...photo, contentHash: hashOf(`memory ${index}`) }, 320)
      return rssMb([...pids][0]!)
    }
    const warm = await make(0, 40)
    expect((await make(40, 160)) - warm).toBeLessThan(100)
    expect(pids.size).toBe(1)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Ended but not yet collected counts as ended.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Numbers of the ExifTool processes whose parent is one of these. */
function exifToolsOf(parents: number[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
        return parents.includes(parent) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('exiftool')
      } catch {
        return false
      }
    })
}

function rssMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
