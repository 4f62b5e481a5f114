import type { Command } from 'commander'
import { type CommandContext, exitFor, type JsonOption, withStudio } from './context.ts'

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
      withStudio(context, options, {}, async (studio, output) => {
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
      withStudio(context, options, {}, async (studio, output) => {
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
    .option('--top-n <n>', 'how many', Number)
    .option('--assume-installed', 'also models whose weights are not here yet')
    .option('--json', 'one JSON object')
    .action((options: SelectOptions) =>
      withStudio(context, options, {}, async (studio, output) => {
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
        return exitFor(found.models.length === 0 ? 1 : 0)
      }),
    )

  const profile = program.command('profile').description('the deployment profile: how much of this machine models may use')
  profile
    .command('show')
    .option('--json', 'one JSON object')
    .action((options: { json?: boolean }) =>
      withStudio(context, options, {}, async (studio, output) => {
        const state = await studio.handlers['profile.get']({})
        output.row(state, () =>
          [
            `active    ${state.active} (${state.reason})`,
            `detected  ${state.detected}`,
            ...state.gpus.map((gpu) => `GPU ${gpu.index}     ${gpu.name}, ${gpu.totalMb} MB`),
            ...state.available.map((each) => `${each.name === state.active ? '*' : ' '} ${each.name.padEnd(20)} ${each.description}`),
          ].join('\n'),
        )
        return exitFor(0)
      }),
    )
  profile
    .command('set')
    .argument('<name>')
    .option('--json', 'one JSON object')
    .action((name: string, options: { json?: boolean }) =>
      withStudio(context, options, {}, async (studio, output) => {
        const state = await studio.handlers['profile.set']({ name })
        output.row(state, () => `active    ${state.active} (${state.reason})`)
        return exitFor(0)
      }),
    )
}
