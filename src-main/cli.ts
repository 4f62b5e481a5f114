#!/usr/bin/env node
/** The command line: the same rooms as the windows, one command a file in commands/. */
import { runCommandLine } from './commands/run-command-line.ts'
import { commandContext } from './node-host.ts'

process.exitCode = await runCommandLine(process.argv, commandContext(import.meta.dirname))
