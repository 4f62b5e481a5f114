/** Process that walks folders for an import: synchronous reading is several times quicker, and blocks nobody here. */
import type { WalkRequest } from '../library/ports.ts'
import { walkForPhotos } from './import-walk.ts'
import { serveCalls } from './serve-calls.ts'

serveCalls({
  /** Streams WalkBatch parts; the result is empty. */
  async walk(request: WalkRequest, signal, progress) {
    await walkForPhotos(request, signal, progress)
    return {}
  },
})
