import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { createExifToolPool } from '../../../src-main/metadata/exiftool-process.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { noteSkip } from '../../helpers/skips.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { copyFixture, createWriterKit, foreignEdit, leftovers, readTag, sha, stampOf } from '../../helpers/writer-kit.ts'

const exiftool = createExifToolPool()
const kit = createWriterKit({ exiftool })
afterAll(() => exiftool.dispose())

const WORDS: WantedFields = { title: { text: 'Title', policy: 'replace' } }

async function expectRefused(photo: Parameters<typeof kit.save>[0], code: string, wanted = WORDS) {
  const before = { sha: sha(photo.path), stamp: stampOf(photo.path) }
  const { plan, outcome } = await kit.save(photo, wanted)
  // What waits is still shown.
  expect(plan).toMatchObject({ changes: [{ field: 'title' }], refusal: { code } })
  expect(outcome).toMatchObject({ outcome: 'refused', code, writeId: null })
  expect({ sha: sha(photo.path), stamp: stampOf(photo.path) }).toEqual(before)
  expect(leftovers(path.dirname(photo.path))).toEqual([])
}

describe('files that are not written', () => {
  it.each([
    ['broken/empty.jpg', 'photo-empty'],
    ['broken/notes.jpg', 'photo-wrong-type'],
    ['broken/truncated.jpg', 'photo-damaged'],
    ['brick-wall.png', 'photo-wrong-type'],
  ])('F71 F72 %s as a JPEG: %s', async (fixture, code) => {
    await expectRefused(copyFixture(tempFolder(), fixture, 'jpeg', 'a.jpg'), code)
  })

  it.each(['brick-wall.png', 'fig.avif', 'chelsea.webp', 'wine.heic', 'citrus.jpg'])('F69 F70 %s cut off at nine places', async (fixture) => {
    const kind = { png: 'png', avif: 'avif', webp: 'webp', heic: 'heif', jpg: 'jpeg' }[path.extname(fixture).slice(1)] as 'png'
    const folder = tempFolder()
    for (const tenths of [1, 2, 3, 4, 5, 6, 7, 8, 9.99]) {
      const photo = copyFixture(folder, fixture, kind)
      truncateSync(photo.path, Math.floor((statSync(photo.path).size * tenths) / 10))
      await expectRefused(photo, 'photo-damaged')
    }
  })

  it('F70 a cut TIFF keeps its bytes', async () => {
    const photo = copyFixture(tempFolder(), 'brushes.tif', 'tiff')
    truncateSync(photo.path, Math.floor(statSync(photo.path).size / 2))
    const before = sha(photo.path)
    expect(['refused', 'failed']).toContain((await kit.save(photo, WORDS)).outcome.outcome)
    expect(sha(photo.path)).toBe(before)
  })

  it('F53 one of two hard links', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    linkSync(photo.path, `${photo.path}.twin`)
    await expectRefused(photo, 'file-hard-linked')
  })

  it('F49 a file marked read-only', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    chmodSync(photo.path, 0o444)
    await expectRefused(photo, 'file-read-only')
  })

  it('F50 F51 an immutable file and an immutable folder', async () => {
    const folder = path.join(tempFolder(), 'inner')
    mkdirSync(folder)
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    onTestFinished(() => void spawnSync('chattr', ['-i', photo.path, folder]))
    if (spawnSync('chattr', ['+i', photo.path]).status !== 0) {
      noteSkip('immutable files', 'chattr is missing or this file system has no such flag')
      return
    }
    await expectRefused(photo, 'file-read-only')
    execFileSync('chattr', ['-i', photo.path])
    execFileSync('chattr', ['+i', folder])
    await expectRefused(photo, 'folder-read-only')
  })

  it('F78 a sidecar that is not XMP: neither it nor a second one is written', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    const sidecar = path.join(folder, 'DSC_0042.xmp')
    writeFileSync(sidecar, '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><broken')
    const before = sha(sidecar)
    await expectRefused(photo, 'sidecar-damaged')
    expect(sha(sidecar)).toBe(before)
  })

  it('a missing photo, and a plan or write that nobody made', async () => {
    const photo = { id: 900, path: path.join(tempFolder(), 'gone.jpg'), kind: 'jpeg' as const }
    expect((await kit.save(photo, WORDS)).outcome).toMatchObject({ outcome: 'refused', code: 'file-missing' })
    await expect(kit.writer.write([9999])).rejects.toThrow(StudioError)
    await expect(kit.writer.revert([9999])).rejects.toThrow(StudioError)
  })

  it('one bad photo does not stop the others', async () => {
    const folder = tempFolder()
    const photos = [copyFixture(folder, 'broken/empty.jpg', 'jpeg'), copyFixture(folder, 'wave.jpg', 'jpeg')]
    const plans = await Promise.all(photos.map((photo) => kit.writer.plan(photo, WORDS, [])))
    expect((await kit.writer.write(plans.map((plan) => plan.id))).map((outcome) => outcome.outcome)).toEqual(['refused', 'written'])
  })
})

