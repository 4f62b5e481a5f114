import type { Command } from 'commander'
import { askAboutModels, askStudio, type CommandContext, exitFor, type JsonOption } from './context.ts'

export function addProfile(program: Command, context: CommandContext): void {
  const profile = program.command('profile').description('the deployment profile: how much of this machine models may use')
  profile
    .command('show')
    .option('--json', 'one JSON object')
    .action((options: JsonOption) =>
      askAboutModels(context, options, async (studio, output) => {
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
    .description('choose a profile; auto goes back to the detected one')
    .argument('<name>', 'its name, or auto')
    .option('--json', 'one JSON object')
    .action((name: string, options: JsonOption) =>
      askStudio(context, options, {}, async (studio, output) => {
        const state = await studio.handlers['profile.set']({ name: name === 'auto' ? null : name })
        output.row(state, () => `active    ${state.active} (${state.reason})`)
        return exitFor(0)
      }),
    )
}
