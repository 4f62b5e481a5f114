/**
 * Files that other projects keep because they are odd: each is written, read by a second reader and taken back, or refused and left alone.
 * A few of each kind and source by default; all with IMAGEWORKS_OUTSIDE=all.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, expect, it } from 'vitest'
import type { PhotoKind, WriteOutcome } from '../../../src-main/contract/model.ts'
import { classifyName } from '../../../src-main/library/classify-name.ts'
import type { PhotoToWrite } from '../../../src-main/metadata/metadata-writer.ts'
import type { WantedFields } from '../../../src-main/metadata/ports.ts'
import { fetchOutside } from '../../fixtures/fetch-outside.mjs'
import { noteSkip } from '../../helpers/skips.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { createWriterKit, dumpTags, findTool, imageDataHash, leftovers, sha } from '../../helpers/writer-kit.ts'

const EACH = process.env['IMAGEWORKS_OUTSIDE'] === 'all' ? Number.POSITIVE_INFINITY : 4
const WORDS = {
  title: { text: 'Möwe über dem Hafen', policy: 'replace' },
  description: { text: 'A gull above the harbour — 港の上のカモメ 🐦.', policy: 'replace' },
  keywords: { list: null, add: ['gull', '007', '港'], remove: [] },
} satisfies WantedFields

const kit = createWriterKit()
afterAll(() => kit.exiftool.dispose())

interface Outside extends PhotoToWrite {
  /** Where it came from, for messages. */
  name: string
}

/** Each in a folder of its own, so that no two share a sidecar. */
function copyAll(folder: string, found: { name: string; kind: PhotoKind; from: string }[]): Outside[] {
  return found.map(({ name, kind, from }, index) => {
    const target = path.join(folder, String(index), path.basename(from))
    mkdirSync(path.dirname(target))
    copyFileSync(from, target)
    return { id: index + 1, path: target, kind, name }
  })
}

/** At most `EACH` of every kind in a package, spread evenly over their names. */
function findPictures(name: string, folder: string): { name: string; kind: PhotoKind; from: string }[] {
  const byKind = new Map<PhotoKind, string[]>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const { kind } = classifyName(path.basename(file))
    if (kind !== null) byKind.set(kind, [...(byKind.get(kind) ?? []), file])
  }
  return [...byKind].flatMap(([kind, files]) => {
    const step = Math.max(1, files.length / EACH)
    const chosen = Array.from({ length: Math.min(files.length, EACH) }, (_, index) => files[Math.floor(index * step)]!)
    return chosen.map((file) => ({ name: `${name}/${file}`, kind, from: path.join(folder, file) }))
  })
}

/** The decoded picture, or null where sharp has no decoder for it. */
const pixels = (file: string) =>
  sharp(file, { failOn: 'none' })
    .raw()
    .toBuffer()
    .catch(() => null)

