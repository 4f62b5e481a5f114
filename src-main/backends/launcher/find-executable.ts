/** Finds a backend's program by absolute paths alone. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../ports.ts'
import { absoluteFolders } from './launch-environment.ts'

/** Where installers put programs that a desktop session's PATH does not show. */
function usualFolders(environment: Environment, platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return []
  const home = environment['HOME']
  return [...(home && path.isAbsolute(home) ? [path.join(home, '.local', 'bin')] : []), '/usr/local/bin', '/usr/bin', '/opt/homebrew/bin']
}

export async function isExecutableFile(file: string): Promise<boolean> {
  try {
    if (!(await stat(file)).isFile()) return false
    await access(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The first that is there; undefined when none is. @param names Bare names; on Windows their `.exe` alone, since scripts would need a shell. */
export async function findExecutable(names: readonly string[], environment: Environment, platform: NodeJS.Platform): Promise<string | undefined> {
  const folders = [...absoluteFolders(environment, platform), ...usualFolders(environment, platform)]
  for (const name of names) {
    const fileName = platform === 'win32' ? `${name}.exe` : name
    for (const folder of folders) {
      const file = path.join(folder, fileName)
      if (await isExecutableFile(file)) return file
    }
  }
  return undefined
}
