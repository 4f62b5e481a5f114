import { describe, expect, it } from 'vitest'
import { createWorkerClient } from '../../../src-main/workers/worker-client.ts'
import type { FromWorker, ToWorker } from '../../../src-main/workers/protocol.ts'

/** The far end of a worker's channel, in the hands of the test. */
function openChannel() {
  const sent: ToWorker[] = []
  let receive: (frame: unknown) => void = () => undefined
  const client = createWorkerClient('import', () => ({
    pid: 1,
    post: (frame) => void sent.push(frame as ToWorker),
    onMessage: (listener) => {
      receive = listener
    },
    onExit: () => undefined,
    kill: () => undefined,
  }))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { client, sent, say: (frame: FromWorker) => receive(frame), turn, kinds: () => sent.map(({ kind }) => kind) }
}

describe('an answer in parts', () => {
  it('is taken in order, one part at a time, each acknowledged when done, and ends after the last part', async () => {
    const { client, say, turn, kinds } = openChannel()
    const taken: unknown[] = []
    const releases: (() => void)[] = []
    let ended = false
    const call = client
      .call(
        'walk',
        {},
        {
          onProgress: async (part: number) => {
            taken.push(part)
            await new Promise<void>((resolve) => releases.push(resolve))
          },
        },
      )
      .then((value) => {
        ended = true
        return value
      })
    for (const value of [1, 2]) say({ kind: 'progress', seq: 1, value })
    say({ kind: 'result', seq: 1, value: 'done' })
    await turn()
    expect([taken, kinds(), ended]).toEqual([[1], ['call'], false])
    releases[0]!()
    await turn()
    expect([taken, kinds(), ended]).toEqual([[1, 2], ['call', 'ack'], false])
    releases[1]!()
    expect(await call).toBe('done')
  })

  it('that cannot be taken cancels the call, rejects with that error and takes no further part', async () => {
    const { client, say, turn, kinds } = openChannel()
    let calls = 0
    const call = client.call(
      'walk',
      {},
      {
        onProgress: () => {
          calls++
          throw new Error('disk full')
        },
      },
    )
    say({ kind: 'progress', seq: 1, value: 1 })
    say({ kind: 'progress', seq: 1, value: 2 })
    await expect(call).rejects.toThrow('disk full')
    // The worker's own answer to the cancelled call comes later and harms nobody.
    say({ kind: 'failure', seq: 1, code: 'cancelled', message: 'cancelled', data: {} })
    await turn()
    expect([calls, kinds()]).toEqual([1, ['call', 'cancel']])
  })
})