it('pictures of other test suites are written, agreed on and given back, or refused with a reason and left alone', async () => {
  const folder = tempFolder()
  const packages = await fetchOutside()
  for (const { name, why } of packages) if (why !== null) noteSkip(`outside pictures of ${name}`, why)
  const photos = copyAll(
    folder,
    packages.flatMap(({ name, folder }) => (folder === null ? [] : findPictures(name, folder))),
  )
  if (photos.length === 0) return
  const wrong: string[] = []
  const check = (photo: Outside, isFine: boolean, what: string) => {
    if (!isFine) wrong.push(`${photo.name}: ${what}`)
  }
  const targets: string[] = photos.map((photo) => photo.path)
  const hashes = targets.map(sha)
  const before = targets.map(look)

  const plans = await Promise.all(photos.map((photo) => kit.writer.plan(photo, WORDS, ['test model'])))
  const outcomes = await kit.writer.write(plans.map(({ id }) => id))
  const isWritten = (outcome: WriteOutcome) => outcome.outcome === 'written'
  const written = photos.flatMap((photo, index) => (isWritten(outcomes[index]!) ? [{ photo, index, target: plans[index]!.targetPath }] : []))
  for (const [index, photo] of photos.entries()) {
    const { outcome, code } = outcomes[index]!
    if (outcome === 'written') continue
    check(photo, outcome === 'refused' || outcome === 'failed', `neither written nor refused but ${outcome}`)
    check(photo, code !== null && code !== '', 'refused without a reason')
    check(photo, sha(photo.path) === hashes[index], `refused with ${code} and yet changed`)
  }

  const second = secondReader(written.map(({ target }) => target))
  for (const { photo, index, target } of written) {
    check(photo, before[index]!.tags.length > 0, `written, though ExifTool says ${before[index]!.image}`)
    const ours = await kit.reader.read(photo)
    check(photo, ours.title === WORDS.title.text && ours.description === WORDS.description.text, 'we read other words')
    check(
      photo,
      WORDS.keywords.add.every((word) => ours.keywords.includes(word)),
      'we read other keywords',
    )
    if (second) check(photo, second.get(target) === 'same', `a second reader says ${second.get(target)}`)
    if (target !== photo.path) check(photo, sha(photo.path) === hashes[index], 'has a sidecar and yet changed')
    else check(photo, before[index]!.image === look(photo.path).image, 'other image data')
  }
  for (const { photo, target } of written) {
    if (target !== photo.path) continue
    const original = packages.find(({ name }) => photo.name.startsWith(`${name}/`))!
    const [old, now] = await Promise.all([pixels(path.join(original.folder!, photo.name.slice(original.name.length + 1))), pixels(photo.path)])
    check(photo, old === null ? now === null : now !== null && old.equals(now), 'other pixels')
  }

  const back = await kit.writer.revert(written.map(({ index }) => outcomes[index]!.writeId!))
  for (const [at, { photo, index, target }] of written.entries()) {
    check(photo, back[at]!.outcome === 'reverted', `not given back: ${back[at]!.code} ${back[at]!.message}`)
    if (target !== photo.path) check(photo, !existsSync(target) && sha(photo.path) === hashes[index], 'the sidecar stays or the photo changed')
    const now = look(photo.path)
    check(photo, now.image === before[index]!.image, 'other image data after taking back')
    const changed = differences(before[index]!.tags, now.tags)
    check(photo, changed === '', `other tags after taking back:\n${changed}`)
  }
  const counts = new Map<string, number>()
  for (const { outcome, code } of outcomes) counts.set(code ?? outcome, (counts.get(code ?? outcome) ?? 0) + 1)
  console.info(`outside pictures: ${[...counts].map(([what, count]) => `${count} ${what}`).join(', ')}`)
  expect(wrong).toEqual([])
  expect(photos.flatMap((photo) => leftovers(path.dirname(photo.path)))).toEqual([])
  expect(written.length, JSON.stringify([...counts])).toBeGreaterThan(photos.length / 2)
})

/** Every tag, and the hash of the encoded picture; a reason instead where ExifTool finds a file unreadable. */
function look(file: string): { tags: string[]; image: string } {
  try {
    return { tags: dumpTags(file), image: imageDataHash(file) }
  } catch (error) {
    return { tags: [], image: String(error).slice(0, 30) }
  }
}

/** Lines that only one has. Their order is left out: ExifTool puts what it rewrites in an order of its own, which says nothing. */
function differences(was: readonly string[] = [], is: readonly string[] = []): string {
  const onlyIn = (some: readonly string[], others: readonly string[]) => {
    const rest = new Map<string, number>()
    for (const line of others) rest.set(line, (rest.get(line) ?? 0) + 1)
    return some.filter((line) => {
      const left = rest.get(line) ?? 0
      rest.set(line, left - 1)
      return left <= 0
    })
  }
  const [old, now] = [was, is].map((lines) => lines.map((line) => line.replace(/,$/, '')))
  return [...onlyIn(old!, now!).map((line) => `- ${line}`), ...onlyIn(now!, old!).map((line) => `+ ${line}`)]
    .map((line) => line.slice(0, 200))
    .join('\n')
}

/** By target: `same`, or what it reads instead. */
function secondReader(targets: string[]): Map<string, string> | undefined {
  const exiftool = findTool('exiftool')
  if (!exiftool) {
    noteSkip('second reader /usr/bin/exiftool on outside pictures', 'not installed')
    return undefined
  }
  const answer = exiftool(
    '-config',
    '',
    '-j',
    '-struct',
    '-api',
    'StructFormat=JSONQ',
    '-XMP-dc:Title',
    '-XMP-dc:Description',
    '-XMP-dc:Subject',
    ...targets,
  )
  const rows = JSON.parse(answer) as { SourceFile: string; Title?: string; Description?: string; Subject?: unknown }[]
  return new Map(
    rows.map(({ SourceFile, Title, Description, Subject }) => {
      const words = new Set(typeof Subject === 'string' ? [Subject] : (Subject as string[] | undefined))
      const isSame = Title === WORDS.title.text && Description === WORDS.description.text && WORDS.keywords.add.every((word) => words.has(word))
      return [SourceFile, isSame ? 'same' : JSON.stringify({ Title, Description, Subject })]
    }),
  )
}
