import type { Command } from 'commander'
import { SETTING_WORDS } from '../../src-renderer/copy/en/settings.ts'
import { type Settings, settingsSchema } from '../contract/settings.ts'
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

export function addSettings(program: Command, context: CommandContext): void {
  program
    .command('settings')
    .description('show the settings, or change one')
    .argument('[name]', 'such as metadataPreset')
    .argument('[value]', 'a list with commas, `none` for an empty one')
    .option('--json', 'one JSON object a line')
    .action((name: string | undefined, value: string | undefined, options: { json?: boolean }) => {
      if (name !== undefined && !isName(name))
        throw new StudioError('invalid-request', `There is no setting ${name}. Settings are: ${NAMES.join(', ')}.`, { data: { name } })
      return askStudio(context, options, {}, async (studio, output) => {
        const settings =
          name !== undefined && value !== undefined
            ? await studio.handlers['settings.set']({ [name]: valueFrom(name, value) })
            : await studio.handlers['settings.get']({})
        for (const each of name === undefined ? NAMES : [name]) {
          output.row({ name: each, value: settings[each] }, () => `${each.padEnd(22)} ${String(settings[each])}\n  ${SETTING_WORDS[each].sentence}`)
        }
        return exitFor(0)
      })
    })
}
