import { describe, expect, it } from 'vitest'
import { chooseEvictions } from '../../../src-main/imaging/eviction.ts'

const MINUTE = 60_000
const file = (name: string, usedAtMs: number, sizeBytes = 100) => ({ file: name, sizeBytes, usedAtMs })

describe('what leaves a full cache', () => {
  it('is nothing while the limit holds', () => {
    expect(chooseEvictions([file('a', 0), file('b', 1)], 200, 9e9)).toEqual({ evict: [], keptBytes: 200 })
  })

  it('is the least recently used first, also within one minute, until a tenth is free', () => {
    const files = [file('new', 50 * MINUTE), file('b', MINUTE + 5), file('old', 3), file('a', MINUTE + 1)]
    expect(chooseEvictions(files, 300, 9e9)).toEqual({ evict: ['old', 'a'], keptBytes: 200 })
  })

  it('is never a file that somebody was just given', () => {
    expect(chooseEvictions([file('a', 10), file('b', 20)], 50, 15)).toEqual({ evict: ['a'], keptBytes: 100 })
  })
})
