/** All facts of one photo. Runs in the embedded worker; every part loads when it is first needed and stays until the process ends. */
import { createHash } from 'node:crypto'
import { StudioError } from '../lib/studio-error.ts'
import { type Facts, findCoordinates, type PhotoContext } from './facts.ts'
import { measureLight } from './light.ts'
import { decodePixels, shrinkPixels } from './pixels.ts'
import { findWeights } from './weights.ts'

const LIGHT_LONG_EDGE_PX = 160
const REMEMBERED = 32

export interface Analyst {
  /**
   * @param image JPEG or PNG file.
   * @throws StudioError `request-invalid`, `weights-missing`, `cancelled`.
   */
  analyse(image: Uint8Array, context: PhotoContext, signal?: AbortSignal): Promise<Facts>
}

/** @param weightsFolder Where a packaged studio keeps the model files; a clone finds them in its packages. */
export function createAnalyst(weightsFolder?: string): Analyst {
  const weights = findWeights(weightsFolder)
  const detector = once(async () => (await import('./graph-detector.ts')).loadGraphDetector(weights))
  const reader = once(async () => (await import('./text-reader.ts')).loadTextReader(weights))
  const places = once(async () => (await import('./place.ts')).loadPlaceFinder())
  // Caption, keywords and description of one photo come as three requests; they cost one look.
  const remembered = new Map<string, Facts>()

  const look = async (image: Uint8Array, context: PhotoContext, signal?: AbortSignal): Promise<Facts> => {
    const goOn = () => {
      if (signal?.aborted) throw new StudioError('cancelled', 'The analysis was cancelled.')
    }
    const picture = await decodePixels(image)
    const light = measureLight((await shrinkPixels(picture, LIGHT_LONG_EDGE_PX)).bytes)
    goOn()
    const graphs = await detector()
    const objects = await graphs.findObjects(picture)
    goOn()
    const faces = await graphs.findFaces(picture)
    goOn()
    const text = await (await reader()).read(picture, goOn)
    goOn()
    const place = findCoordinates(context)
    const finder = place ? await places() : undefined
    const where = place && finder ? finder.find(place.latitude, place.longitude) : null
    const when = context.takenAt ? (await import('./when.ts')).findWhen(context, finder?.zoneOf ?? (() => 'UTC')) : null
    return { objects, faces, text, light, when, where }
  }

  return {
    async analyse(image, context, signal) {
      const key = createHash('sha256').update(image).update('\0').update(JSON.stringify(context)).digest('hex')
      const known = remembered.get(key)
      const facts = known ?? (await look(image, context, signal))
      remembered.delete(key)
      remembered.set(key, facts)
      if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value!)
      return facts
    },
  }
}

/** Loads once; a failed load is tried again by the next caller. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}
