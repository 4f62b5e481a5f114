/** The header that opens a server of somebody else, from wherever the entry says that its key is. */
import { StudioError } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { Environment, SecretStore } from '../ports.ts'

/** @throws StudioError `secret-missing` with data {name, variable, reason?}. */
export type Authorize = (entry: RegistryEntry) => Promise<Record<string, string>>

export function createAuthorize({ environment, secrets }: { environment: Environment; secrets: SecretStore }): Authorize {
  const find = async (entry: RegistryEntry): Promise<string | null> => {
    const { api_key_env: variable, api_key_name: keyName } = entry.backend_config
    const fromEnvironment = variable ? environment[variable]?.trim() : undefined
    if (fromEnvironment) return fromEnvironment
    if (keyName) {
      const kept = (await secrets.get(keyName))?.trim()
      if (kept) return kept
    }
    if (!variable && !keyName) return null
    const where = [variable && `the environment variable ${variable}`, keyName && `the keychain under ${keyName}`].filter(Boolean).join(' or ')
    throw new StudioError('secret-missing', `${entry.name} needs its key in ${where}`, {
      data: { name: entry.name, variable: variable ?? `the key ${keyName} in the keychain` },
    })
  }
  return async (entry) => {
    const key = await find(entry)
    // A line break would end the header and begin another.
    if (key !== null && !/^[\x21-\x7e]+$/.test(key)) {
      throw new StudioError('secret-missing', `the key of ${entry.name} holds characters that no key may have`, {
        data: { name: entry.name, variable: entry.backend_config.api_key_env ?? entry.backend_config.api_key_name },
      })
    }
    const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` }
    return headers
  }
}
