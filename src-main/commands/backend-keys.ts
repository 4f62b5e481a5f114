/** `imageworks backends key …`: keys of remote servers in the keychain, under the name that an entry gives as `backend_config.api_key_name`. */
import type { Command } from 'commander'
import { type CommandContext, exitFor, type JsonOption } from './context.ts'
import { createOutput } from './output.ts'
import { readSecret } from './read-secret.ts'

export function addBackendKeys(program: Command, context: CommandContext): void {
  const backends = program.commands.find((each) => each.name() === 'backends')!
  const key = backends.command('key').description('keys of servers on other machines, kept in the keychain of this system')
  key
    .command('set <name>')
    .description('keep the key that comes on stdin')
    .option('--json', 'one JSON object')
    .action(async (name: string, options: JsonOption) => {
      await context.apiKeys.set(name, await readSecret('Key: '))
      createOutput(options.json === true).row({ name, kept: true }, () => `Kept. Models with backend_config.api_key_name "${name}" use it.`)
      context.setExitCode(exitFor(0))
    })
  key
    .command('clear <name>')
    .description('forget a key')
    .option('--json', 'one JSON object')
    .action(async (name: string, options: JsonOption) => {
      await context.apiKeys.clear(name)
      createOutput(options.json === true).row({ name, kept: false }, () => `Forgotten: ${name}.`)
      context.setExitCode(exitFor(0))
    })
}
