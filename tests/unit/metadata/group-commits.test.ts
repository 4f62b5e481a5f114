import { expect, it } from 'vitest'
import { createGroupCommits } from '../../../src-main/metadata/group-commits.ts'

const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

it('what several photos record in one turn is one transaction, and each gets its own answer', async () => {
  let flushes = 0
  const done: string[] = []
  const { record } = createGroupCommits({
    together(work) {
      work()
      expect(done).toEqual([])
      flushes += 1
    },
  })
  const answers = ['a', 'b', 'c'].map((name) => record(() => name).then((answer) => done.push(answer)))
  await Promise.all(answers)
  expect(done).toEqual(['a', 'b', 'c'])
  expect(flushes).toBe(1)
})

it('one that cannot be recorded fails only its own photo', async () => {
  const kept: number[] = []
  const { record } = createGroupCommits({
    together(work) {
      const before = [...kept]
      try {
        work()
      } catch (error) {
        kept.splice(0, kept.length, ...before)
        throw error
      }
    },
  })
  const [a, b, c] = await Promise.allSettled([
    record(() => kept.push(1)),
    record(() => {
      throw new Error('full')
    }),
    record(() => kept.push(3)),
  ])
  expect([a.status, b.status, c.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(kept).toEqual([1, 3])
})

it('a folder is flushed after the rename of everybody who waits, and once for all that came while another flush ran', async () => {
  const log: string[] = []
  const ends: (() => void)[] = []
  const { flushNames } = createGroupCommits({ together: (work) => work() }, (folder) => {
    log.push(`flush ${folder}`)
    return new Promise((resolve) => ends.push(resolve))
  })
  const rename = (name: string) => {
    log.push(`rename ${name}`)
    return flushNames('f').then(() => log.push(`safe ${name}`))
  }
  const first = rename('a')
  await tick()
  const [second, third] = [rename('b'), rename('c')]
  await tick()
  expect(log).toEqual(['rename a', 'flush f', 'rename b', 'rename c'])
  ends[0]!()
  await first
  await tick()
  expect(log.slice(4)).toEqual(['safe a', 'flush f'])
  ends[1]!()
  await Promise.all([second, third])
  expect(log.slice(6)).toEqual(['safe b', 'safe c'])
})
