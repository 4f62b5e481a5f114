/** The copy beside the photo: made whole, rewritten by ExifTool, read back and compared. The original is only read. */
import { open, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { StudioError } from '../lib/studio-error.ts'
import { findPicture, findPictureDifference } from './compare-pictures.ts'
import { isIptcNewer } from './effective-values.ts'
import type { ExifToolPool } from './exiftool-process.ts'
import { IPTC_DIGEST } from './fields.ts'
import { detectSignature, findJpegEnd, SIGNATURE_BYTES } from './file-signature.ts'
import { asText, type RawTags, readAllTags, readBeforeCopy } from './raw-tags.ts'
import { copyWhole, type FileOwner, giveOwner, hashFile, removeTemp, writeNewFile } from './safe-file.ts'
import type { TagEdits } from './tag-edits.ts'
import { findDifferences } from './verify-write.ts'

/** What is copied; `expectedHash` is null where the target does not exist yet. */
export interface CopyJob {
  targetPath: string
  expectedHash: string | null
  /** The target's bytes with that hash, where they are at hand. */
  bytes: Uint8Array | null
  /** Set when surely nothing else belongs to the target: no extended attributes, no access lists. */
  plainOwner: FileOwner | null
}

/**
 * What ExifTool may say while it writes. A stale digest is renewed by us; entries that a camera stored out of order are put in order,
 * which changes no value (the comparison of every other tag afterwards proves it).
 */
const HARMLESS = [
  // Nothing else was there to carry over into the other character set.
  /^(Warning: )?No writable tags set from /,
  /IPTCDigest is not current/,
  /^Warning: \[minor\] Entries in \w+ were out of sequence\. Fixed\./i,
  /^\[minor\] Entries in \w+ were out of sequence\. Fixed\./i,
  // Text that another program put behind a PNG's picture moves before it, where readers look.
  /^(Warning: )?\[minor\] Text\/EXIF chunk\(s\) found after PNG IDAT \(fixed\)/,
]

/** In place ExifTool writes twice, to keep what belongs to the copy; where that is no more than mode and owner, those are set again. */
async function rewrite(exiftool: ExifToolPool, { plainOwner }: CopyJob, tempPath: string, args: readonly string[]): Promise<void> {
  const reply = await exiftool.run(['-E', '-n', `-overwrite_original${plainOwner === null ? '_in_place' : ''}`, ...args, tempPath])
  const complaints = [...reply.errors, ...reply.warnings].filter((line) => !HARMLESS.some((known) => known.test(line)))
  if (complaints.length > 0 || !/^\s*1 image files (updated|created)$/m.test(reply.stdout)) {
    // ExifTool has no words of its own for a full disk.
    if (await isTooFull(tempPath)) throw new StudioError('disk-full', 'The disk is full.', { data: { path: tempPath } })
    const said = [...complaints, reply.stdout.trim()].join('; ').replaceAll(tempPath, 'the copy').slice(0, 400)
    throw new StudioError('exiftool-failed', `ExifTool did not write cleanly: ${said}.`, { data: { said } })
  }
  if (plainOwner !== null) await giveOwner(tempPath, plainOwner)
}

/** A killed ExifTool may leave a half-written copy: it goes, and a fresh one is tried once. */
export async function rewriteCopy(exiftool: ExifToolPool, job: CopyJob, tempPath: string, args: readonly string[]): Promise<void> {
  try {
    await rewrite(exiftool, job, tempPath, args)
  } catch (error) {
    if (!(error instanceof StudioError && error.data['reason'] === 'died')) throw error
    await removeTemp(tempPath)
    await makeCopy(job, tempPath)
    await rewrite(exiftool, job, tempPath, args)
  }
}

/** Nothing to copy where the target does not exist yet: ExifTool makes it. */
export async function makeCopy(job: CopyJob, tempPath: string): Promise<void> {
  if (job.expectedHash === null) return
  if (job.plainOwner !== null && job.bytes !== null) {
    await writeNewFile(tempPath, job.bytes, job.plainOwner)
    return
  }
  await copyWhole(job.targetPath, tempPath)
  if ((await hashFile(tempPath)) !== job.expectedHash) throw changed(job.targetPath)
}

/** A JPEG's picture, film clips, second pictures and unknown data behind it stay byte for byte; behind it may change what keeps offsets of its own. */
async function findPictureLoss(job: CopyJob, tempPath: string, current: RawTags | null): Promise<string[]> {
  const movesAlong = [...(current?.tags.keys() ?? [])].some((key) => /^(AFCP|FotoStation|PhotoMechanic|CanonVRD|MIE)/.test(key))
  const difference = await findPictureDifference(job.targetPath, tempPath, movesAlong ? await pictureBytes(job.targetPath) : undefined)
  return difference === null ? [] : [difference]
}

/** From the first scan to the end of the picture. */
async function pictureBytes(filePath: string): Promise<number> {
  const handle = await open(filePath, 'r')
  try {
    const start = (await findPicture(handle))?.scanAt ?? 0
    return (findJpegEnd(await handle.readFile()) ?? start) - start
  } finally {
    await handle.close()
  }
}

/** The original's tags, to compare with the copy's. Of a JPEG the picture itself is compared, elsewhere its hash by ExifTool. */
export async function readForComparison(exiftool: ExifToolPool, filePath: string): Promise<{ raw: RawTags; hasContentsAlone: boolean }> {
  return readBeforeCopy(exiftool, filePath, { imageHash: !(await isJpeg(filePath)) })
}

async function isJpeg(filePath: string): Promise<boolean> {
  const handle = await open(filePath, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(SIGNATURE_BYTES), 0, SIGNATURE_BYTES, 0)
    return detectSignature(buffer) === 'jpeg'
  } finally {
    await handle.close()
  }
}

