/** Reads the prompt profiles that ship with the studio. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parsePromptProfile, type PromptProfile } from './tagging/prompt-profile.ts'

const DEFAULT_NAME = 'default'

/** The default first, the others by name. @throws StudioError `request-invalid` for a file that is no profile */
export async function readPromptProfiles(configsFolder: string): Promise<PromptProfile[]> {
  const folder = path.join(configsFolder, 'prompts')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const profiles = await Promise.all(names.map(async (name) => parsePromptProfile(JSON.parse(await readFile(path.join(folder, name), 'utf8')))))
  return profiles.sort((a, b) => Number(b.name === DEFAULT_NAME) - Number(a.name === DEFAULT_NAME) || a.name.localeCompare(b.name))
}
