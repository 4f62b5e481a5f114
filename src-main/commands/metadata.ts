import path from 'node:path'
import type { Command } from 'commander'
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
        const { title, description, altText, keywords, hierarchicalKeywords, sources, conflicts } = await studio.paths.readMetadata(absolute)
        const row = { path: absolute, title, description, altText, keywords, hierarchicalKeywords, sources, conflicts }
        output.row(row, () =>
          [
            absolute,
            `  title        ${title ?? '–'}`,
            `  description  ${description ?? '–'}`,
            `  alt text     ${altText ?? '–'}`,
            `  keywords     ${keywords.join(', ') || '–'}`,
            ...(hierarchicalKeywords.length > 0 ? [`  hierarchy    ${hierarchicalKeywords.join(', ')}`] : []),
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
