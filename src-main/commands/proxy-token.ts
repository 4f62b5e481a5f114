/** `imageworks proxy token …`: the word that programs must show at the gateway. It is read from the keychain and from stdin, never from argv. */
import type { Command } from 'commander'
import { StudioError } from '../lib/studio-error.ts'
import { type CommandContext, exitFor, type JsonOption, askStudio } from './context.ts'
import { createOutput } from './output.ts'
import { readSecret } from './read-secret.ts'

interface SetOptions extends JsonOption {
  stdin?: boolean
}

export function addProxyToken(program: Command, context: CommandContext): void {
  const proxy = program.commands.find((each) => each.name() === 'proxy')!
  const token = proxy.command('token').description('the token that other programs must show at the gateway, kept in the keychain of this system')
  const { gatewayToken } = context
  /** `proxy` has a --json of its own, which takes the one that stands behind its subcommands. */
  const wanted = (command: Command): SetOptions => command.optsWithGlobals<SetOptions>()

  token
    .command('set')
    .description('make a new token, or take the one on stdin, and ask every program for it from now on')
    .option('--stdin', 'take the first line of stdin as the token')
    .option('--json', 'one JSON object')
    .action((_options: SetOptions, command: Command) =>
      askStudio(context, wanted(command), {}, async (studio, output) => {
        const given = wanted(command).stdin === true ? await readSecret('Token: ') : undefined
        const made = await gatewayToken.replace(given)
        await studio.handlers['settings.set']({ gatewayToken: true })
        if (given === undefined) output.row({ required: true, token: made }, () => made)
        else output.row({ required: true }, () => 'The gateway asks for this token from now on.')
        return exitFor(0)
      }),
    )
  token
    .command('show')
    .description('print the kept token')
    .option('--json', 'one JSON object')
    .action(async (_options: JsonOption, command: Command) => {
      const kept = await gatewayToken.kept()
      if (kept === null)
        throw new StudioError('secret-missing', 'no token is kept', {
          data: { name: 'the gateway', variable: 'it with "imageworks proxy token set"' },
        })
      createOutput(wanted(command).json === true).row({ token: kept }, () => kept)
      context.setExitCode(exitFor(0))
    })
  token
    .command('clear')
    .description('forget the token and let every program of this machine in')
    .option('--json', 'one JSON object')
    .action((_options: JsonOption, command: Command) =>
      askStudio(context, wanted(command), {}, async (studio, output) => {
        await studio.handlers['settings.set']({ gatewayToken: false })
        await gatewayToken.forget()
        output.row({ required: false }, () => 'The gateway asks for no token.')
        return exitFor(0)
      }),
    )
}
