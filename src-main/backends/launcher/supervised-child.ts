/** A process that we answer for: started by us, or taken over from a studio that is no more. */
import { spawn } from 'node:child_process'
import { isAlive, startTimeOf } from './process-table.ts'
import type { ExitReport } from './start-failure.ts'

const ADOPTED_LOOK_MS = 400
/** Every so many looks the start time is compared too, where a look shows only that some process has the pid. */
const IDENTITY_EVERY = 25

export interface SupervisedChild {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined
  readonly exited: Promise<ExitReport>
  /** Undefined while it runs. */
  readonly exit: ExitReport | undefined
  /** Ends the looking, not the process. */
  forget(): void
}

/** Leads its own group (POSIX), so that it and all it starts can be ended together. */
export function spawnChild(options: {
  executable: string
  args: readonly string[]
  environment: Record<string, string>
  folder: string
  logDescriptor: number
}): SupervisedChild {
  const child = spawn(options.executable, options.args, {
    cwd: options.folder,
    env: options.environment,
    stdio: ['ignore', options.logDescriptor, options.logDescriptor],
    detached: process.platform !== 'win32',
    shell: false,
    windowsHide: true,
  })
  let exit: ExitReport | undefined
  const exited = new Promise<ExitReport>((resolve) => {
    const end = (report: ExitReport) => {
      exit ??= report
      resolve(exit)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) end({ code: null, signal: null, errno: error.code ?? 'unknown' })
    })
    child.once('exit', (code, signal) => end({ code, signal }))
  })
  return {
    pid: child.pid,
    exited,
    get exit() {
      return exit
    },
    forget() {},
  }
}

/** Watches a process that is not our child: its end is seen within half a second, its exit code is not. */
export function adoptChild(pid: number, startTime: string): SupervisedChild {
  let exit: ExitReport | undefined
  let timer: NodeJS.Timeout | undefined
  const exited = new Promise<ExitReport>((resolve) => {
    const end = () => {
      clearInterval(timer)
      exit ??= { code: null, signal: null }
      resolve(exit)
    }
    let looks = 0
    timer = setInterval(() => {
      looks += 1
      if (!isAlive(pid)) return end()
      if (process.platform === 'linux' || looks % IDENTITY_EVERY === 0) {
        void startTimeOf(pid).then((found) => {
          if (found !== startTime) end()
        })
      }
    }, ADOPTED_LOOK_MS)
    timer.unref()
  })
  return {
    pid,
    exited,
    get exit() {
      return exit
    },
    forget: () => clearInterval(timer),
  }
}