describe('what the new file keeps', () => {
  it('F52 through a symbolic link the target is written and the link stays', async () => {
    const folder = tempFolder()
    mkdirSync(path.join(folder, 'real'))
    const real = copyFixture(path.join(folder, 'real'), 'wave.jpg', 'jpeg')
    const link = { ...real, path: path.join(folder, 'link.jpg') }
    symlinkSync(real.path, link.path)
    const { plan, outcome } = await kit.save(link, WORDS)
    expect(outcome).toMatchObject({ outcome: 'written', path: link.path })
    expect(plan.targetPath).toBe(real.path)
    expect(lstatSync(link.path).isSymbolicLink()).toBe(true)
    expect(readTag(real.path, 'XMP-dc:Title')).toBe('Title')
    expect(await kit.revert(outcome.writeId)).toMatchObject({ outcome: 'reverted' })
  })

  /** User 1 may read: version 2, then tag, rights and id of each entry. */
  const ACL = '0200000001000600ffffffff020004000100000004000400ffffffff10000400ffffffff20000000ffffffff'
  it.each([
    ['nothing else', '', ''],
    ['a note of another program', 'user.note', '6b657074'],
    ['an access list', 'system.posix_acl_access', ACL],
  ])('F54 F55 mode, owner and %s stay; the time is new', async (what, attribute, hex) => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    chmodSync(photo.path, 0o640)
    if (process.getuid?.() === 0) chownSync(photo.path, 1234, 4321)
    if (attribute !== '' && !setAttribute(photo.path, attribute, hex)) return noteSkip(`F54 ${what}`, 'python3 cannot set it here')
    const before = statSync(photo.path)
    expect((await kit.save(photo, WORDS)).outcome.outcome).toBe('written')
    const after = statSync(photo.path)
    expect({ mode: after.mode, uid: after.uid, gid: after.gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid })
    expect(after.mtimeMs).toBeGreaterThan(before.mtimeMs)
    if (attribute !== '') expect(attributesOf(photo.path)).toEqual({ [attribute]: hex })
  })

  it('F54 a photo without an access list gets none from its folder', async () => {
    const folder = tempFolder()
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg')
    if (!setAttribute(folder, 'system.posix_acl_default', ACL)) return noteSkip('F54 access lists of folders', 'python3 cannot set one here')
    expect((await kit.save(photo, WORDS)).outcome.outcome).toBe('written')
    expect(attributesOf(photo.path)).toEqual({})
  })

  it('F57 F59 a name of 255 bytes, a name with a dash, percent and quotes', async () => {
    const folder = tempFolder()
    for (const name of [`${'ü'.repeat(125)}x.jpg`, `-100% "it's" @home #1 $HOME.jpg`, 'trailing space .jpg']) {
      const photo = copyFixture(folder, 'wave.jpg', 'jpeg', name)
      expect((await kit.save(photo, WORDS)).outcome, name).toMatchObject({ outcome: 'written', message: null })
    }
    const photo = copyFixture(folder, 'wave.jpg', 'jpeg', 'line\nbreak.jpg')
    expect((await kit.save(photo, WORDS)).outcome).toMatchObject({ outcome: 'refused', code: 'exiftool-failed' })
  })

  it('F09 data behind the picture stays byte for byte', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const trailer = Buffer.from('....ftypmp42 not really a film \xff\xd9 but kept', 'latin1')
    writeFileSync(photo.path, Buffer.concat([readFileSync(photo.path), trailer]))
    expect((await kit.save(photo, WORDS)).outcome).toMatchObject({ outcome: 'written', message: null })
    expect(readFileSync(photo.path).subarray(-trailer.length).equals(trailer)).toBe(true)
  })

  it('F56 another program’s leftover of ExifTool is not touched', async () => {
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    writeFileSync(`${photo.path}_exiftool_tmp`, 'theirs')
    expect((await kit.save(photo, WORDS)).outcome.outcome).toBe('written')
    expect(readFileSync(`${photo.path}_exiftool_tmp`, 'utf8')).toBe('theirs')
  })

  it('F77 warns once that content credentials, two sidecars or a JPEG’s own sidecar are not looked after', async () => {
    const folder = tempFolder()
    const raw = copyFixture(folder, 'pair/DSC_0042.dng', 'dng')
    foreignEdit(path.join(folder, 'DSC_0042.xmp'), '-XMP-dc:Title=stem')
    foreignEdit(`${raw.path}.xmp`, '-XMP-dc:Title=full')
    const { plan } = await kit.save(raw, WORDS)
    expect(plan.warnings).toMatchObject([{ code: 'sidecar-conflict' }])
    expect(readTag(`${raw.path}.xmp`, 'XMP-dc:Title')).toBe('full')
    const jpeg = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    foreignEdit(`${jpeg.path}.xmp`, '-XMP-dc:Description=beside')
    expect(await kit.reader.read(jpeg)).toMatchObject({ description: 'beside', sources: { description: ['sidecar XMP-dc:Description'] } })
    expect((await kit.save(jpeg, WORDS)).plan.warnings).toMatchObject([{ code: 'sidecar-conflict' }])
  })
})

