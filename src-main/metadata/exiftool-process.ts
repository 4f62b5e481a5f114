/**
 * Owns the long-lived ExifTool processes. ExifTool is only ever told to write our own temporary files: a child that outlives us
 * finishes its command, and then it must not hold a photo. Nothing is started or loaded before the first command.
 */
import type { ExifTool, ExifToolTask } from 'exiftool-vendored'
import { StudioError } from '../lib/studio-error.ts'

export interface ExifToolReply {
  stdout: string
  errors: string[]
  warnings: string[]
}

export interface ExifToolPool {
  /**
   * One command as arguments without shell or quoting. `retriable` commands are tried once more when their process dies.
   * @throws StudioError exiftool-failed (`data.reason`: perl-missing, path, stopped, or none), exiftool-timeout
   */
  run(args: readonly string[], options?: { retriable?: boolean }): Promise<ExifToolReply>
  version(): Promise<string>
  /** Ids of the running processes. */
  readonly pids: readonly number[]
  /** Idempotent; resolves when no process is left. */
  dispose(): Promise<void>
}

export interface ExifToolPoolOptions {
  maxProcesses?: number
  commandTimeoutMs?: number
  /** Where the program lies when it is not found beside the package. */
  exiftoolPath?: string
}

/** `-config ""` must come first: otherwise `.ExifTool_config` in a home or working folder is run as Perl. */
const PROCESS_ARGUMENTS = ['-config', '', '-stay_open', 'True', '-@', '-']
const WINDOWS_NAMES = process.platform === 'win32' ? ['-charset', 'filename=utf8'] : []

export function createExifToolPool(options: ExifToolPoolOptions = {}): ExifToolPool {
  const { maxProcesses = 2, commandTimeoutMs = 120_000 } = options
  let started: Promise<{ tool: ExifTool; task: (args: string[]) => ExifToolTask<ExifToolReply> }> | null = null
  let running: ExifTool | null = null
  let ended: Promise<void> | null = null

  const start = async () => {
    const vendored = await import('exiftool-vendored')
    class CommandTask extends vendored.ExifToolTask<ExifToolReply> {
      protected parse(stdout: string): ExifToolReply {
        return { stdout, errors: this.errors, warnings: this.warnings }
      }
    }
    const tool = new vendored.ExifTool({
      maxProcs: maxProcesses,
      maxTasksPerProcess: 2000,
      taskTimeoutMillis: commandTimeoutMs,
      taskRetries: 1,
      exiftoolArgs: PROCESS_ARGUMENTS,
      ignoreMinorErrors: false,
      useMWG: false,
      ...(options.exiftoolPath === undefined ? {} : { exiftoolPath: options.exiftoolPath }),
    })
    running = tool
    return { tool, task: (args: string[]) => new CommandTask(args, { ignoreMinorErrors: false }) }
  }

  return {
    async run(args, { retriable = false } = {}) {
      if (ended !== null) throw new StudioError('exiftool-failed', 'ExifTool was stopped.', { data: { reason: 'stopped' } })
      if (args.some((line) => /[\r\n\0]/.test(line))) {
        throw new StudioError('exiftool-failed', 'A file or folder name holds a line break, which ExifTool cannot be told.', {
          data: { reason: 'path' },
        })
      }
      started ??= start()
      try {
        const { tool, task } = await started
        return await tool.enqueueTask(() => task([...WINDOWS_NAMES, ...args]), retriable)
      } catch (error) {
        throw toStudioError(error, commandTimeoutMs)
      }
    },
    async version() {
      const { stdout } = await this.run(['-ver'], { retriable: true })
      return stdout.trim()
    },
    get pids() {
      return running?.pids ?? []
    },
    dispose() {
      ended ??= (async () => {
        const parts = await started?.catch(() => null)
        await parts?.tool.end(true)
      })()
      return ended
    },
  }
}

function toStudioError(error: unknown, commandTimeoutMs: number): StudioError {
  const text = error instanceof Error ? error.message : String(error)
  if (/perl must be installed|perl.*ENOENT|ENOENT.*exiftool|Can't locate \S+ in @INC/i.test(text)) {
    return new StudioError('exiftool-failed', 'ExifTool could not be started: it needs Perl, and no complete Perl was found on this computer.', {
      data: { reason: 'perl-missing' },
      cause: error,
    })
  }
  if (/timeout|timed out/i.test(text)) {
    return new StudioError('exiftool-timeout', `ExifTool gave no answer within ${commandTimeoutMs} ms.`, { retry: 'later', cause: error })
  }
  return new StudioError('exiftool-failed', `ExifTool failed: ${text.slice(0, 300)}`, { cause: error })
}
