import { describe, expect, it } from 'vitest'
import { createSharedWork } from '../../../src-main/imaging/shared-work.ts'

describe('shared work', () => {
  it('is begun once for all who ask meanwhile, and anew afterwards', async () => {
    const shared = createSharedWork()
    let starts = 0
    const ask = () => shared.run('k', undefined, async () => ++starts)
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1])
    expect(await ask()).toBe(2)
  })

  it('goes on while one asker is left, and is cancelled when the last leaves', async () => {
    const shared = createSharedWork()
    const never = new Promise(() => {})
    let inner: AbortSignal | undefined
    const [first, second] = [new AbortController(), new AbortController()]
    const ask = (signal: AbortSignal) =>
      shared.run('k', signal, (given) => {
        inner = given
        return never
      })
    const answers = [ask(first.signal), ask(second.signal)]
    first.abort()
    await expect(answers[0]).rejects.toMatchObject({ code: 'cancelled' })
    expect(inner?.aborted).toBe(false)
    second.abort()
    await expect(answers[1]).rejects.toMatchObject({ code: 'cancelled' })
    expect(inner?.aborted).toBe(true)
  })

  it('does not join a new asker to work that was cancelled', async () => {
    const shared = createSharedWork()
    const gone = new AbortController()
    const lost = shared.run('k', gone.signal, () => new Promise(() => {}))
    gone.abort()
    await expect(lost).rejects.toMatchObject({ code: 'cancelled' })
    expect(await shared.run('k', undefined, async () => 'fresh')).toBe('fresh')
  })
})
