/** Ends the ExifTool of a worker that died: ExifTool waits for ever on a closed input. See [Note: orphaned ExifTool] in README.md. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Ends only what still is an ExifTool waiting for commands: a process number may belong to somebody else by now. Never rejects. */
export async function endHelpers(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      if (isWaitingExifTool(await readCommandLine(pid))) process.kill(pid)
    } catch {
      // Gone already, which is what was wanted.
    }
  }
}

const isWaitingExifTool = (commandLine: string) => /exiftool/i.test(commandLine) && commandLine.includes('-stay_open')

async function readCommandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8')
  // Windows shows no command line without a shell of its own; there the worker's exit handler and its idle limit have to do.
  if (process.platform === 'win32') return ''
  return (await promisify(execFile)('/bin/ps', ['-p', String(pid), '-o', 'command='])).stdout
}
