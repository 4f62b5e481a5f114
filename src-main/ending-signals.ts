/** How a host is told to end: the first signal asks for an orderly stop, the second ends the process at once. */
import os from 'node:os'
import { isatty } from 'node:tty'

/** Ctrl+C, a service that stops us, a closed terminal, Ctrl+\; SIGBREAK is Ctrl+Break on Windows. Those a system lacks never come. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGBREAK'] as const

/** Writing to a terminal that was closed fails, and must not break off the stop. In the end Node would abort while it resets that terminal. */
function outliveTerminal(hasTerminal: boolean): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined)
  if (!hasTerminal) return
  process.once('exit', () => {
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  })
}

/** @param endNow Ends the process with this exit code and waits for nothing. Aborted at the first signal. */
export function onEndingSignal(endNow: (exitCode: number) => void): AbortSignal {
  const abort = new AbortController()
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  for (const name of ENDING_SIGNALS) {
    process.on(name, () => {
      if (abort.signal.aborted) {
        // One closed terminal gives it several times: from the system and from the shell.
        if (name !== 'SIGHUP') endNow(128 + (os.constants.signals[name] ?? 0))
        return
      }
      if (name === 'SIGHUP') outliveTerminal(hasTerminal)
      else if (process.stderr.isTTY) process.stderr.write('Stopping … (again to end at once)\n')
      abort.abort()
    })
  }
  return abort.signal
}
