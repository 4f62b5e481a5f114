/**
 * A tagging run in a process of its own, to be killed: `<folder> <photos>`. Starts a run over all photos, or resumes the one it finds. Every
 * request is one line in `requests.log` and one message to the test before it is answered; `done` is the last message.
 */
import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { STAGES } from '../../../src-main/contract/model.ts'
import { openDatabase } from '../../../src-main/db/open-database.ts'
import { delay } from '../../../src-main/jobs/delay.ts'
import { createQueue } from '../../../src-main/jobs/queue.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { EventBus } from '../../../src-main/lib/event-bus.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { parsePromptProfile } from '../../../src-main/tagging/prompt-profile.ts'
import { createTaggingRuns } from '../../../src-main/tagging/tagging-runs.ts'

const [folder = '', count = ''] = process.argv.slice(2)
const { photos, proposals, runs } = openDatabase({ folder, clock: systemClock })
const stage = (user: string) => ({ system: 'You catalogue photographs.', user, max_tokens: 100, temperature: 0 })
const prompt = parsePromptProfile({
  name: 'child',
  version: 1,
  stages: { caption: stage('Caption?'), keywords: stage('Caption: {{caption}}'), description: stage('Keywords: {{keywords}}') },
})
const settings = { taggingConcurrency: 4, modelViewLongEdge: 1024, sendPhotoFacts: true }

const tagging = createTaggingRuns({
  runs,
  proposals,
  photos: {
    find: (photoId) => photos.find(photoId),
    setState: (photoIds, state) => photos.setState(photoIds, state),
    unqueue: (photoIds) => photos.setState(photoIds, 'untagged'),
    ensureLooked: async (photoId) => ({ contentHash: `hash-${photoId}`, takenAtMs: null, takenAtOffsetMinutes: null, gps: null, orientation: 1 }),
  },
  modelView: async (photoId) => ({ jpeg: Buffer.from(String(photoId)), width: 1, height: 1 }),
  async chat(body) {
    const [picture] = body.messages[1].content
    const photoId = picture?.type === 'image_url' ? Buffer.from(picture.image_url.url.split(',')[1]!, 'base64').toString() : ''
    const name = body.response_format.json_schema.name.replace('imageworks_', '')
    appendFileSync(path.join(folder, 'requests.log'), `${photoId} ${name}\n`)
    process.send?.('asked')
    await nextTurn()
    return {
      rawText: JSON.stringify(name === 'keywords' ? { keywords: ['dog', 'park'] } : { [name]: `A dog, ${name} of photo ${photoId}.` }),
      model: 'child-model',
      backend: 'ollama',
      finishReason: 'stop',
    }
  },
  resolveModel: () => ({ name: 'child-model', backend: 'ollama', remote: false }),
  prompt: () => prompt,
  settings: () => settings,
  queue: createQueue({ concurrency: () => settings.taggingConcurrency }),
  events: new EventBus(),
  delay,
  clock: systemClock,
  log: silentLogger,
})

const [interrupted] = tagging.recover()
const run = interrupted
  ? await tagging.resume(interrupted.runId)
  : await tagging.start({ photoIds: Array.from({ length: Number(count) }, (_, at) => at + 1), stages: [...STAGES] })
await tagging.settled(run.runId)
await tagging.dispose()
process.send?.('done', () => process.disconnect())
