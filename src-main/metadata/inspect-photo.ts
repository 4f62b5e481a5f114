/** A photo before it is planned or written: its true file behind links, its true type, and (apart, since it reads all of it) whether it is whole. Reads only. */
import { open, readFile, realpath, stat } from 'node:fs/promises'
import type { PhotoKind } from '../contract/model.ts'
import { findErrno, StudioError } from '../lib/studio-error.ts'
import { detectSignature, fitsKind, isWhole, SIGNATURE_BYTES, type Signature } from './file-signature.ts'

const MOST_BYTES = 2 ** 30

/**
 * `truePath` is where the bytes are: a link stays, its target is written.
 * @throws StudioError file-missing, path-unreadable, not-a-photo, photo-empty, photo-wrong-type
 */
export async function inspectPhoto(photo: { path: string; kind: PhotoKind }): Promise<{ truePath: string; signature: Signature }> {
  const data = { path: photo.path }
  try {
    const truePath = await realpath(photo.path)
    const facts = await stat(truePath)
    if (!facts.isFile()) throw new StudioError('not-a-photo', `${photo.path} is not a plain file.`, { data })
    if (facts.size === 0) throw new StudioError('photo-empty', `${photo.path} holds no bytes.`, { data })
    const signature = detectSignature(await readHead(truePath))
    if (!fitsKind(photo.kind, signature)) {
      throw new StudioError('photo-wrong-type', `${photo.path} is named as ${photo.kind} but its bytes are ${signature}.`, {
        data: { ...data, expected: photo.kind, found: signature },
      })
    }
    return { truePath, signature }
  } catch (error) {
    throw toReadError(error, photo.path)
  }
}

/** RAW, DNG and TIFF are left to ExifTool, which refuses them when they are cut off. @throws StudioError photo-damaged, photo-too-large, file-missing, path-unreadable */
export async function requireWhole(photo: { path: string; kind: PhotoKind }, truePath: string, signature: Signature): Promise<void> {
  if (photo.kind === 'raw' || photo.kind === 'dng' || photo.kind === 'tiff') return
  const data = { path: photo.path }
  try {
    if ((await stat(truePath)).size > MOST_BYTES) throw new StudioError('photo-too-large', `${photo.path} is larger than 1 GiB.`, { data })
    if (!isWhole(signature, await readFile(truePath))) throw new StudioError('photo-damaged', `${photo.path} ends before its picture does.`, { data })
  } catch (error) {
    throw toReadError(error, photo.path)
  }
}

function toReadError(error: unknown, photoPath: string): StudioError {
  if (error instanceof StudioError) return error
  const errno = findErrno(error)
  const options = { data: { path: photoPath }, cause: error }
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return new StudioError('file-missing', `${photoPath} is gone.`, options)
  return new StudioError('path-unreadable', `${photoPath} cannot be read (${errno ?? 'unknown reason'}).`, options)
}

async function readHead(filePath: string): Promise<Uint8Array> {
  const handle = await open(filePath, 'r')
  try {
    const head = new Uint8Array(SIGNATURE_BYTES)
    const { bytesRead } = await handle.read(head, 0, SIGNATURE_BYTES, 0)
    return head.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
