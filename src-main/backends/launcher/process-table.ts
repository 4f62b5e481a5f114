/**
 * Which process a pid is. A pid alone says nothing: the system gives it out again. Pid and start time together are one process, and
 * only what was recognised so is ever signalled. Tools are called by their absolute paths.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { RUN_VARIABLE } from './launch-environment.ts'

const TOOL_TIMEOUT_MS = 5_000

const isPid = (pid: number) => Number.isSafeInteger(pid) && pid > 1

export interface LinuxStat {
  state: string
  group: number
  /** Clock ticks since boot. */
  startTicks: string
}

/** The command's name may hold spaces and brackets, so fields are counted from its last bracket (proc(5)). */
export function parseLinuxStat(text: string): LinuxStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, , group] = fields
  const startTicks = fields[19]
  return state && group && startTicks ? { state, group: Number(group), startTicks } : undefined
}

function linuxStat(pid: number): LinuxStat | undefined {
  try {
    return parseLinuxStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

let bootId: string | undefined
function linuxStartTime(pid: number): string | undefined {
  const stat = linuxStat(pid)
  // A zombie has ended; it only waits to be counted.
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return `${bootId}:${stat.startTicks}`
}

function ask(tool: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      timeout: TOOL_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      windowsHide: true,
      shell: false,
      env: { ...windowsEnvironment(), LC_ALL: 'C' },
    } as const
    execFile(tool, args, options, (error, stdout) => resolve(error ? undefined : stdout.trim() || undefined))
  })
}

function windowsEnvironment(): Record<string, string> {
  const root = process.env['SystemRoot']
  return root === undefined ? {} : { SystemRoot: root }
}

/** A program of Windows itself. */
export function systemTool(...parts: string[]): string {
  const root = process.env['SystemRoot']
  return path.win32.join(root && path.win32.isAbsolute(root) ? root : 'C:\\Windows', 'System32', ...parts)
}

/** What tells the process from every other that ever had its pid; undefined when there is none (or it has ended). */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (!isPid(pid)) return undefined
  if (process.platform === 'linux') return linuxStartTime(pid)
  if (process.platform === 'win32') {
    const command = `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`
    return ask(systemTool('WindowsPowerShell', 'v1.0', 'powershell.exe'), ['-NoProfile', '-NonInteractive', '-Command', command])
  }
  return ask('/bin/ps', ['-o', 'lstart=', '-p', String(pid)])
}

/** The same without waiting, where the system tells it at once (Linux), so that no moment is left in which nobody knows the child. */
export function findStartTimeNow(pid: number): string | undefined {
  return process.platform === 'linux' && isPid(pid) ? linuxStartTime(pid) : undefined
}

/** Cheap: whether some process has this pid. */
export function isAlive(pid: number): boolean {
  if (!isPid(pid)) return false
  if (process.platform === 'linux') return linuxStartTime(pid) !== undefined
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Living members of a process group, by /proc; undefined where the system does not tell. */
export function findGroupMembers(group: number): number[] | undefined {
  if (process.platform !== 'linux') return undefined
  const members: number[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = linuxStat(Number(name))
    if (stat?.group === group && stat.state !== 'Z' && stat.state !== 'X') members.push(Number(name))
  }
  return members
}

/** Whether the process descends from that start of ours: its environment carries the mark. False where it cannot be read. */
export function carriesRun(pid: number, run: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${RUN_VARIABLE}=${run}`)
  } catch {
    return false
  }
}
