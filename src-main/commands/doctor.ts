import type { Command } from 'commander'
import { explainProblem } from '../../src-renderer/copy/errors.ts'
import type { ErrorCode } from '../contract/errors/index.ts'
import type { DoctorCheck } from '../contract/routes/app.ts'
import { StudioError, toProblem } from '../lib/studio-error.ts'
import { askStudio, type CommandContext, exitFor, type JsonOption, withStudio } from './context.ts'
import type { Output } from './output.ts'

/** Why the library cannot be opened. To a doctor that is a finding, and everything else is looked at all the same. */
const NOT_TO_BE_OPENED: ReadonlySet<string> = new Set<ErrorCode>([
  'database-newer',
  'database-damaged',
  'data-folder-in-use',
  'data-folder-unwritable',
  'data-folder-full',
])

const SIGNS = { ok: '✓', warning: '!', missing: '✗' } as const

function print(output: Output, checks: readonly DoctorCheck[]): void {
  for (const check of checks)
    output.row(check, () => `${SIGNS[check.state]} ${check.name}: ${check.detail}${check.remedy ? `\n    ${check.remedy}` : ''}`)
}

function findingOf(error: StudioError): DoctorCheck {
  const { what, safe, next } = explainProblem(toProblem(error))
  return { name: 'Data folder', state: 'missing', detail: [what, safe].filter((sentence) => sentence !== '').join(' '), remedy: next }
}

export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('what works here, what is missing and how to get it')
    .option('--json', 'one JSON object a line')
    .action(async (options: JsonOption) => {
      try {
        await askStudio(context, options, {}, async (studio, output) => {
          print(output, await studio.handlers['app.doctor']({}))
          return exitFor(0)
        })
      } catch (error) {
        if (!(error instanceof StudioError && NOT_TO_BE_OPENED.has(error.code))) throw error
        await withStudio(context, options, { aside: true }, async (studio, output) => {
          const others = (await studio.handlers['app.doctor']({})).filter(({ name }) => name !== 'Data folder')
          print(output, [findingOf(error), ...others])
          return exitFor(1)
        })
      }
    })
}
