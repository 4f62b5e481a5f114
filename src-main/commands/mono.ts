/** `imageworks mono check`: judges photos as monochromes. Nothing is written to them. */
import { type Command, Option } from 'commander'
import { MONO_MODE_WORDS, MONO_VERDICT_WORDS, monoReasons, monoRegionLine, monoSourceNotes } from '../../src-renderer/copy/mono.ts'
import { problemLine } from '../../src-renderer/copy/errors.ts'
import { MONO_STRICTNESSES, type MonoCheck, type MonoOutcome, type MonoStrictness } from '../contract/mono.ts'
import { askStudio, type CommandContext, exitFor, importPhotos } from './context.ts'
import { csvLine, MONO_COLUMNS, monoColumns } from './mono-columns.ts'

/** Photos that are asked for together: enough for every worker, few enough for honest progress. */
const TOGETHER = 8

interface CheckOptions {
  strictness: MonoStrictness
  recursive: boolean
  json?: boolean
  csv?: boolean
  md?: boolean
}

function asText({ path, check, problem }: MonoOutcome): string {
  if (!check) return `${path}\n  not judged   ${problem ? problemLine(problem) : ''}`
  const lines = [...monoReasons(check), ...check.regions.slice(0, 3).map(monoRegionLine), ...monoSourceNotes(check)]
  return [`${path}\n  ${MONO_VERDICT_WORDS[check.verdict].padEnd(12)} ${MONO_MODE_WORDS[check.mode]}`, ...lines.map((line) => `    ${line}`)].join(
    '\n',
  )
}

const HEADINGS = [
  ['fail', 'Fail'],
  ['pass_with_query', 'Query'],
  ['pass', 'Pass'],
] as const

/** A page for the committee: counts, then each entry under its verdict, the worst first. */
function asMarkdown(outcomes: readonly MonoOutcome[]): string {
  const judged = outcomes.filter((each): each is MonoOutcome & { check: MonoCheck } => each.check !== null)
  const of = (verdict: string) => judged.filter(({ check }) => check.verdict === verdict)
  const entry = ({ path, check }: MonoOutcome & { check: MonoCheck }) =>
    [
      `### ${path.split(/[/\\]/).at(-1)}`,
      '',
      ...[...monoReasons(check), ...check.regions.slice(0, 3).map(monoRegionLine)].map((line) => `- ${line}`),
      '',
    ].join('\n')
  return [
    `# Monochrome check\n\n${outcomes.length} photos: ${HEADINGS.map(([verdict, word]) => `${of(verdict).length} ${word}`).join(', ')}, ${outcomes.length - judged.length} not judged.\n`,
    ...HEADINGS.flatMap(([verdict, word]) => (of(verdict).length === 0 ? [] : [`## ${word}\n`, ...of(verdict).map(entry)])),
    ...outcomes.filter(({ check }) => check === null).map(({ path, problem }) => `- ${path}: ${problem ? problemLine(problem) : ''}`),
  ].join('\n')
}

export function addMono(program: Command, context: CommandContext): void {
  program
    .command('mono')
    .description('monochrome competition entries: are they what they say')
    .command('check')
    .description('judge photos as monochromes; nothing is written to them')
    .argument('<paths...>', 'photos and folders')
    .addOption(new Option('--strictness <name>', 'how strict').choices(MONO_STRICTNESSES).default('balanced'))
    .option('--no-recursive', 'only the photos directly in the folders')
    .addOption(new Option('--json', 'one JSON object a line').conflicts(['csv', 'md']))
    .addOption(new Option('--csv', 'a table with one row a photo').conflicts(['json', 'md']))
    .addOption(new Option('--md', 'a page for the committee').conflicts(['json', 'csv']))
    .action((paths: string[], options: CheckOptions) =>
      askStudio(context, options, {}, async (studio, output) => {
        const { photos, unusable } = await importPhotos(studio, output, paths, options.recursive)
        const bar = output.progress('Judging')
        const outcomes: MonoOutcome[] = []
        if (options.csv) output.say(csvLine(MONO_COLUMNS))
        for (let at = 0; at < photos.length && !context.interrupted.aborted; at += TOGETHER) {
          const photoIds = photos.slice(at, at + TOGETHER).map(({ id }) => id)
          const judged = await studio.handlers['mono.check']({ photoIds, strictness: options.strictness })
          outcomes.push(...judged)
          bar.update(outcomes.length, photos.length)
          for (const outcome of options.md ? [] : judged) {
            output.row(outcome, () => (options.csv ? csvLine(monoColumns(outcome)) : asText(outcome)))
          }
        }
        bar.stop()
        if (options.md) output.say(asMarkdown(outcomes))
        return exitFor(outcomes.filter(({ check }) => check === null).length + unusable)
      }),
    )
}
