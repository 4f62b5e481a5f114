/** Apple's unified memory: the share of it that graphics may take. */
import { totalmem } from 'node:os'
import type { CardReadings } from './cards.ts'
import { runTool } from './run-tool.ts'

const MIB = 2 ** 20
const SYSCTL = '/usr/sbin/sysctl'
const TIMEOUT_MS = 2_000

/** The value of one kernel setting, undefined when there is none. */
export type ReadSetting = (name: string) => Promise<string | undefined>

const readSetting: ReadSetting = async (name) => {
  const answer = await runTool(SYSCTL, ['-n', name], { timeoutMs: TIMEOUT_MS })
  return 'output' in answer ? answer.output.trim() || undefined : undefined
}

/** Metal's recommended working set: two thirds up to 36 GiB, three quarters above, unless the user set `iogpu.wired_limit_mb`. */
export function appleLimitMb(totalMb: number, wiredLimitMb: number): number {
  if (wiredLimitMb > 0) return Math.min(totalMb, wiredLimitMb)
  return Math.floor(totalMb * (totalMb > 36 * 1024 ? 0.75 : 2 / 3))
}

/** Never rejects. Free is what graphics may take, and no more than the system has to spare; null when that is not told. */
export async function readApple(options: { totalBytes?: number; readSetting?: ReadSetting } = {}): Promise<CardReadings> {
  const { totalBytes = totalmem(), readSetting: read = readSetting } = options
  const [brand, wired, level] = await Promise.all([read('machdep.cpu.brand_string'), read('iogpu.wired_limit_mb'), read('kern.memorystatus_level')])
  const systemMb = Math.floor(totalBytes / MIB)
  const totalMb = appleLimitMb(systemMb, Number(wired) || 0)
  const percent = level === undefined || level === '' ? Number.NaN : Number(level)
  const freeMb = percent >= 0 && percent <= 100 ? Math.min(totalMb, Math.floor((systemMb * percent) / 100)) : null
  return {
    cards: [
      {
        ...{ index: 0, name: brand ?? 'Apple graphics', totalMb, freeMb, vendor: 'apple', uuid: null, usedMb: null, reservedMb: null },
        ...{ computeCapability: null, driver: null, mig: null, unified: true },
      },
    ],
    processes: null,
    skipped: [],
  }
}
