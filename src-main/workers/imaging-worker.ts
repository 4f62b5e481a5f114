/** Process that decodes photos: it may die on any of them without harm to the studio. */
import { lookPhoto } from '../imaging/decoding/look-photo.ts'
import { makeModelView, makeSmaller, makeThumbs } from '../imaging/decoding/make-views.ts'
import { checkMono } from '../imaging/decoding/check-mono.ts'
import { createRawReader } from '../imaging/decoding/raw-reader.ts'
import type { LookCall, ModelViewCall, MonoCall, SmallerCall, ThumbsCall, WorkerAnswer } from '../imaging/worker-calls.ts'
import { serveCalls } from './serve-calls.ts'

const raws = createRawReader()

async function answer<T>(work: Promise<T>): Promise<WorkerAnswer<T>> {
  const value = await work
  return { value, rssBytes: process.memoryUsage.rss(), helperPids: raws.pids() }
}

serveCalls({
  look: ({ path, kind }: LookCall) => answer(lookPhoto(path, kind, raws)),
  thumbs: (call: ThumbsCall) => answer(makeThumbs(call, raws)),
  modelView: (call: ModelViewCall) => answer(makeModelView(call, raws)),
  mono: (call: MonoCall) => answer(checkMono(call, raws)),
  smaller: (call: SmallerCall) => answer(makeSmaller(call)),
  close: () => answer(raws.end()),
})
