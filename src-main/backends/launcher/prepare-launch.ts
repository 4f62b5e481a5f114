/** Everything that has to be there before a model's server can be started, checked in the order in which a person would put it right. */
import { StudioError } from '../../lib/studio-error.ts'
import { backendOf, type RegistryEntry } from '../../registry/entry.ts'
import type { Placement } from '../../registry/serving.ts'
import type { Environment } from '../ports.ts'
import type { Launch } from './launch-child.ts'
import { checkExtraArguments, type ExtraArguments } from './extra-arguments.ts'
import { findExecutable, isExecutableFile } from './find-executable.ts'
import { findWeights, type Weights } from './find-weights.ts'
import { argumentValues, buildArguments, type CardMemory } from './launch-arguments.ts'
import { launchEnvironment } from './launch-environment.ts'
import type { LaunchProfile } from './launch-profile.ts'
import type { LaunchProfiles } from './launch-profiles.ts'
import { fileStemOf } from './file-stem.ts'

const SERVED_ID = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._:@()+/-]{0,200}$/

interface Checked {
  profile: LaunchProfile
  executable: string
  extra: ExtraArguments
  weights: Weights
}

export interface PrepareLaunch {
  /** @throws StudioError `backend-start-failed` (data {name, cause, remedy}), `weights-missing`, `registry-invalid`. */
  check(entry: RegistryEntry): Promise<Checked>
  /** @throws The same. */
  launch(entry: RegistryEntry, placement: Placement, cards: readonly CardMemory[], tensorParallel: number | undefined): Promise<Launch>
}

/** The name that the server is told to answer to; an id that would not be one argument's worth of plain text gives way to the entry's name. */
export function servedIdOf(entry: RegistryEntry): string {
  return entry.served_model_id !== null && SERVED_ID.test(entry.served_model_id) ? entry.served_model_id : entry.name
}

export function createPrepareLaunch(options: {
  launchProfiles: LaunchProfiles
  environment: Environment
  platform: NodeJS.Platform
  userExtraArgs: (entry: RegistryEntry) => readonly string[] | Promise<readonly string[]>
}): PrepareLaunch {
  const { launchProfiles, environment, platform, userExtraArgs } = options

  const fail = (entry: RegistryEntry, cause: string, message: string, remedy: string) =>
    new StudioError('backend-start-failed', `${entry.name} cannot be started: ${message}`, { data: { name: entry.name, cause, remedy, logTail: [] } })

  const profileOf = async (entry: RegistryEntry): Promise<LaunchProfile> => {
    const backend = backendOf(entry)
    const wanted = entry.backend_config.launch_profile ?? backend
    const profile = await launchProfiles.find(wanted)
    if (!profile) throw fail(entry, 'profile-missing', `there is no launch profile ${wanted}`, 'Name a launch profile that ships with the studio.')
    if (profile.backend !== backend) {
      throw fail(
        entry,
        'profile-missing',
        `the launch profile ${wanted} is for ${profile.backend}, not for ${backend}`,
        'Name a launch profile of the backend.',
      )
    }
    if (profile.platforms && !profile.platforms.some((each) => each === platform)) {
      throw fail(
        entry,
        'executable-missing',
        `${wanted} does not run on this system`,
        'Run the studio where it does, for example in WSL2, or choose another model.',
      )
    }
    return profile
  }

  const executableOf = async (entry: RegistryEntry, profile: LaunchProfile): Promise<string> => {
    const chosen = await launchProfiles.chosenExecutable(profile.name)
    if (chosen !== undefined) {
      if (await isExecutableFile(chosen)) return chosen
      throw fail(entry, 'executable-missing', `${chosen} is not a program that can be run`, 'Correct the path of the program in the settings.')
    }
    const found = await findExecutable(profile.executables, environment, platform)
    if (found === undefined) throw fail(entry, 'executable-missing', `${profile.executables[0]} is not installed`, profile.install_hint)
    return found
  }

  const check = async (entry: RegistryEntry): Promise<Checked> => {
    fileStemOf(entry.name)
    const profile = await profileOf(entry)
    const extraArgs = entry.backend_config.extra_args ?? []
    const extra = checkExtraArguments({ name: entry.name, profile, extraArgs, userArgs: await userExtraArgs(entry) })
    const executable = await executableOf(entry, profile)
    return { profile, executable, extra, weights: await findWeights(entry, profile.weights, environment) }
  }

  return {
    check,
    async launch(entry, placement, cards, tensorParallel) {
      const { profile, executable, extra, weights } = await check(entry)
      const servedId = servedIdOf(entry)
      const values = argumentValues({ entry, extra, placement, cards, ...weights, servedName: servedId, tensorParallel })
      return {
        profile,
        executable,
        argsFor: (port) => buildArguments(profile, { ...values, port: String(port) }, extra),
        environmentFor: (run) => launchEnvironment({ profile, environment, placement, cards, run, platform }),
        servedId,
        placement,
      }
    },
  }
}
