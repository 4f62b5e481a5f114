/** A proxy with a real scheduler over models that start as told, on one card of 16 GB. */
import { onTestFinished } from 'vitest'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import type { Limits } from '../../../src-main/proxy/scheduler/ports.ts'
import { createScheduler, type Scheduler } from '../../../src-main/proxy/scheduler/scheduler.ts'
import type { RegistryEntry } from '../../../src-main/registry/entry.ts'
import type { ModelRunner } from '../../../src-main/registry/serving.ts'
import { type ProxyGiven, startProxy } from './studio-proxy.ts'

const LIMITS: Limits = {
  profile: 'constrained_16gb',
  budgetMb: 14_000,
  maxModels: 2,
  reserveMb: 1024,
  gpuCount: null,
  splitAboveMb: null,
  graceMs: 60_000,
  startTimeoutMs: 10_000,
  preload: [],
  queueLimit: 2,
}

export interface Scheduled {
  /** Memory of each model in MB. */
  needMb?: number
  slots?: number
  start?: (entry: RegistryEntry) => Promise<void>
}

export async function startScheduledProxy(given: ProxyGiven, { needMb = 10_000, slots = 1, start }: Scheduled = {}) {
  const runner: ModelRunner = {
    demandOf: async () => ({ needMb, source: 'registry', slots, managed: true, loadMs: null }),
    start: async (entry) => {
      await start?.(entry)
      return { measuredMb: null, loadMs: 1 }
    },
    stop: async () => undefined,
    onGone: () => () => undefined,
    running: async () => [],
  }
  const scheduler: Scheduler = createScheduler({
    runner,
    capacity: async () => ({ cards: [{ index: 0, totalMb: 16_000, freeMb: 16_000 }] }),
    limits: { current: async () => LIMITS, onChanged: () => () => undefined },
    findEntry: async () => undefined,
    clock: systemClock,
    logger: silentLogger,
  })
  onTestFinished(() => scheduler.dispose())
  const studio = await startProxy({ ...given, options: { admission: scheduler, serving: scheduler, ...given.options } })
  return { ...studio, scheduler }
}
