/**
 * The one owner of a model's server process, in the main process. Nobody outside decides anything by its state: they ask for what they
 * want, and the owner does what its state calls for.
 *
 *              ensureReady                                     stop
 *   stopped    starts                                          nothing to do
 *   starting   joins the start (one start for all who wait)    ends it; those who wait get `cancelled`
 *   ready      resolves at once                                ends it
 *   stopping   waits for the end, then starts                  waits for the end
 *   failed     starts; after repeated failures the same error  nothing to do
 *              again until the back-off is over
 *
 * A start that nobody waits for any more is ended. The end of the process while `ready` leads to `failed` and is told by `onGone`; whether and
 * when it is started again is for those who hear of it, so there is no back-off here for what did start.
 */
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { findErrno, StudioError } from '../../lib/studio-error.ts'
import type { Placement } from '../../registry/serving.ts'
import { awaitReady } from './await-ready.ts'
import { type Launch, launchChild } from './launch-child.ts'
import type { LaunchProfile } from './launch-profile.ts'
import type { LogFile } from './log-file.ts'
import type { PidFiles, PidRecord } from './pid-files.ts'
import { findStartTimeNow, startTimeOf } from './process-table.ts'
import { diagnose, remedyFor, startFailure } from './start-failure.ts'
import { endLeftovers, killTreeNow, stopTree } from './stop-tree.ts'
import { adoptChild, type SupervisedChild } from './supervised-child.ts'
import { cancelledStart, type FailedVerdict, verdictFailure } from './verdict-failure.ts'

/** Another program may take the port between our look and the child's. */
const PORT_ATTEMPTS = 3
/** A start that failed has nothing to save. */
const FAILED_GRACE_MS = 1_000
const FIRST_BACKOFF_MS = 5_000
const LONGEST_BACKOFF_MS = 60_000
const TELL_WITHIN_MS = 500

export interface ReadyProcess {
  pid: number
  port: number
  loadMs: number
  /** Taken over from an earlier studio. */
  adopted: boolean
}

export type ProcessState =
  | { kind: 'stopped' }
  | { kind: 'starting'; pid: number | null; port: number | null }
  | ({ kind: 'ready' } & ReadyProcess)
  | { kind: 'stopping' }
  | { kind: 'failed'; error: StudioError; retryAtTicksMs: number }

export interface BackendProcess {
  /** To look at, never to act on. */
  readonly state: ProcessState
  readonly placement: Placement | null
  /**
   * @param prepare Asked only when a start is due. Its error is passed on as it is.
   * @throws StudioError `backend-start-failed` and `backend-timeout` (data {name, cause, remedy, logTail}), `cancelled`.
   */
  ensureReady(prepare: () => Promise<Launch>, options: { timeoutMs: number; signal: AbortSignal }): Promise<ReadyProcess>
  /** Takes over a process that was recognised and answers. Only while stopped. */
  adopt(record: PidRecord & { start_time: string }, profile: LaunchProfile): void
  /** Resolves when nothing of it is left. @param graceLimitMs At most so long between the polite signal and the other. */
  stop(graceLimitMs?: number): Promise<void>
  /** By force and without waiting, whatever the state. For a studio that ends in the same moment. */
  killNow(): void
}

interface Running {
  child: SupervisedChild & { pid: number }
  profile: Pick<LaunchProfile, 'causes' | 'install_hint' | 'stop_grace_ms'>
  /** Of adopted processes, to be recognised once more before a signal. */
  adopted: { startTime: string; run: string } | null
  unwatchLog: () => void
}

