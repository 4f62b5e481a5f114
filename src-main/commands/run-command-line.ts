/** Reads the words of the command line, runs one command, and turns every error into a sentence and an exit code: 0 done, 1 failed, 2 usage. */
import { Command, CommanderError } from 'commander'
import { StudioError } from '../lib/studio-error.ts'
import type { CommandContext } from './context.ts'
import { addBackendKeys } from './backend-keys.ts'
import { addBackends } from './backends.ts'
import { addDecide } from './decide.ts'
import { addDoctor } from './doctor.ts'
import { addHosts } from './hosts.ts'
import { addImport } from './import.ts'
import { addMetadata } from './metadata.ts'
import { addModels } from './models.ts'
import { addMono } from './mono.ts'
import { addProfile } from './profile.ts'
import { addProxyToken } from './proxy-token.ts'
import { EXIT, sentenceFor } from './output.ts'
import { addSettings } from './settings.ts'
import { addTag } from './tag.ts'
import { addVram } from './vram.ts'
import { addWrite } from './write.ts'

/** Errors that mean the words of the command were wrong, not that the work failed. */
const USAGE_CODES = new Set([
  'invalid-request',
  'profile-unknown',
  'role-unknown',
  'model-unknown',
  'model-ambiguous',
  'prompt-unknown',
  'registry-version-unknown',
])

export async function runCommandLine(
  argv: readonly string[],
  context: Omit<CommandContext, 'setExitCode' | 'registryFile'> & { version: string },
): Promise<number> {
  let exitCode: number = EXIT.done
  const program = new Command('imageworks')
  const full: CommandContext = {
    ...context,
    get registryFile() {
      return program.opts<{ registry?: string }>().registry
    },
    openStudio: (options) => context.openStudio({ ...options, registryFile: full.registryFile }),
    setExitCode: (code) => {
      exitCode = code
    },
  }
  program
    .description('Propose captions, keywords and descriptions for photos, review them, and save them to XMP. Every write can be taken back.')
    .version(context.version)
    .option('--registry <file>', 'read another registry file; your own changes to the model list then have no say')
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError('("imageworks --help" lists the commands)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 some items failed, 2 wrong usage. The data folder is IMAGEWORKS_HOME, or the place your system keeps application data.',
    )
  for (const add of [
    addImport,
    addTag,
    addDecide,
    addWrite,
    addMono,
    addMetadata,
    addSettings,
    addModels,
    addProfile,
    addBackends,
    addBackendKeys,
    addVram,
    addHosts,
    addProxyToken,
    addDoctor,
  ])
    add(program, full)

  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.someFailed))
  try {
    await program.parseAsync([...argv])
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    process.stderr.write(`${sentenceFor(error)}\n`)
    return error instanceof StudioError && USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.someFailed
  }
}
