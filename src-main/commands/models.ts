import type { Command } from 'commander'
import { memoryLines } from '../../src-renderer/copy/en/memory.ts'
import type { RegistryVersion } from '../contract/engine.ts'
import type { AskedStudio } from '../lib/studio.ts'
import { askAboutModels, askStudio, type CommandContext, exitFor, type JsonOption } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Output } from './output.ts'

interface SelectOptions extends JsonOption {
  role: string
  profile?: string
  topN?: number
  assumeInstalled?: boolean
}

export function addModels(program: Command, context: CommandContext): void {
  const models = program.command('models').description('the models the studio knows, and which one serves a role')

  models
    .command('list')
    .description('every model with its state')
    .option('--json', 'one JSON object a line')
    .action((options: JsonOption) =>
      askAboutModels(context, options, async (studio, output) => {
        for (const model of await studio.handlers['models.list']({})) {
          output.row(
            model,
            () =>
              `${model.state.padEnd(13)} ${model.name}  (${model.backend}${model.quantization ? `, ${model.quantization}` : ''})${model.stateReason ? `: ${model.stateReason}` : ''}`,
          )
        }
        return exitFor(0)
      }),
    )

  models
    .command('list-roles')
    .description('every role of every model, by role, then name')
    .option('--json', 'one JSON object a line')
    .action((options: JsonOption) =>
      askAboutModels(context, options, async (studio, output) => {
        for (const row of await studio.handlers['models.listRoles']({})) {
          output.row(row, () => `${row.role.padEnd(18)} ${row.model.padEnd(32)} ${row.backend.padEnd(10)} ${row.priority}`)
        }
        return exitFor(0)
      }),
    )

  models
    .command('select')
    .description('which models serve a role under a profile, and why the others do not')
    .requiredOption('--role <role>')
    .option('--profile <name>', 'deployment profile for this question')
    .option('--top-n <n>', 'how many', wholeNumber(1, 100))
    .option('--assume-installed', 'also models whose weights are not here yet')
    .option('--json', 'one JSON object')
    .action((options: SelectOptions) =>
      askAboutModels(context, options, async (studio, output) => {
        const { role, profile, topN, assumeInstalled } = options
        const found = await studio.handlers['models.select']({ role, profile, topN, assumeInstalled })
        output.row({ role: found.role, profile: found.profile, models: found.models, rejected: found.rejected }, () =>
          [
            `${found.role} under ${found.profile}:`,
            ...found.models.map((model, at) => `  ${at + 1}. ${model.name}  (${model.reasons.join('; ')})`),
            ...(found.models.length === 0 ? ['  no model'] : []),
            ...found.rejected.map((model) => `  –  ${model.name}: ${model.reason}`),
          ].join('\n'),
        )
        for (const remedy of found.remedies) output.warn(remedy)
        return exitFor(found.models.length === 0 ? 1 : 0)
      }),
    )

  models
    .command('show')
    .description('one model whole: every value and the layer it comes from')
    .argument('<name>')
    .option('--json', 'one JSON object')
    .action((name: string, options: JsonOption) =>
      askAboutModels(context, options, async (studio, output) => {
        const model = await studio.handlers['models.show']({ name })
        output.row(model, () =>
          [
            `${model.displayName}  (${model.name})`,
            `${model.state}${model.stateReason ? `: ${model.stateReason}` : ''}`,
            ...memoryLines(model.memory),
            ...Object.entries(model.provenance).map(
              ([pointer, layer]) => `${layer.padEnd(10)} ${pointer} = ${JSON.stringify(valueAt(model.entry, pointer))}`,
            ),
            ...model.problems.map(({ message }) => `! ${message}`),
          ].join('\n'),
        )
        return exitFor(0)
      }),
    )

  const scan = async (studio: AskedStudio, output: Output, only?: 'ollama') => {
    const report = await studio.handlers['models.scan']({ only })
    const { sources } = report
    output.row(report, () =>
      [
        ...sources.map(
          ({ source, place, found, note }) =>
            `${source.padEnd(14)} ${found} found ${place.startsWith('http') ? 'at' : 'in'} ${place}${note ? `: ${note}` : ''}`,
        ),
        ...report.added.map((name) => `new            ${name}`),
        ...report.changed.map((name) => `changed        ${name}`),
        ...report.missing.map((name) => `missing now    ${name}`),
      ].join('\n'),
    )
    // Of all places some are always missing; the one that was asked for must answer.
    return exitFor(only !== undefined && sources.every(({ found, note }) => found === 0 && note !== null) ? 1 : 0)
  }
  models
    .command('scan')
    .description('look for models on this machine: Ollama, running servers, Hugging Face cache, GGUF folders, LM Studio')
    .option('--json', 'one JSON object')
    .action((options: JsonOption) => askStudio(context, options, {}, (studio, output) => scan(studio, output)))
  models
    .command('import-ollama')
    .description('take up what a running Ollama has; a second time changes nothing')
    .option('--json', 'one JSON object')
    .action((options: JsonOption) => askStudio(context, options, {}, (studio, output) => scan(studio, output, 'ollama')))

  models
    .command('probe')
    .description('show the model two known pictures and keep whether it sees them')
    .argument('<name>')
    .option('--json', 'one JSON object')
    .action((name: string, options: JsonOption) =>
      askStudio(context, options, { proxy: true }, async (studio, output) => {
        const report = await studio.handlers['models.probe']({ name })
        output.row(
          report,
          () =>
            `${report.name}: ${report.seesPictures ? 'sees pictures' : 'does not see pictures'} (${report.notes}; ${Math.round(report.latencyMs)} ms)`,
        )
        return exitFor(report.seesPictures ? 0 : 1)
      }),
    )

  const LOCKS = {
    verify: 'compare the weights with the locked ones',
    lock: 'from now on use the model only with the weights that lie there now',
    unlock: 'use whatever weights lie there',
  } as const
  for (const [word, description] of Object.entries(LOCKS) as [keyof typeof LOCKS, string][]) {
    models
      .command(word)
      .description(description)
      .argument('<name>')
      .option('--json', 'one JSON object')
      .action((name: string, options: JsonOption) =>
        askStudio(context, options, {}, async (studio, output) => {
          const report = await studio.handlers[`models.${word}`]({ name })
          const verdict =
            report.matches === null
              ? 'nothing to compare'
              : report.matches
                ? 'the weights are the expected ones'
                : 'THE WEIGHTS ARE NOT THE LOCKED ONES'
          output.row(
            report,
            () => `${report.name}: ${report.locked ? 'locked' : 'not locked'}, ${report.files} files, ${verdict}\n${report.digest ?? 'no digest'}`,
          )
          return exitFor(report.matches === false ? 1 : 0)
        }),
      )
  }

  const rows = (versions: RegistryVersion[], output: Output) => {
    for (const each of versions) output.row(each, () => `${each.version}  ${each.time}  ${each.changed.join(', ') || 'no entry changed'}`)
    if (versions.length === 0) output.warn('Your model list has not been changed yet.')
    return exitFor(0)
  }
  models
    .command('history')
    .description('older versions of your own changes to the model list, newest first')
    .option('--json', 'one JSON object a line')
    .action((options: JsonOption) =>
      askStudio(context, options, {}, async (studio, output) => rows(await studio.handlers['models.history']({}), output)),
    )
  models
    .command('rollback')
    .description('go back to an older version of your own changes; this is a new version itself')
    .argument('<version>')
    .option('--json', 'one JSON object a line')
    .action((version: string, options: JsonOption) =>
      askStudio(context, options, {}, async (studio, output) => rows(await studio.handlers['models.rollback']({ version }), output)),
    )
}

/** The value that a JSON pointer (RFC 6901) names. */
function valueAt(entry: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, step) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined), entry)
}
