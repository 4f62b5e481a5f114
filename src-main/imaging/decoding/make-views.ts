/** Makes the files of the cache from a photo: thumbnails, and the picture a model sees. Runs in the imaging worker. */
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findErrno, StudioError } from '../../lib/studio-error.ts'
import type { MadeFile, ModelViewCall, SmallerCall, ThumbsCall } from '../worker-calls.ts'
import { parseOrientation } from './capture-facts.ts'
import { withPhoto } from './open-photo.ts'
import { checkPixelCount, decodePixels, encodeJpeg, isSrgbProfile, type Pixels, readSharpMetadata } from './pixels.ts'
import type { RawReader } from './raw-reader.ts'
import { findPreviewPixels, readSourcePixels } from './source-pixels.ts'

/** WebP of the same look costs 1.1 times JPEG at quality 80 and saves little on a local disk. */
const THUMB_QUALITY = 80
const MODEL_QUALITY = 85

/**
 * Makes the wanted sizes. A single small one comes from the embedded preview where there is one, else everything asked for or offered
 * (`alsoIfDecoded`) comes from one decode. A damaged photo gives what decodes of it.
 */
export function makeThumbs({ path: file, kind, wanted, alsoIfDecoded }: ThumbsCall, raws: RawReader): Promise<MadeFile[]> {
  return withPhoto(file, kind, async (photo) => {
    const largestWanted = Math.max(...wanted.map(({ longEdge }) => longEdge))
    const preview = await findPreviewPixels(photo, largestWanted)
    const targets = preview || photo.type === 'raw' ? wanted : [...wanted, ...alsoIfDecoded]
    const largest = Math.max(...targets.map(({ longEdge }) => longEdge))
    const { pixels, orientation } = preview ?? (await readSourcePixels(photo, largest, 'none', raws))
    const made: MadeFile[] = []
    // All from the same pixels, which are already shrunk to the largest size asked for.
    for (const { longEdge, target } of targets) {
      made.push(await writeJpeg(target, pixels, orientation, longEdge, THUMB_QUALITY))
    }
    return made
  })
}

/** @throws StudioError photo-damaged also for a photo of which a part would decode: a model must not be asked about half a picture. */
export function makeModelView({ path: file, kind, longEdge, target }: ModelViewCall, raws: RawReader): Promise<MadeFile> {
  return withPhoto(file, kind, async (photo) => {
    const { pixels, orientation } = await readSourcePixels(photo, longEdge, 'truncated', raws)
    return writeJpeg(target, pixels, orientation, longEdge, MODEL_QUALITY)
  })
}

/** A picture that came in a request, made smaller: upright, sRGB, flattened on mid grey, without metadata. @throws StudioError of IMAGING_ERRORS */
export async function makeSmaller({ bytes, longEdge, quality }: SmallerCall): Promise<{ jpeg: Uint8Array }> {
  const input = Buffer.from(bytes)
  const metadata = await readSharpMetadata(input)
  checkPixelCount(metadata.width, metadata.height)
  const pixels = await decodePixels(input, longEdge, 'truncated', { ignoreIcc: isSrgbProfile(metadata.icc) })
  return { jpeg: (await encodeJpeg(pixels, parseOrientation(metadata.orientation), longEdge, quality)).jpeg }
}

async function writeJpeg(target: string, pixels: Pixels, orientation: number, longEdge: number, quality: number): Promise<MadeFile> {
  const { jpeg, width, height } = await encodeJpeg(pixels, orientation, longEdge, quality)
  const folder = path.dirname(target)
  const temporary = path.join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(temporary, jpeg, { mode: 0o600, flag: 'wx' })
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    const errno = findErrno(error)
    if (errno === 'ENOSPC' || errno === 'EDQUOT') throw new StudioError('data-folder-full', 'no space left for thumbnails', { cause: error })
    if (errno === 'EACCES' || errno === 'EROFS' || errno === 'EPERM')
      throw new StudioError('data-folder-unwritable', 'the thumbnail folder cannot be written', { cause: error })
    throw error
  }
  return { file: target, sizeBytes: jpeg.length, width, height }
}