/** Answers whether the copy was rewritten once more. @throws StudioError verify-failed with every difference */
export async function verifyCopy(
  exiftool: ExifToolPool,
  job: CopyJob,
  tempPath: string,
  current: RawTags | null,
  edits: TagEdits,
): Promise<{ isRewritten: boolean }> {
  const comparesPicture = job.expectedHash !== null && (await isJpeg(job.targetPath))
  const read = () => readAllTags(exiftool, tempPath, { imageHash: !comparesPicture })
  let result = await read()
  const currentDigest = asText(result.tags.get('File:CurrentIPTCDigest'))
  const isRewritten = edits.renewDigest && isIptcNewer(result) && currentDigest !== null
  if (isRewritten) {
    // In a TIFF the block is padded after the digest was taken.
    await rewrite(exiftool, job, tempPath, [`-${IPTC_DIGEST}=${currentDigest}`])
    result = await read()
  }
  const differences = [...findDifferences(current, result, edits), ...(comparesPicture ? await findPictureLoss(job, tempPath, current) : [])]
  if (differences.length > 0) {
    throw new StudioError('verify-failed', `The rewritten copy is not what it should be: ${differences.join('; ')}.`, { data: { differences } })
  }
  return { isRewritten }
}

/** Disks of this computer, by the number that Linux gives their kind: ext, XFS, Btrfs, memory. */
const LOCAL_DISKS: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994])

/** Of a file (0 when it is not there) and its disk. */
export async function roomFor(filePath: string): Promise<{ sizeBytes: number; freeBytes: number; isLocal: boolean }> {
  const [{ bavail, bsize, type }, sizeBytes] = await Promise.all([
    statfs(path.dirname(filePath)),
    stat(filePath).then(
      (facts) => facts.size,
      () => 0,
    ),
  ])
  return { sizeBytes, freeBytes: bavail * bsize, isLocal: LOCAL_DISKS.has(type) }
}

async function isTooFull(tempPath: string): Promise<boolean> {
  const { sizeBytes, freeBytes } = await roomFor(tempPath)
  return freeBytes < sizeBytes + 2 ** 16
}

export const changed = (targetPath: string) =>
  new StudioError('file-changed', `${targetPath} is no longer what the plan was made for.`, { data: { path: targetPath } })
