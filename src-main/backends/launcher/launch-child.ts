/** One start: the child with its log, and the record by which it is known later. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import type { Placement } from '../../registry/serving.ts'
import type { LaunchProfile } from './launch-profile.ts'
import type { LogFile } from './log-file.ts'
import type { PidRecord } from './pid-files.ts'
import { findStartTimeNow } from './process-table.ts'
import { type SupervisedChild, spawnChild } from './supervised-child.ts'

export interface Launch {
  profile: LaunchProfile
  executable: string
  /** The port is chosen at the last moment. */
  argsFor(port: number): string[]
  /** @param run Mark of this start, to be found in the environment of all its descendants. */
  environmentFor(run: string): Record<string, string>
  servedId: string
  placement: Placement
}

/** @param options.folder Working folder of the child; holds nothing that could be run. */
export function launchChild(options: { name: string; launch: Launch; port: number; folder: string; log: LogFile; clock: Clock }): {
  child: SupervisedChild
  recordFor(pid: number): PidRecord
} {
  const { name, launch, port, folder, log, clock } = options
  const run = randomUUID()
  const args = launch.argsFor(port)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const opened = log.openForChild()
  try {
    const environment = launch.environmentFor(run)
    const child = spawnChild({ executable: launch.executable, args, environment, folder, logDescriptor: opened.descriptor })
    return {
      child,
      recordFor: (pid) => ({
        schema_version: 1,
        name,
        pid,
        start_time: findStartTimeNow(pid) ?? null,
        run,
        command: [launch.executable, ...args],
        port,
        served_id: launch.servedId,
        launch_profile: launch.profile.name,
        placement: { gpus: [...launch.placement.gpus], claim_mb: [...launch.placement.claimMb] },
        load_ms: null,
        started_at_ms: clock.nowMs(),
        owner_pid: process.pid,
        owner_start_time: findStartTimeNow(process.pid) ?? null,
      }),
    }
  } finally {
    opened.close()
  }
}
