/** The browser host, as `npm start` runs it: `imageworks serve` with the same words. */
import { runCommandLine } from './commands/run-command-line.ts'
import { commandContext } from './node-host.ts'

process.exitCode = await runCommandLine([...process.argv.slice(0, 2), 'serve', ...process.argv.slice(2)], commandContext(import.meta.dirname))
