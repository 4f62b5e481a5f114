import type { Command } from 'commander'
import { SETTING_WORDS } from '../../src-renderer/copy/en/settings.ts'
import { type Settings, settingsSchema } from '../contract/settings.ts'
import { nearestNames } from '../lib/nearest.ts'
import { StudioError } from '../lib/studio-error.ts'
import { askStudio, type CommandContext, exitFor } from './context.ts'

type Name = keyof Settings
const NAMES = Object.keys(settingsSchema.shape) as Name[]
const isName = (text: string): text is Name => (NAMES as string[]).includes(text)

/** A list is given with commas or as JSON (paths may hold commas), an empty one as `none`; numbers, `true` and `false` as they are. */
function valueFrom(name: Name, text: string): unknown {
  const isList = Array.isArray(settingsSchema.shape[name].parse(undefined))
  if (isList && text.startsWith('[')) {
    try {
      return JSON.parse(text)
    } catch {
      throw new StudioError('invalid-request', `${text} is not a list in JSON.`)
    }
  }
  if (isList) return text === 'none' ? [] : text.split(',').map((item) => item.trim())
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+$/.test(text) ? Number(text) : text
}

function unknownSetting(name: string): StudioError {
  const nearest = nearestNames(name, NAMES, 1)
  const hint = nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : `Settings are: ${NAMES.join(', ')}.`
  return new StudioError('invalid-request', `There is no setting ${name}. ${hint}`, { data: { name, nearest } })
}

/** @throws StudioError `invalid-request` that says what the setting takes. */
function changeOf(name: Name, text: string): Partial<Settings> {
  const parsed = settingsSchema.shape[name].safeParse(valueFrom(name, text))
  if (parsed.success) return { [name]: parsed.data }
  throw new StudioError('invalid-request', `${name} cannot be ${text}. ${parsed.error.issues.map(({ message }) => `${message}.`).join(' ')}`, {
    data: { name },
  })
}

export function addSettings(program: Command, context: CommandContext): void {
  program
    .command('settings')
    .description('show the settings, or change one')
    .argument('[name]', 'such as metadataPreset')
    .argument('[value]', 'a list with commas, `none` for an empty one')
    .option('--json', 'one JSON object a line')
    .action((name: string | undefined, value: string | undefined, options: { json?: boolean }) => {
      if (name !== undefined && !isName(name)) throw unknownSetting(name)
      const wanted = name !== undefined && value !== undefined ? changeOf(name, value) : undefined
      return askStudio(context, options, {}, async (studio, output) => {
        const settings = wanted ? await studio.handlers['settings.set'](wanted) : await studio.handlers['settings.get']({})
        for (const each of name === undefined ? NAMES : [name]) {
          output.row({ name: each, value: settings[each] }, () => `${each.padEnd(22)} ${String(settings[each])}\n  ${SETTING_WORDS[each].sentence}`)
        }
        return exitFor(0)
      })
    })
}
