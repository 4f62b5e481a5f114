/** The walk of an import. Runs in the import worker. What is a photo, what belongs together and what is passed over is decided in library/. */
import { type BigIntStats, type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { ErrorCode } from '../contract/errors/index.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { classifyName, isPackageName } from '../library/classify-name.ts'
import { type NamedPhoto, pairPhotos } from '../library/pair-photos.ts'
import type { VolumeFolding } from '../library/path-key.ts'
import type { FoundIn, WalkBatch, WalkRequest } from '../library/ports.ts'
import { findUnreadableNames } from './entry-names.ts'
import { sidecarsOf } from './sidecar-marks.ts'
import { createVolumeProbe } from './volume-probe.ts'

const BATCH_PHOTOS = 500
const BATCH_NOTES = 200
/** Deeper than any library kept by people; a bound for what links and mounts can build. */
const MAX_DEPTH = 100
/** Folders between two looks at whether the import was cancelled. */
const FOLDERS_PER_TURN = 64

interface Ancestor {
  /** Device and inode: the same folder by whatever path. */
  id: string
  above: Ancestor | null
}

interface PendingFolder {
  /** Canonical. */
  folder: string
  root: string
  depth: number
  above: Ancestor | null
}

/** @throws StudioError `cancelled`; everything else that goes wrong on the way is a note, and the walk goes on. */
export async function walkForPhotos(request: WalkRequest, signal: AbortSignal, send: (batch: WalkBatch) => Promise<void>): Promise<void> {
  const foldingOf = createVolumeProbe()
  const visited = new Set<string>()
  const pending: PendingFolder[] = []
  const chosenFiles = new Map<string, string[]>()
  let batch: WalkBatch = { from: { root: '', folding: { case: false, normalForm: false } }, photos: [], ignored: 0, notes: [] }

  const flush = async () => {
    if (batch.photos.length === 0 && batch.notes.length === 0 && batch.ignored === 0) return
    const full = batch
    batch = { from: full.from, photos: [], ignored: 0, notes: [] }
    await send(full)
  }
  const note = (code: ErrorCode, at: string, message: string) => void batch.notes.push({ code, path: at, message })

  /** @param names Everything in the folder, where that is known. */
  const addPhotos = async (folder: string, photos: readonly NamedPhoto[], from: FoundIn, names?: readonly string[]) => {
    if (!sameOrigin(batch.from, from)) {
      await flush()
      batch.from = from
    }
    const pairs = pairPhotos(photos)
    const paired = new Set(pairs.values())
    const sidecarOf = names && sidecarsOf(folder, names)
    // Both parts are canonical, so this is path.join without its work; it runs once a file.
    const prefix = folder.endsWith(path.sep) ? folder : folder + path.sep
    for (const { name, kind } of photos) {
      if (paired.has(name)) continue
      const file = prefix + name
      const stat = tryRead(() => statSync(file), file, note)
      if (!stat) continue
      const jpeg = pairs.get(name)
      batch.photos.push({
        path: file,
        kind,
        sizeBytes: stat.size,
        mtimeMs: stat.mtimeMs,
        pairedPath: jpeg === undefined ? null : prefix + jpeg,
        ...(sidecarOf ? { sidecar: sidecarOf(name, kind) } : {}),
      })
      if (batch.photos.length >= BATCH_PHOTOS || batch.notes.length >= BATCH_NOTES) await flush()
    }
  }

  /** A link to a folder is walked at its real place; a link to a file is the file it names. */
  const followLink = async (link: string, { root, depth, above }: PendingFolder) => {
    const target = tryRead(() => realpathSync.native(link), link, note)
    const stat = target && tryRead(() => statSync(target, { bigint: true }), link, note)
    if (!target || !stat) return
    if (stat.isDirectory()) {
      if (!request.recursive) return
      if (isAmong(above, `${stat.dev}:${stat.ino}`)) note('symlink-loop', link, 'a link leads back to a folder above it')
      else if (isInPackage(target)) note('photo-package', link, 'leads into the library of another photo program')
      else pending.push({ folder: target, root: isBelow(target, root) ? root : target, depth: depth + 1, above })
      return
    }
    const { kind } = classifyName(path.basename(target))
    if (stat.isFile() && kind) {
      const folder = path.dirname(target)
      const device = tryRead(() => statSync(folder, { bigint: true }), folder, note)?.dev
      if (device === undefined) return
      const from = { root: isBelow(target, root) ? root : folder, folding: foldingOf(device, folder, [path.basename(target)]) }
      await addPhotos(folder, [{ name: path.basename(target), kind }], from)
    } else batch.ignored++
  }

  const readFolder = async (at: PendingFolder) => {
    const { folder, root, depth, above } = at
    const stat = tryRead(() => statSync(folder, { bigint: true }), folder, note)
    if (!stat) return
    const id = `${stat.dev}:${stat.ino}`
    if (isAmong(above, id)) return note('symlink-loop', folder, 'a link leads back to a folder above it')
    if (visited.has(id)) return
    visited.add(id)
    if (depth > MAX_DEPTH) return note('too-deep', folder, `lies more than ${MAX_DEPTH} folders deep`)
    const entries = tryRead(() => readdirSync(folder, { withFileTypes: true }), folder, note)
    if (!entries) return
    const unreadable = findUnreadableNames(folder, entries)
    const photos: NamedPhoto[] = []
    const links: string[] = []
    for (const entry of entries) {
      const seen = see(entry)
      if (seen === 'ignored') batch.ignored++
      else if (unreadable?.has(entry.name)) note('path-not-utf8', path.join(folder, entry.name), 'the name is not valid text')
      else if (seen === 'package') note('photo-package', path.join(folder, entry.name), 'is the library of another photo program')
      else if (seen === 'special') note('not-a-photo', path.join(folder, entry.name), 'is a pipe, socket or device')
      else if (seen === 'folder') {
        if (request.recursive) pending.push({ folder: path.join(folder, entry.name), root, depth: depth + 1, above: { id, above } })
      } else if (seen === 'link') links.push(path.join(folder, entry.name))
      else photos.push({ name: entry.name, kind: seen.kind })
    }
    if (photos.length > 0) {
      const names = entries.map(({ name }) => name)
      await addPhotos(folder, photos, { root, folding: foldingOf(stat.dev, folder, names) }, names)
    }
    for (const link of links) await followLink(link, { folder, root, depth, above: { id, above } })
    if (batch.notes.length >= BATCH_NOTES) await flush()
  }

  for (const chosen of request.paths) {
    const real = tryRead(() => realpathSync.native(chosen), chosen, note)
    const stat = real && tryRead(() => statSync(real), chosen, note)
    if (!real || !stat) continue
    const folder = stat.isDirectory() ? real : path.dirname(real)
    if (isInPackage(folder)) note('photo-package', chosen, 'is the library of another photo program')
    else if (stat.isDirectory()) pending.push({ folder: real, root: real, depth: 0, above: null })
    else if (stat.isFile() && classifyName(path.basename(real)).kind)
      chosenFiles.set(folder, [...(chosenFiles.get(folder) ?? []), path.basename(real)])
    else note('not-a-photo', chosen, 'is not a photo')
  }
  // Taken from the end: the first chosen folder comes first.
  pending.reverse()
  for (const [folder, names] of chosenFiles) {
    const device = tryRead(() => statSync(folder, { bigint: true }), folder, note)?.dev
    if (device === undefined) continue
    const photos = names.map((name) => ({ name, kind: classifyName(name).kind! }))
    const beside = namesIn(folder)
    await addPhotos(folder, withPartners(photos, beside), { root: folder, folding: foldingOf(device, folder, names) }, beside)
  }
  for (let turn = 1, next = pending.pop(); next; turn++, next = pending.pop()) {
    await readFolder(next)
    if (turn % FOLDERS_PER_TURN === 0) await setImmediate()
    if (signal.aborted) throw new StudioError('cancelled', 'the import was cancelled')
  }
  await flush()
}

type Seen = NamedPhoto | 'folder' | 'link' | 'package' | 'special' | 'ignored'

function see(entry: Dirent): Seen {
  const { name } = entry
  if (entry.isDirectory()) return name.startsWith('.') ? 'ignored' : isPackageName(name) ? 'package' : 'folder'
  // What a link is called says nothing about what it leads to, unless it is hidden.
  if (entry.isSymbolicLink()) return name.startsWith('.') ? 'ignored' : 'link'
  const { kind } = classifyName(name)
  if (!kind) return 'ignored'
  return entry.isFile() ? { name, kind } : 'special'
}

/** A RAW or JPEG that was chosen alone still brings the one lying beside it: they are one photo. */
function withPartners(photos: readonly NamedPhoto[], names: readonly string[]): NamedPhoto[] {
  const isChosen = (name: string) => photos.some((photo) => photo.name === name)
  const beside = pairableOf(names).filter(({ name }) => !isChosen(name))
  const pairs = [...pairPhotos([...photos, ...beside])].filter(([raw, jpeg]) => isChosen(raw) || isChosen(jpeg))
  const partners = new Set(pairs.flat())
  return [...photos, ...beside.filter(({ name }) => partners.has(name))]
}

const pairableOf = (names: readonly string[]): NamedPhoto[] =>
  names.flatMap((name) => {
    const { kind } = classifyName(name)
    return kind === 'jpeg' || kind === 'raw' || kind === 'dng' ? [{ name, kind }] : []
  })

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // A folder that may be entered and not listed: the chosen files are still there.
    return []
  }
}

function tryRead<T extends string | Stats | BigIntStats | Dirent[]>(
  read: () => T,
  at: string,
  note: (code: ErrorCode, at: string, message: string) => void,
): T | undefined {
  try {
    return read()
  } catch (error) {
    const errno = findErrno(error)
    if (errno === undefined) throw error
    if (errno === 'ENOENT') note('path-missing', at, 'is not there')
    else if (errno === 'ELOOP') note('symlink-loop', at, 'is a link that leads to itself')
    else if (errno === 'ENAMETOOLONG') note('too-deep', at, 'the path is longer than the system allows')
    else note('path-unreadable', at, `cannot be read (${errno})`)
    return undefined
  }
}

const isInPackage = (folder: string): boolean => folder.split(path.sep).some(isPackageName)

function isBelow(target: string, root: string): boolean {
  const relative = path.relative(root, target)
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

function isAmong(chain: Ancestor | null, id: string): boolean {
  for (let at = chain; at; at = at.above) if (at.id === id) return true
  return false
}

const sameFolding = (a: VolumeFolding, b: VolumeFolding) => a.case === b.case && a.normalForm === b.normalForm
const sameOrigin = (a: FoundIn, b: FoundIn) => a.root === b.root && sameFolding(a.folding, b.folding)
