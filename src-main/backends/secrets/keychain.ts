/**
 * Keys in the keychain of the operating system (macOS Keychain, Windows Credential Manager, Secret Service on Linux). Where none answers,
 * a key is refused with the reason and kept nowhere else: neither in a file nor in the kernel's keyring, which a restart empties.
 */
import { StudioError } from '../../lib/studio-error.ts'
import type { SecretStore } from '../ports.ts'

const SERVICE = 'ImageWorks Studio'
/** A name that is never kept: asking for it tells whether the keychain answers. */
const PROBE = 'imageworks-probe'
/** A locked keychain may be asking the person for its password. */
const ANSWER_WITHIN_MS = 60_000

interface KeychainItem {
  getPassword(signal?: AbortSignal): Promise<string | null>
  setPassword(value: string, signal?: AbortSignal): Promise<void>
  deleteCredential(signal?: AbortSignal): Promise<boolean>
}
export interface KeychainBinding {
  /** Throws when the machine has no keychain. */
  AsyncEntry: new (
    service: string,
    name: string,
    options: { linux: { store: 'secret-service' } },
  ) => KeychainItem
}

/** Loaded with the first key: a native part that no studio without remote machines needs. */
const loadBinding = (): Promise<KeychainBinding> => import('@napi-rs/keyring')

export function createKeychain({ load = loadBinding }: { load?: () => Promise<KeychainBinding> } = {}): SecretStore {
  const reach = async <T>(name: string, work: (item: KeychainItem, signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      const { AsyncEntry } = await load()
      return await work(new AsyncEntry(SERVICE, name, { linux: { store: 'secret-service' } }), AbortSignal.timeout(ANSWER_WITHIN_MS))
    } catch (error) {
      const reason = reasonOf(error)
      throw new StudioError('secret-missing', `the keychain of this machine does not answer: ${reason}`, {
        data: { name, variable: `the key ${name} in the keychain`, reason },
        cause: error,
      })
    }
  }
  return {
    get: (name) => reach(name, (item, signal) => item.getPassword(signal)),
    set: (name, value) => reach(name, (item, signal) => item.setPassword(value, signal)),
    remove: async (name) => void (await reach(name, (item, signal) => item.deleteCredential(signal))),
    async available() {
      try {
        await reach(PROBE, (item, signal) => item.getPassword(signal))
        return { available: true }
      } catch (error) {
        return { available: false, reason: error instanceof StudioError ? String(error.data['reason']) : reasonOf(error) }
      }
    },
  }
}

function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  return said.replace(/\s+/g, ' ').slice(0, 200)
}
