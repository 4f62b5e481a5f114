import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { STAGES } from '../../../src-main/contract/model.ts'
import { killNow, startChild } from '../../helpers/children/start-child.ts'
import { foundPhoto, openTestDatabase } from '../../helpers/database-samples.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const PHOTOS = 100
/** Requests that may be under way when the process dies. */
const SLOTS = 4
/** Killed after so many further requests: early, in the middle, near the end. */
const KILLS = [37, 120, 110]

/** Resolves with true when the child has made so many requests, with false when it ended its run before. */
function hasAsked(child: ChildProcess, requests: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // The first request is the message that startChild waited for.
    let asked = 1
    child.on('message', (message) => {
      if (message === 'done') resolve(false)
      else if (++asked === requests) resolve(true)
    })
    child.once('exit', (code) => reject(new Error(`the run's process ended by itself (${code})`)))
  })
}

it('a 100-photo run killed three times: every photo ends exactly once, nothing is asked twice but what was under way', async () => {
  const folder = tempFolder()
  const database = openTestDatabase(folder)
  database.photos.putFound(Array.from({ length: PHOTOS }, (_, at) => foundPhoto(`/photos/${String(at + 1).padStart(3, '0')}.jpg`)))
  expect(database.photos.ids({ recursive: true, sort: 'path' })).toEqual(Array.from({ length: PHOTOS }, (_, at) => at + 1))

  for (const [round, requests] of KILLS.entries()) {
    const child = await startChild('tagging-run-child', [folder, String(PHOTOS)])
    expect(await hasAsked(child, requests)).toBe(true)
    await killNow(child)
    const [run] = database.runs.list(10)
    expect(run).toMatchObject({ runId: 1, state: 'running' })
    const { done, failed, waiting, working } = database.runs.counts(1)
    expect([failed, done + waiting + working], `after kill ${round + 1}`).toEqual([0, PHOTOS])
  }
  const last = await startChild('tagging-run-child', [folder, String(PHOTOS)])
  expect(await hasAsked(last, Number.POSITIVE_INFINITY)).toBe(false)

  expect(database.runs.list(10)).toMatchObject([{ runId: 1, state: 'done' }])
  expect(database.runs.counts(1)).toEqual({ total: PHOTOS, done: PHOTOS, failed: 0, waiting: 0, working: 0 })
  const asked = readFileSync(path.join(folder, 'requests.log'), 'utf8').trim().split('\n')
  expect(new Set(asked).size).toBe(PHOTOS * STAGES.length)
  expect(asked.length - PHOTOS * STAGES.length).toBeLessThanOrEqual(KILLS.length * SLOTS)
  for (let photoId = 1; photoId <= PHOTOS; photoId += 1) {
    expect(Object.keys(database.proposals.latest(photoId)).sort()).toEqual([...STAGES].sort())
    expect(database.photos.find(photoId)?.state).toBe('proposed')
  }
})
