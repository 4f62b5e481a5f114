import path from 'node:path'
import type { Command } from 'commander'
import { MONO_FIELDS } from '../contract/model.ts'
import { askStudio, type CommandContext, exitFor } from './context.ts'

export function addMetadata(program: Command, context: CommandContext): void {
  program
    .command('metadata')
    .description('show what a file holds, and where each value comes from')
    .argument('<file>')
    .option('--json', 'one JSON object a line')
    .action((file: string, options: { json?: boolean }) =>
      askStudio(context, options, {}, async (studio, output) => {
        const absolute = path.resolve(file)
        const snapshot = await studio.paths.readMetadata(absolute)
        const { title, description, altText, extendedDescription, keywords, hierarchicalKeywords, conflicts } = snapshot
        const row = { path: absolute, ...snapshot }
        const mono = MONO_FIELDS.flatMap((field) => snapshot[field] ?? [])
        output.row(row, () =>
          [
            absolute,
            `  title        ${title ?? '–'}`,
            `  description  ${description ?? '–'}`,
            `  alt text     ${altText ?? '–'}`,
            ...(extendedDescription === null ? [] : [`  in words     ${extendedDescription}`]),
            `  keywords     ${keywords.join(', ') || '–'}`,
            ...(hierarchicalKeywords.length > 0 ? [`  hierarchy    ${hierarchicalKeywords.join(', ')}`] : []),
            ...(mono.length > 0 ? [`  mono         ${mono.join(', ')}`] : []),
            ...conflicts.map(
              (conflict) =>
                `  ! ${conflict.field} differs: ${conflict.values.map((each) => `${each.tag} ${JSON.stringify(each.value)}`).join(' · ')}`,
            ),
          ].join('\n'),
        )
        return exitFor(0)
      }),
    )
}
