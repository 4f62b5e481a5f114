/** Checks an entry's `extra_args` against its launch profile: whatever is not listed there is refused. Pure. */
import { StudioError } from '../../lib/studio-error.ts'
import type { LaunchProfile } from './launch-profile.ts'

type Arity = 'none' | 'one' | 'many'

export interface ExtraArguments {
  /** As they go on the command line. */
  args: string[]
  /** Flag → its first value; a switch has an empty one. */
  given: ReadonlyMap<string, string>
}

const CONTROL = /\p{Cc}/u
const VALUE_CAP = 4000

/** Some programs take `--max_model_len` for `--max-model-len`; the profile knows one spelling. */
const canonical = (flag: string) => flag.replaceAll('_', '-')
const isFlag = (text: string) => /^--?[A-Za-z]/.test(text)

/**
 * @param userArgs Those of the arguments that the person's own layer gives; some flags are taken from there alone.
 * @throws StudioError `backend-start-failed` (cause `argument-refused`) naming the flag and the reason.
 */
export function checkExtraArguments(options: {
  name: string
  profile: LaunchProfile
  extraArgs: readonly string[]
  userArgs?: readonly string[] | undefined
}): ExtraArguments {
  const { name, profile, extraArgs, userArgs = [] } = options
  const { allowed, user_only: userOnly, refused } = profile.extra_args
  const refuse = (flag: string, reason: string) =>
    new StudioError('backend-start-failed', `${name} cannot be started: the extra argument ${flag} is refused: ${reason}`, {
      data: { name, cause: 'argument-refused', flag, remedy: `Take ${flag} out of the model's extra_args: ${reason}.`, logTail: [] },
    })
  const ownFlags = new Set(userArgs.filter(isFlag).map((text) => canonical(text.split('=', 1)[0]!)))

  const arityOf = (flag: string, shown: string): Arity => {
    const own = (record: Record<string, unknown>) => Object.hasOwn(record, flag)
    if (own(refused)) throw refuse(shown, refused[flag]!)
    if (own(allowed)) return allowed[flag]!
    if (!own(userOnly)) throw refuse(shown, `the launch profile ${profile.name} does not list it`)
    if (!ownFlags.has(flag)) throw refuse(shown, `${userOnly[flag]!.reason}; only your own change of the model may give it`)
    return userOnly[flag]!.values
  }

  const args: string[] = []
  const given = new Map<string, string>()
  for (let i = 0; i < extraArgs.length; ) {
    const text = extraArgs[i]!
    i += 1
    const shown = text.slice(0, 60).replace(new RegExp(CONTROL, 'gu'), '?')
    if (!isFlag(text)) throw refuse(shown, 'it is not a flag, and no flag before it takes it as a value')
    const at = text.indexOf('=')
    const flag = canonical(at < 0 ? text : text.slice(0, at))
    const arity = arityOf(flag, at < 0 ? shown : shown.split('=', 1)[0]!)
    const values: string[] = at < 0 ? [] : [text.slice(at + 1)]
    if (at >= 0 && arity === 'none') throw refuse(flag, 'it takes no value')
    if (at < 0 && arity === 'one') {
      const value = extraArgs[i]
      if (value === undefined || (isFlag(value) && !/^-?\d/.test(value))) throw refuse(flag, 'its value is missing')
      values.push(value)
      i += 1
    }
    if (at < 0 && arity === 'many') {
      while (i < extraArgs.length && !isFlag(extraArgs[i]!)) {
        values.push(extraArgs[i]!)
        i += 1
      }
    }
    if (values.some((value) => CONTROL.test(value) || value.length > VALUE_CAP))
      throw refuse(flag, 'its value holds a control character or is too long')
    if (given.has(flag)) throw refuse(flag, 'it is there twice')
    given.set(flag, values[0] ?? '')
    args.push(flag, ...values)
  }
  return { args, given }
}
