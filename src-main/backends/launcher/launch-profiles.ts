/** The launch profiles on disk, and the programs that the person named for them. Read anew for every start: starts are rare. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { findErrno, StudioError } from '../../lib/studio-error.ts'
import { type LaunchProfile, parseLaunchProfile } from './launch-profile.ts'

/** The person's own file in the data folder. It alone may name a program by its path. */
export const OVERLAY_FILE = 'backend_launch.user.json'

const overlaySchema = z.strictObject({
  schema_version: z.literal(1),
  /** Profile → absolute path of the program. */
  executables: z.record(
    z.string().regex(/^[a-z0-9_-]{1,64}$/),
    z
      .string()
      .max(4096)
      .refine((file) => path.isAbsolute(file) && !file.includes('\0'), { error: 'must be an absolute path' }),
  ),
})

export interface LaunchProfiles {
  /** Undefined when there is no such profile. @throws StudioError `registry-invalid`. */
  find(name: string): Promise<LaunchProfile | undefined>
  /** Absolute path that the person gave for the profile's program. @throws StudioError `registry-invalid`. */
  chosenExecutable(name: string): Promise<string | undefined>
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (findErrno(error) === 'ENOENT') return undefined
    const reason = `cannot be read (${findErrno(error) ?? 'unknown'})`
    throw new StudioError('registry-invalid', `${path.basename(file)}: ${reason}`, { data: { file: path.basename(file), reason }, cause: error })
  }
}

export function createLaunchProfiles(folders: { configsFolder: string; dataFolder: string }): LaunchProfiles {
  return {
    async find(name) {
      if (!/^[a-z0-9_-]{1,64}$/.test(name)) return undefined
      const text = await readIfThere(path.join(folders.configsFolder, 'backends', `${name}.json`))
      if (text === undefined) return undefined
      const profile = parseLaunchProfile(text, `backends/${name}.json`)
      if (profile.name === name) return profile
      const reason = `name: is ${profile.name}, not the file's`
      throw new StudioError('registry-invalid', `backends/${name}.json: ${reason}`, {
        data: { file: `backends/${name}.json`, field: 'name', reason },
      })
    },
    async chosenExecutable(name) {
      const text = await readIfThere(path.join(folders.dataFolder, OVERLAY_FILE))
      if (text === undefined) return undefined
      try {
        return overlaySchema.parse(JSON.parse(text)).executables[name]
      } catch (error) {
        const issue = error instanceof z.ZodError ? error.issues[0] : undefined
        const reason = issue ? `${issue.path.join('.')}: ${issue.message}` : 'is not JSON'
        throw new StudioError('registry-invalid', `${OVERLAY_FILE}: ${reason}`, { data: { file: OVERLAY_FILE, reason }, cause: error })
      }
    },
  }
}
