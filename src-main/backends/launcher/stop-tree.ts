/**
 * Ends a model server with everything that it started. POSIX: our children lead their own process group, so the group is signalled.
 * Windows: `taskkill /t`. The caller has made sure that the pid is ours (see process-table.ts).
 */
import { execFile, spawnSync } from 'node:child_process'
import { findErrno } from '../../lib/studio-error.ts'
import { carriesRun, findGroupMembers, isAlive, systemTool } from './process-table.ts'

const LOOK_EVERY_MS = 50
/** After the last signal: a process that hangs in the driver may take this long, or never go. */
const KILL_WAIT_MS = 3_000

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

function taskkill(pid: number, force: boolean): Promise<void> {
  return new Promise((resolve) => {
    const args = ['/pid', String(pid), '/t', ...(force ? ['/f'] : [])]
    execFile(systemTool('taskkill.exe'), args, { timeout: 10_000, windowsHide: true, shell: false }, () => resolve())
  })
}

/** @returns False when there is nobody left to get it. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    // EPERM: somebody is there (on macOS also: only zombies are).
    return findErrno(error) === 'EPERM'
  }
}

/** Whether the leader or anything in its group still runs. */
export function treeAlive(pid: number): boolean {
  if (process.platform === 'win32') return isAlive(pid)
  if (!signalGroup(pid, 0)) return false
  // Looking through all processes is only needed once the leader has gone.
  if (process.platform === 'linux' && isAlive(pid)) return true
  const members = findGroupMembers(pid)
  return members === undefined || members.length > 0
}

async function goneWithin(pid: number, ms: number): Promise<boolean> {
  for (const until = performance.now() + ms; ; ) {
    if (!treeAlive(pid)) return true
    if (performance.now() >= until) return false
    await later(LOOK_EVERY_MS)
  }
}

/**
 * Politely, then by force after the grace period (0: by force at once). Takes at most `graceMs` + 3 s.
 * @returns Whether nothing is left.
 */
export async function stopTree(pid: number, graceMs: number): Promise<boolean> {
  if (graceMs > 0) {
    if (process.platform === 'win32') await taskkill(pid, false)
    else signalGroup(pid, 'SIGTERM')
    if (await goneWithin(pid, graceMs)) return true
  }
  if (process.platform === 'win32') await taskkill(pid, true)
  else signalGroup(pid, 'SIGKILL')
  return goneWithin(pid, KILL_WAIT_MS)
}

/** By force, without waiting for the end (Windows: at most 2 s until the order is given). */
export function killTreeNow(pid: number): void {
  if (process.platform !== 'win32') signalGroup(pid, 'SIGKILL')
  else spawnSync(systemTool('taskkill.exe'), ['/pid', String(pid), '/t', '/f'], { timeout: 2_000, windowsHide: true, shell: false })
}

/** Ends by force what outlived its leader, known by the mark of its start alone, since nobody can say whose group it is any more (Linux). */
export function endLeftovers(group: number, run: string): void {
  for (const pid of findGroupMembers(group) ?? []) {
    if (!carriesRun(pid, run)) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Ended by itself meanwhile.
    }
  }
}
