/** Process that follows watched folders: a hundred thousand directories are its burden and nobody else's. */
import type { WatchRequest } from '../library/ports.ts'
import { serveCalls } from './serve-calls.ts'
import { watchFolders } from './watch-folders.ts'

serveCalls({
  /** Streams WatchedChange parts until it is cancelled; the result is empty. */
  async watch(request: WatchRequest, signal, progress) {
    await watchFolders(request, signal, progress)
    return {}
  },
})
