/** The environment of a model server, built up from nothing: what every program needs, what its profile lists, which cards it sees. Pure. */
import path from 'node:path'
import type { Placement } from '../../registry/serving.ts'
import type { Environment } from '../ports.ts'
import type { CardMemory } from './launch-arguments.ts'
import { isLoaderVariable, type LaunchProfile } from './launch-profile.ts'

/** Where things lie and how text is written; no credentials, no proxies, nothing that loads code. */
const BASE: readonly string[] = [
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
]
const WINDOWS_BASE: readonly string[] = [
  'SystemRoot',
  'SystemDrive',
  'windir',
  'ComSpec',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
]

/** Marks everything that descends from one start, so that it can be told from a stranger later. */
export const RUN_VARIABLE = 'IMAGEWORKS_BACKEND_RUN'

/** Absolute folders of PATH, in their order: a relative one would run what lies in a photo folder. */
export function absoluteFolders(environment: Environment, platform: NodeJS.Platform): string[] {
  const rules = platform === 'win32' ? path.win32 : path.posix
  return (environment['PATH'] ?? environment['Path'] ?? '').split(rules.delimiter).filter((folder) => rules.isAbsolute(folder))
}

export function launchEnvironment(options: {
  profile: LaunchProfile
  environment: Environment
  placement: Placement
  cards: readonly Pick<CardMemory, 'index' | 'device'>[]
  run: string
  platform: NodeJS.Platform
}): Record<string, string> {
  const { profile, environment, placement, cards, run, platform } = options
  const rules = platform === 'win32' ? path.win32 : path.posix
  const built: Record<string, string> = {}
  for (const name of [...BASE, ...(platform === 'win32' ? WINDOWS_BASE : []), ...profile.environment.pass]) {
    const value = environment[name]
    if (value !== undefined && !isLoaderVariable(name)) built[name] = value
  }
  const visible = placement.gpus.length > 0 ? placement.gpus.map((gpu) => cards.find(({ index }) => index === gpu)?.device ?? gpu).join(',') : '-1'
  return {
    ...built,
    ...profile.environment.set,
    PATH: absoluteFolders(environment, platform).join(rules.delimiter),
    // The driver's tool counts cards by their place on the bus; CUDA counts the fastest first unless told.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: visible,
    HIP_VISIBLE_DEVICES: visible,
    [RUN_VARIABLE]: run,
  }
}
