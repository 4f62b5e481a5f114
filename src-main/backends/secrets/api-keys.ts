/** Keys of servers on other machines, as a person keeps and forgets them: under the names that entries give as `api_key_name`. */
import { StudioError } from '../../lib/studio-error.ts'
import { KEY_NAME_PATTERN } from '../../registry/entry.ts'
import type { SecretStore } from '../ports.ts'

/** @throws StudioError `invalid-request` for a name that no entry can have, `secret-missing` (data {reason}) when no keychain answers. */
export interface ApiKeys {
  /** @throws StudioError `invalid-request` for a key that does not fit into a header. */
  set(name: string, key: string): Promise<void>
  clear(name: string): Promise<void>
}

export function createApiKeys(secrets: SecretStore): ApiKeys {
  const checked = (name: string): string => {
    if (KEY_NAME_PATTERN.test(name)) return name
    throw new StudioError('invalid-request', `"${name.slice(0, 80)}" is no name of a key: up to 128 letters, digits and the signs . _ - only.`)
  }
  return {
    async set(name, key) {
      const under = checked(name)
      if (!/^[\x21-\x7e]+$/.test(key)) throw new StudioError('invalid-request', 'A key is one word without blanks and special letters.')
      await secrets.set(under, key)
    },
    clear: async (name) => secrets.remove(checked(name)),
  }
}