export function createBackendProcess(options: {
  name: string
  /** Working folder of the child; holds nothing that could be run. */
  folder: string
  log: LogFile
  pidFiles: PidFiles
  clock: Clock
  logger: Logger
  choosePort: () => Promise<number>
  onGone: (error: StudioError) => void
}): BackendProcess {
  const { name, folder, log, pidFiles, clock, logger, choosePort, onGone } = options
  let state: ProcessState = { kind: 'stopped' }
  let placement: Placement | null = null
  let starting: { promise: Promise<ReadyProcess>; waiters: number; cancel: AbortController } | undefined
  let running: Running | undefined
  /** Everything of which something may still run: starting, serving, ending. */
  const living = new Set<Running>()
  let ending: Promise<void> = Promise.resolve()
  let failures = 0

  const enter = (next: ProcessState) => {
    logger.info('backend-state', { name, from: state.kind, to: next.kind, ...(next.kind === 'failed' ? { cause: next.error.data['cause'] } : {}) })
    state = next
  }

  const enterFailed = (error: StudioError) => {
    failures += 1
    const backoffMs = failures < 2 ? 0 : Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 2))
    enter({ kind: 'failed', error, retryAtTicksMs: clock.ticksMs() + backoffMs })
  }

  const cancelled = () => cancelledStart(name)

  const end = async (it: Running, graceMs: number) => {
    const { child, adopted } = it
    const ours = adopted === null || (await startTimeOf(child.pid)) === adopted.startTime
    if (!ours) endLeftovers(child.pid, adopted.run)
    else if (!(await stopTree(child.pid, graceMs))) logger.error('backend-not-gone', { name, pid: child.pid })
    child.forget()
    living.delete(it)
    try {
      pidFiles.remove(name)
    } catch (error) {
      logger.warn('pid-file-not-removed', { name, errno: findErrno(error) })
    }
  }

  const settleReady = (it: Running, ready: ReadyProcess) => {
    failures = 0
    it.unwatchLog = log.watch()
    running = it
    enter({ kind: 'ready', ...ready })
    void it.child.exited.then((exit) => {
      if (running !== it || state.kind !== 'ready') return
      running = undefined
      it.unwatchLog()
      enter({ kind: 'stopping' })
      ending = (async () => {
        const tail = await log.tail()
        const diagnosis = diagnose(it.profile, tail, exit, log.file)
        const error = startFailure({ name, what: 'ended by itself', code: 'backend-failed', diagnosis, tail, exit })
        // What it started may have outlived it. That the model is gone is told soon, even when the driver holds something back.
        const swept = end(it, 0)
        await Promise.race([swept, new Promise((resolve) => setTimeout(resolve, TELL_WITHIN_MS))])
        enter({ kind: 'failed', error, retryAtTicksMs: clock.ticksMs() })
        onGone(error)
        await swept
      })()
    })
  }

  const failureOf = async (launch: Launch, verdict: FailedVerdict, timeoutMs: number) =>
    verdictFailure({ name, profile: launch.profile, servedId: launch.servedId, verdict, timeoutMs, tail: await log.tail(), logFile: log.file })

  const attempt = async (launch: Launch, timeoutMs: number, signal: AbortSignal): Promise<ReadyProcess> => {
    const port = await choosePort()
    if (signal.aborted) throw cancelled()
    const startedAt = clock.ticksMs()
    const { child, recordFor } = launchChild({ name, launch, port, folder, log, clock })
    const { pid } = child
    if (pid === undefined) throw await failureOf(launch, { kind: 'exited', exit: await child.exited }, timeoutMs)
    const it: Running = {
      child: Object.assign(child, { pid }),
      profile: launch.profile,
      adopted: null,
      unwatchLog: () => undefined,
    }
    living.add(it)
    let kept = false
    try {
      // Between the start and this line nothing waits: a crash of ours leaves no child that nobody knows.
      const record = recordFor(pid)
      pidFiles.write(record)
      const known = record.start_time === null ? startTimeOf(pid) : Promise.resolve(record.start_time)
      known
        .then((startTime) => {
          if (startTime === undefined || startTime === record.start_time || child.exit !== undefined || state.kind !== 'starting') return
          pidFiles.write({ ...record, start_time: startTime })
        })
        .catch((error: unknown) => logger.warn('pid-file-not-written', { name, errno: findErrno(error) }))
      enter({ kind: 'starting', pid, port })
      const verdict = await awaitReady({
        child: it.child,
        port,
        healthPath: launch.profile.health_path,
        servedId: launch.servedId,
        log,
        timeoutMs,
        signal,
        clock,
      })
      if (verdict.kind !== 'ready') throw await failureOf(launch, verdict, timeoutMs)
      const loadMs = Math.round(clock.ticksMs() - startedAt)
      const [startTime, ownerStartTime] = await Promise.all([known, startTimeOf(process.pid)])
      // Ended or cancelled in the meantime.
      if (child.exit !== undefined) throw await failureOf(launch, { kind: 'exited', exit: child.exit }, timeoutMs)
      if (signal.aborted) throw cancelled()
      pidFiles.write({ ...record, start_time: startTime ?? record.start_time, owner_start_time: ownerStartTime ?? null, load_ms: loadMs })
      kept = true
      const ready = { pid, port, loadMs, adopted: false }
      settleReady(it, ready)
      return ready
    } finally {
      if (!kept) await end(it, child.exit === undefined ? Math.min(FAILED_GRACE_MS, launch.profile.stop_grace_ms) : 0)
    }
  }

  const bringUp = async (prepare: () => Promise<Launch>, timeoutMs: number, signal: AbortSignal): Promise<ReadyProcess> => {
    let prepared = false
    try {
      await ending
      const launch = await prepare()
      prepared = true
      placement = launch.placement
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(launch, timeoutMs, signal)
        } catch (error) {
          const retry = error instanceof StudioError && error.data['cause'] === 'port-in-use' && tries < PORT_ATTEMPTS && !signal.aborted
          if (!retry) throw error
        }
      }
    } catch (error) {
      const known =
        error instanceof StudioError
          ? error
          : new StudioError('backend-start-failed', `${name} could not be started`, { data: unknownData(name, log.file), cause: error })
      if (known.code === 'cancelled' || signal.aborted) enter({ kind: 'stopped' })
      else if (prepared) enterFailed(known)
      // Nothing was tried, so nothing has to be waited for.
      else enter({ kind: 'failed', error: known, retryAtTicksMs: clock.ticksMs() })
      throw known
    } finally {
      starting = undefined
    }
  }

  const begin = (prepare: () => Promise<Launch>, timeoutMs: number) => {
    enter({ kind: 'starting', pid: null, port: null })
    const cancel = new AbortController()
    const promise = bringUp(prepare, timeoutMs, cancel.signal)
    promise.catch(() => undefined)
    starting = { promise, waiters: 0, cancel }
    return starting
  }

  const join = async (start: NonNullable<typeof starting>, signal: AbortSignal): Promise<ReadyProcess> => {
    start.waiters += 1
    let leave: (() => void) | undefined
    try {
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(cancelled())
        signal.addEventListener('abort', leave, { once: true })
      })
      return await Promise.race([start.promise, left])
    } finally {
      if (leave) signal.removeEventListener('abort', leave)
      start.waiters -= 1
      if (start.waiters === 0) start.cancel.abort()
    }
  }

  return {
    get state() {
      return state
    },
    get placement() {
      return placement
    },

    async ensureReady(prepare, { timeoutMs, signal }) {
      for (;;) {
        if (signal.aborted) throw cancelled()
        switch (state.kind) {
          case 'ready':
            return state
          case 'starting': {
            const start = starting!
            if (!start.cancel.signal.aborted) return join(start, signal)
            // Given up by all who wanted it: its end is waited for, then comes a start of our own.
            await start.promise.catch(() => undefined)
            break
          }
          case 'stopping':
            await ending
            break
          case 'failed':
            if (clock.ticksMs() < state.retryAtTicksMs) throw backedOff(state.error, state.retryAtTicksMs - clock.ticksMs())
            return join(begin(prepare, timeoutMs), signal)
          case 'stopped':
            return join(begin(prepare, timeoutMs), signal)
        }
      }
    },

    adopt(record, profile) {
      if (state.kind !== 'stopped') return
      const child = Object.assign(adoptChild(record.pid, record.start_time), { pid: record.pid })
      placement = { gpus: record.placement.gpus, claimMb: record.placement.claim_mb }
      const it: Running = {
        child,
        profile,
        adopted: { startTime: record.start_time, run: record.run },
        unwatchLog: () => undefined,
      }
      living.add(it)
      pidFiles.write({ ...record, owner_pid: process.pid, owner_start_time: findStartTimeNow(process.pid) ?? null })
      settleReady(it, { pid: record.pid, port: record.port, loadMs: record.load_ms ?? 0, adopted: true })
    },

    async stop(graceLimitMs = Number.POSITIVE_INFINITY) {
      if (starting) {
        const { promise, cancel } = starting
        cancel.abort()
        await promise.catch(() => undefined)
      }
      const it = running
      if (state.kind === 'ready' && it) {
        running = undefined
        it.unwatchLog()
        enter({ kind: 'stopping' })
        ending = end(it, Math.min(it.profile.stop_grace_ms, graceLimitMs)).finally(() => enter({ kind: 'stopped' }))
      }
      await ending
    },

    killNow() {
      for (const { child, adopted } of living) {
        if (adopted === null || findStartTimeNow(child.pid) === adopted.startTime) killTreeNow(child.pid)
      }
    },
  }
}

const unknownData = (name: string, logFile: string) => ({ name, cause: 'crashed', remedy: remedyFor('crashed', logFile), logTail: [] })

function backedOff(error: StudioError, waitMs: number): StudioError {
  return new StudioError(error.code, error.message, {
    data: { ...error.data, retryAfterSeconds: Math.ceil(waitMs / 1000) },
    retry: 'later',
    cause: error,
  })
}
