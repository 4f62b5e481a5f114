/** From the end of a server's log to a cause and what to do about it. Pure. */
import { StudioError } from '../../lib/studio-error.ts'
import type { LaunchProfile, StartCause } from './launch-profile.ts'

/** How the process ended; null while it lives. */
export interface ExitReport {
  code: number | null
  signal: string | null
  /** errno of a program that could not even be started. */
  errno?: string
}

const SHOWN_LINES = 20
const LINE_CAP = 400

const REMEDIES: Record<Exclude<StartCause, 'argument-refused' | 'profile-missing'>, string> = {
  'out-of-memory': 'Unload other models, or choose a smaller context, a smaller quantisation or a smaller model.',
  'context-does-not-fit': 'Choose a smaller context for the model.',
  'weights-missing': "Get the model's weights again, then try once more.",
  'bad-flag': "Take the flag out of the model's extra_args, or update the program.",
  'port-in-use': 'Another program took the port; try again.',
  'no-gpu-driver': 'Install or repair the graphics driver, or choose the profile cpu_only.',
  'unsupported-architecture': 'Update the program, or choose another model.',
  'executable-missing': 'Install the program, or give its path in the settings.',
  'not-permitted': "Make the program's file executable for you.",
  'wrong-model': "Check the model's extra_args and its launch profile: the server answers with another model.",
  'no-progress': 'Look into the log ({log}); if the disk is slow, give the model more time to start.',
  killed: 'The system ended the program, mostly for want of memory: close other programs or choose a smaller model.',
  crashed: 'Look into the log for the reason: {log}',
}

/** @param logFile Absolute. */
export const remedyFor = (cause: keyof typeof REMEDIES, logFile: string): string => REMEDIES[cause].replace('{log}', () => logFile)

const SECRETS: readonly [RegExp, string][] = [
  [/\b(authorization["']?\s*[:=]\s*["']?)([a-z]+\s+)?[^\s"',;]+/gi, '$1***'],
  [/\bbearer\s+[^\s"',;]{6,}/gi, '***'],
  [/\b(api[-_ ]?key|token|password|secret)(["']?\s*[:=]\s*["']?)[^\s"',;]{6,}/gi, '$1$2***'],
  [/\b(sk|hf|ghp|gho|glpat|xox[bp])[-_][A-Za-z0-9_-]{8,}/g, '***'],
  [/(https?:\/\/)[^\s/@]+@/gi, '$1***@'],
  [/data:[a-z]+\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+/gi, 'data:***'],
]
// oxlint-disable-next-line no-control-regex -- colours of a terminal
const COLOURS = /\u001b\[[0-9;?]*[A-Za-z]/g

/** The last lines of a log as they may be shown: no colours, no secrets, no pictures. */
export function shownLines(tail: string): string[] {
  let text = tail.replace(COLOURS, '')
  for (const [secret, instead] of SECRETS) text = text.replace(secret, instead)
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-SHOWN_LINES)
    .map((line) => (line.length > LINE_CAP ? `${line.slice(0, LINE_CAP)}…` : line))
}

export interface Diagnosis {
  cause: StartCause
  remedy: string
}

/** The first pattern of the profile that fits, else what the exit itself tells. */
export function diagnose(profile: Pick<LaunchProfile, 'causes' | 'install_hint'>, tail: string, exit: ExitReport | null, logFile: string): Diagnosis {
  if (exit?.errno === 'ENOENT') return { cause: 'executable-missing', remedy: profile.install_hint }
  if (exit?.errno === 'EACCES' || exit?.errno === 'EPERM') return { cause: 'not-permitted', remedy: remedyFor('not-permitted', logFile) }
  const text = tail.replace(COLOURS, '')
  for (const { pattern, cause, remedy } of profile.causes) {
    if (new RegExp(pattern, 'i').test(text)) return { cause, remedy }
  }
  if (exit?.signal === 'SIGKILL' || exit?.code === 137) return { cause: 'killed', remedy: remedyFor('killed', logFile) }
  return { cause: 'crashed', remedy: remedyFor('crashed', logFile) }
}

export function startFailure(options: {
  name: string
  what: string
  diagnosis: Diagnosis
  tail: string
  exit?: ExitReport | null
  code?: 'backend-start-failed' | 'backend-timeout' | 'backend-failed'
  data?: Record<string, unknown>
}): StudioError {
  const { name, what, diagnosis, tail, exit = null, code = 'backend-start-failed', data = {} } = options
  return new StudioError(code, `${name} ${what} (${diagnosis.cause}). ${diagnosis.remedy}`, {
    data: {
      name,
      cause: diagnosis.cause,
      remedy: diagnosis.remedy,
      logTail: shownLines(tail),
      ...(exit === null ? {} : { exitCode: exit.code, signal: exit.signal }),
      ...data,
    },
    retry: 'later',
  })
}
