/**
 * The token that other programs must show at the gateway, when the setting asks for one. It lives in the keychain alone. Where the keychain
 * does not answer, the gateway is closed to everybody but the studio itself: a door that was locked never stands open for want of a key.
 */
import { randomBytes } from 'node:crypto'
import { StudioError } from '../../lib/studio-error.ts'
import type { SecretStore } from '../ports.ts'

/** The blank keeps it apart from every `api_key_name`, so that no entry can send it to a server of somebody else. */
const KEPT_AS = 'gateway token'
/** One word that fits into a header; shorter ones could be guessed. */
const TOKEN = /^[\x21-\x7e]{16,200}$/

const makeToken = (): string => randomBytes(32).toString('base64url')

/** @throws StudioError `secret-missing` (data {reason}) when no keychain answers. */
export interface GatewayToken {
  /** What a request must show now; null: everybody on this machine may come in. */
  current(): string | null
  /** Reads the kept one, if the setting asks for it. Never rejects; `problem` gets what went wrong. */
  open(problem: (error: StudioError) => void): Promise<void>
  /** The kept one, else a new one that is kept from now on. */
  ensure(): Promise<string>
  /** For the sentence of a person; null when none is kept. */
  kept(): Promise<string | null>
  /** @param token Default: a new one. @throws StudioError `invalid-request` for one that is no single word of 16 to 200 characters. */
  replace(token?: string): Promise<string>
  forget(): Promise<void>
}

export function createGatewayToken({ secrets, isRequired }: { secrets: SecretStore; isRequired: () => boolean }): GatewayToken {
  /** Known to the studio's own caller alone, until the keychain has answered. */
  let held = makeToken()
  const keep = async (token: string): Promise<string> => {
    await secrets.set(KEPT_AS, token)
    held = token
    return token
  }
  const kept = async (): Promise<string | null> => {
    const token = (await secrets.get(KEPT_AS))?.trim()
    return token !== undefined && TOKEN.test(token) ? token : null
  }
  return {
    current: () => (isRequired() ? held : null),
    kept,
    async open(problem) {
      if (!isRequired()) return
      try {
        const token = await kept()
        if (token !== null) held = token
        else throw new StudioError('secret-missing', 'no token of the gateway is kept', { data: { name: 'the gateway', variable: 'its token' } })
      } catch (error) {
        problem(error instanceof StudioError ? error : new StudioError('internal', 'the token of the gateway could not be read', { cause: error }))
      }
    },
    async ensure() {
      const token = await kept()
      if (token === null) return keep(makeToken())
      held = token
      return token
    },
    async replace(token = makeToken()) {
      if (!TOKEN.test(token)) throw new StudioError('invalid-request', 'A token is one word of 16 to 200 letters, digits and signs.')
      return keep(token)
    },
    async forget() {
      await secrets.remove(KEPT_AS)
      held = makeToken()
    },
  }
}