describe('the processes', () => {
  it('a configuration file in the home folder is not run, and disposing leaves no process', async () => {
    const folder = tempFolder()
    writeFileSync(path.join(folder, '.ExifTool_config'), `open(F, '>', '${folder}/ran'); close(F); 1;`)
    const home = process.env['HOME']
    process.env['HOME'] = folder
    onTestFinished(() => void (process.env['HOME'] = home))
    const pool = createExifToolPool()
    await pool.run(['-ver'])
    const { pids } = pool
    expect(pids.length).toBeGreaterThan(0)
    await pool.dispose()
    await pool.dispose()
    expect(spawnSync('ls', [path.join(folder, 'ran')]).status).not.toBe(0)
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow()
    await expect(pool.version()).rejects.toMatchObject({ code: 'exiftool-failed', data: { reason: 'stopped' } })
  })

  it('an ExifTool that cannot be started gives its reason, and the photo stays', async () => {
    const pool = createExifToolPool({ exiftoolPath: path.join(tempFolder(), 'nothing', 'exiftool') })
    onTestFinished(() => pool.dispose())
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const { outcome } = await createWriterKit({ exiftool: pool }).save(photo, WORDS)
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'exiftool-failed' })
    await expect(pool.version()).rejects.toMatchObject({ data: { reason: 'program-missing' } })
  })

  it('F34 a killed child fails at most its own photo, and the next one works', async () => {
    const pool = createExifToolPool({ maxProcesses: 1 })
    onTestFinished(() => pool.dispose())
    const photo = copyFixture(tempFolder(), 'wave.jpg', 'jpeg')
    const before = sha(photo.path)
    let killed = false
    const killing = createWriterKit({ exiftool: pool }, (step) => {
      if (step !== 'rewrite' || killed) return
      killed = true
      for (const pid of pool.pids) process.kill(pid, 'SIGKILL')
    })
    const { outcome } = await killing.save(photo, WORDS)
    if (outcome.outcome !== 'written') expect(sha(photo.path)).toBe(before)
    expect(leftovers(path.dirname(photo.path))).toEqual([])
    expect(['written', 'unchanged']).toContain((await killing.save(photo, WORDS)).outcome.outcome)
  })
})

function setAttribute(file: string, name: string, hex: string): boolean {
  return (
    spawnSync('python3', ['-c', 'import os,sys; os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))', file, name, hex]).status === 0
  )
}

function attributesOf(file: string): Record<string, string> {
  const list = 'import os,sys,json; f=sys.argv[1]; print(json.dumps({n: os.getxattr(f, n).hex() for n in os.listxattr(f)}))'
  return JSON.parse(execFileSync('python3', ['-c', list, file], { encoding: 'utf8' })) as Record<string, string>
}
