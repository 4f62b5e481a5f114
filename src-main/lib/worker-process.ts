/**
 * The two ends of a worker process as the rooms see them. How a process is started differs by host (a forked Node, an Electron
 * utility process), so hosts hand a `SpawnWorker` to compose(); see src-main/workers for the protocol on top.
 */
export type WorkerName = 'imaging' | 'embedded' | 'onnx' | 'import' | 'watch'

export interface WorkerChannel {
  readonly pid: number | undefined
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once, with the exit code or null when a signal ended it. */
  onExit(listener: (code: number | null) => void): void
  kill(): void
}

export type SpawnWorker = (name: WorkerName, environment?: Record<string, string>) => WorkerChannel

export interface WorkerCallOptions {
  timeoutMs?: number
  signal?: AbortSignal
  /**
   * Takes the parts of a streamed answer in their order, one at a time; the worker is held back while it works. The call settles
   * after the last part is done. When it throws, the call is cancelled and rejects with that error.
   */
  onProgress?: (value: never) => Promise<void> | void
}

/** A worker that answers calls; started on the first call, restarted after a crash. */
export interface WorkerClient {
  /**
   * @throws StudioError `decoder-crashed`-like codes are chosen by the room: this rejects with WorkerGone when the process ended,
   * with WorkerTimeout after `timeoutMs` (the process is then killed), or with the StudioError the handler threw.
   */
  call<T>(method: string, params: unknown, options?: WorkerCallOptions): Promise<T>
  readonly running: boolean
  /** Ends the process; the next call starts a new one. */
  unload(): Promise<void>
  dispose(): Promise<void>
}

export class WorkerGone extends Error {
  constructor(readonly exitCode: number | null) {
    super(`worker process ended (${exitCode ?? 'signal'})`)
    this.name = 'WorkerGone'
  }
}

export class WorkerTimeout extends Error {
  constructor(readonly timeoutMs: number) {
    super(`worker process gave no answer within ${timeoutMs} ms`)
    this.name = 'WorkerTimeout'
  }
}
