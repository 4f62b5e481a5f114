/** Cards and model servers of the machine in memory: two cards, one card shared with the processor, or none. */
import type { Handlers } from '../../../src-main/contract/routes/index.ts'

export type Machine = 'none' | 'two-cards' | 'shared'

const NONE_NOTE = 'There is no graphics card here that can serve models.'
const NEEDS_MB: Readonly<Record<string, number>> = { 'qwen3-vl-8b-instruct': 9_200, 'qwen3-vl-32b-instruct': 41_000 }
const ROOM_MB = 14_000

const twoCards = (loadedMb: number) => [
  {
    ...{ index: 0, name: 'NVIDIA GeForce RTX 4090', totalMb: 24_576, usedByUsMb: loadedMb, usedByOthersMb: 1_480, reservedMb: 620 },
    ...{ freeMb: 24_576 - loadedMb - 2_100, unified: false, source: loadedMb > 0 ? 'processes' : 'nothing-running' },
  },
  {
    ...{ index: 1, name: 'NVIDIA GeForce RTX 3060', totalMb: 12_288, usedByUsMb: null, usedByOthersMb: null, reservedMb: 300 },
    ...{ freeMb: 8_388, unified: false, source: 'unknown' },
  },
]
const SHARED = {
  ...{ index: 0, name: 'Apple M3 Pro', totalMb: 27_648, usedByUsMb: null, usedByOthersMb: null, reservedMb: 0, freeMb: null },
  ...{ unified: true, source: 'unknown' },
}

export function memoryCards(machine: Machine, nowMs: () => number): Pick<Handlers, 'vram.gauge' | 'vram.forecast'> {
  return {
    'vram.gauge': () => ({
      cards: machine === 'two-cards' ? twoCards(12_900) : machine === 'shared' ? [SHARED] : [],
      note: machine === 'none' ? NONE_NOTE : null,
      takenAtMs: nowMs(),
    }),
    'vram.forecast': ({ name }) => {
      const needMb = NEEDS_MB[name] ?? 0
      const needSource = needMb > 0 ? 'estimated' : 'none'
      if (needMb === 0) return { name, needMb, needSource, fits: true, evicts: [], reason: 'needs no graphics memory' }
      if (machine === 'none') return { name, needMb, needSource, fits: false, evicts: [], reason: `needs ${needMb} MB and there is no graphics card` }
      if (needMb > 2 * ROOM_MB) return { name, needMb, needSource, fits: false, evicts: [], reason: `needs ${needMb} MB of at most ${ROOM_MB}` }
      return { name, needMb, needSource, fits: true, evicts: ['gemma3-12b'], reason: 'takes the place of gemma3-12b' }
    },
  }
}
