import path from 'node:path'
import type { Command } from 'commander'
import { type CommandContext, exitFor, withStudio } from './context.ts'
import { portNumber } from './numbers.ts'

export function addHosts(program: Command, context: CommandContext): void {
  program
    .command('proxy')
    .description('serve the OpenAI-compatible endpoint on this machine until stopped')
    .option('--port <n>', 'first port to try', portNumber)
    .option('--json', 'one JSON object: where it listens')
    .action((options: { port?: number; json?: boolean }) =>
      withStudio(context, options, { proxy: true, proxyPort: options.port, preload: true }, async (studio, output) => {
        const { proxyUrl, proxyNote } = await studio.handlers['app.info']({})
        output.row({ url: proxyUrl, note: proxyNote }, () => `Listening on ${proxyUrl}${proxyNote ? ` (${proxyNote})` : ''}. Ctrl+C stops.`)
        await context.untilStopped()
        return exitFor(0)
      }),
    )

  program
    .command('serve')
    .description('the studio in a browser window')
    .argument('[paths...]', 'folders to open')
    .option('--port <n>', 'port on 127.0.0.1; any free one when left out', portNumber, 0)
    .option(
      '--root <folder>',
      'folder that the window may browse, repeatable',
      (word: string, all: string[]) => [...all, path.resolve(word)],
      [] as string[],
    )
    .option('--no-open', 'only print the address')
    .action((paths: string[], options: { port: number; root: string[]; open: boolean }) =>
      context.startBrowserHost({ paths, roots: options.root, port: options.port, open: options.open }),
    )
}
