/** The active deployment profile: which are there, which one holds and why. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Gpu, ProfileState } from '../contract/model.ts'
import type { Clock } from '../lib/clock.ts'
import { profileEffects } from '../registry/profile-effects.ts'
import { chooseProfile, getProfile, parseProfiles, type Profile, PROFILE_VARIABLE, type ProfileChoice } from '../registry/profiles.ts'
import { BriefCache } from './brief-cache.ts'
import type { Environment, ReadGpus, SettingsStore } from './ports.ts'

const PROFILE_KEY = 'profile.chosen'
const GPU_FRESH_MS = 30_000
const FILE = 'deployment_profiles.json'

export interface Deployment {
  /** Cards that can serve models; some seconds old. */
  gpus(): Promise<readonly Gpu[]>
  profiles(): Promise<Profile[]>
  /** @param override A profile for this question alone. @throws StudioError `profile-unknown`. */
  choice(override?: string): Promise<ProfileChoice>
  state(): Promise<ProfileState>
  /** Null goes back to the detected one. @throws StudioError `profile-unknown`. */
  set(name: string | null): Promise<void>
}

export function createDeployment(options: {
  configsFolder: string
  settings: SettingsStore
  readGpus: ReadGpus
  environment: Environment
  clock: Clock
}): Deployment {
  const { configsFolder, settings, readGpus, environment, clock } = options
  const gpuCache = new BriefCache<Gpu[]>(clock, GPU_FRESH_MS)
  const gpus = () => gpuCache.get('gpus', async () => (await readGpus()).gpus)
  let parsed: Promise<Profile[]> | null = null

  const profiles = (): Promise<Profile[]> => {
    parsed ??= readFile(path.join(configsFolder, FILE), 'utf8').then((text) => parseProfiles(text, FILE))
    parsed.catch(() => {
      parsed = null
    })
    return parsed
  }

  const choice = async (override?: string): Promise<ProfileChoice> => {
    const [known, cards] = await Promise.all([profiles(), gpus()])
    const stored = settings.get(PROFILE_KEY)
    const chosen = typeof stored === 'string' ? stored : null
    if (override !== undefined) {
      const detected = chooseProfile({ profiles: known, environmentName: undefined, chosen: null, gpus: cards }).detected
      return { active: getProfile(known, override), detected, reason: 'asked for' }
    }
    return chooseProfile({ profiles: known, environmentName: environment[PROFILE_VARIABLE], chosen, gpus: cards })
  }

  return {
    gpus,
    profiles,
    choice,
    async state() {
      const [known, { active, detected, reason }, cards] = await Promise.all([profiles(), choice(), gpus()])
      // The active one as it holds here, the others as they are written.
      const available = known.map((listed) => {
        const profile = listed.name === active.name ? active : listed
        return { name: profile.name, description: profile.description, maxVramMb: profile.max_vram_mb, effects: profileEffects(profile) }
      })
      return { active: active.name, detected, reason, gpus: cards, available }
    },
    async set(name) {
      settings.set(PROFILE_KEY, name === null ? null : getProfile(await profiles(), name).name)
    },
  }
}
