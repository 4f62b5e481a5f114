/**
 * Owns the long-lived ExifTool processes. ExifTool is only ever told to write our own temporary files: a child that outlives us
 * finishes its command, and then it must not hold a photo. Nothing is started or loaded before the first command.
 */
import type { ExifTool, ExifToolTask } from 'exiftool-vendored'
import { StudioError } from '../lib/studio-error.ts'
import { findExifToolProgram } from './exiftool-program.ts'

export interface ExifToolReply {
  stdout: string
  errors: string[]
  warnings: string[]
}

export interface ExifToolPool {
  /**
   * One command as arguments without shell or quoting. `retriable` commands are tried once more when their process dies.
   * @throws StudioError exiftool-failed (`data.reason`: perl-missing, program-missing, start, path, stopped, died, or none), exiftool-timeout
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
  /** The one configuration file to load: it registers the studio's own namespace. */
  configPath?: string
}

/** `-config` must come first, empty or ours: otherwise `.ExifTool_config` in a home or working folder is run as Perl. */
const processArguments = (configPath = '') => ['-config', configPath, '-stay_open', 'True', '-@', '-']
const WINDOWS_NAMES = process.platform === 'win32' ? ['-charset', 'filename=utf8'] : []

export function createExifToolPool(options: ExifToolPoolOptions = {}): ExifToolPool {
  const { maxProcesses = 2, commandTimeoutMs = 120_000 } = options
  let started: Promise<{ tool: ExifTool; version: string; task: (args: string[]) => ExifToolTask<ExifToolReply> }> | null = null
  let running: ExifTool | null = null
  let ended: Promise<void> | null = null

  const start = async () => {
    const vendored = await import('exiftool-vendored')
    /**
     * Collects the reply as bytes: the library underneath decodes every chunk by itself, which breaks a letter of several bytes that
     * lies across two chunks, and it looks for its end mark anywhere in the reply.
     */
    class CommandTask extends vendored.ExifToolTask<ExifToolReply> {
      readonly #chunks: Buffer[] = []
      #reply = ''
      override onStdout(chunk: string | Buffer): void {
        this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
        const text = findReply(this.#chunks)
        if (text === null) return
        this.#reply = text
        super.onStdout(END_MARK)
      }
      protected parse(): ExifToolReply {
        return { stdout: this.#reply, errors: this.errors, warnings: this.warnings }
      }
    }
    const program = await findExifToolProgram(options.exiftoolPath ?? (await vendored.exiftoolPath()))
    const tool = new vendored.ExifTool({
      processFactory: () => program.spawn(processArguments(options.configPath)),
      checkPerl: false,
      maxIdleMsPerProcess: 120_000,
      maxProcs: maxProcesses,
      maxTasksPerProcess: 2000,
      taskTimeoutMillis: commandTimeoutMs,
      taskRetries: 1,
      ignoreMinorErrors: false,
      useMWG: false,
    })
    running = tool
    return { tool, version: program.version, task: (args: string[]) => new CommandTask(args, { ignoreMinorErrors: false }) }
  }

  /** A failed start is tried again by the next command: somebody may have installed what was missing. */
  const ensureStarted = async () => {
    if (ended !== null) throw new StudioError('exiftool-failed', 'ExifTool was stopped.', { data: { reason: 'stopped' } })
    started ??= start()
    try {
      return await started
    } catch (error) {
      started = null
      throw error
    }
  }

  return {
    async run(args, { retriable = false } = {}) {
      if (args.some((line) => /[\r\n\0]/.test(line))) {
        throw new StudioError('exiftool-failed', 'A file or folder name holds a line break, which ExifTool cannot be told.', {
          data: { reason: 'path' },
        })
      }
      const { tool, task } = await ensureStarted()
      try {
        return await tool.enqueueTask(() => task([...WINDOWS_NAMES, ...args]), retriable)
      } catch (error) {
        throw toStudioError(error, commandTimeoutMs)
      }
    },
    async version() {
      return (await ensureStarted()).version
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

const END_MARK = '{ready}\n'

/** The reply without its end mark, once the last line is that mark; null before. */
export function findReply(chunks: readonly Buffer[]): string | null {
  // The mark may itself lie across chunks; its line and the break before it are shorter than this.
  let tail = Buffer.alloc(0)
  for (let at = chunks.length - 1; at >= 0 && tail.length < 12; at--) tail = Buffer.concat([chunks[at]!, tail])
  const end = /(?:^|\n)\{ready\}\r?\n$/.exec(tail.subarray(-12).toString('latin1'))
  const isWhole = end !== null && (end[0].startsWith('\n') || tail.length === end[0].length)
  return isWhole
    ? Buffer.concat(chunks)
        .toString('utf8')
        .replace(/\{ready\}\r?\n$/, '')
    : null
}

function toStudioError(error: unknown, commandTimeoutMs: number): StudioError {
  const text = error instanceof Error ? error.message : String(error)
  if (/timeout|timed out/i.test(text)) {
    return new StudioError('exiftool-timeout', `ExifTool gave no answer within ${commandTimeoutMs} ms.`, { retry: 'later', cause: error })
  }
  // The library's words would repeat the command, and with it the user's.
  if (/terminated before task completed|EPIPE|ECONNRESET/i.test(text)) {
    return new StudioError('exiftool-failed', 'ExifTool ended before it answered.', { retry: 'now', data: { reason: 'died' } })
  }
  return new StudioError('exiftool-failed', `ExifTool failed: ${text.slice(0, 300)}`, { cause: error })
}
