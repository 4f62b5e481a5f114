import { describe, expect, it } from 'vitest'
import { createAuthorize } from '../../../src-main/backends/secrets/authorization.ts'
import { createKeychain, type KeychainBinding } from '../../../src-main/backends/secrets/keychain.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const entryOf = (config: Record<string, unknown>) => entrySchema.parse({ name: 'cluster', backend: 'remote', backend_config: config })

/** The binding's own words, kept in memory; `calls` tells which store was asked for. */
function bindingOf(kept: Map<string, string>, broken?: Error) {
  const calls: unknown[] = []
  class AsyncEntry {
    readonly key: string
    constructor(service: string, name: string, options: unknown) {
      calls.push(options)
      if (broken) throw broken
      this.key = `${service}/${name}`
    }
    getPassword = async () => kept.get(this.key) ?? null
    setPassword = async (value: string) => void kept.set(this.key, value)
    deleteCredential = async () => kept.delete(this.key)
  }
  return { calls, load: async (): Promise<KeychainBinding> => ({ AsyncEntry }) }
}

describe('the keychain', () => {
  it('keeps, gives and forgets under our own name, and never in the store that a restart empties', async () => {
    const kept = new Map<string, string>()
    const { calls, load } = bindingOf(kept)
    const keychain = createKeychain({ load })
    expect(await keychain.get('a')).toBeNull()
    await keychain.set('a', 'sk-1')
    expect([...kept]).toEqual([['ImageWorks Studio/a', 'sk-1']])
    expect(await keychain.get('a')).toBe('sk-1')
    await keychain.remove('a')
    await keychain.remove('a')
    expect(await keychain.get('a')).toBeNull()
    expect(await keychain.available()).toEqual({ available: true })
    expect(new Set(calls.map((options) => JSON.stringify(options)))).toEqual(new Set(['{"linux":{"store":"secret-service"}}']))
  })

  it('that does not answer refuses with the reason, and no key is kept anywhere', async () => {
    const kept = new Map<string, string>()
    const keychain = createKeychain({ load: bindingOf(kept, new Error('no such\n  service')).load })
    expect(await keychain.available()).toEqual({ available: false, reason: 'no such service' })
    for (const refused of [keychain.get('a'), keychain.set('a', 'sk-1'), keychain.remove('a')]) {
      await expect(refused).rejects.toMatchObject({ code: 'secret-missing', data: { name: 'a', reason: 'no such service' } })
    }
    expect(kept.size).toBe(0)
    const told = await keychain.set('a', 'sk-very-secret').catch((error: Error) => JSON.stringify(error) + error.message)
    expect(told).not.toContain('sk-very-secret')
  })

  it('whose binding was not made for this machine is a reason, not a crash', async () => {
    const keychain = createKeychain({ load: () => Promise.reject(new Error('Cannot find native binding')) })
    expect(await keychain.available()).toEqual({ available: false, reason: 'Cannot find native binding' })
  })

  it('of this machine answers or says why not', async () => {
    const keychain = createKeychain()
    const answer = await keychain.available()
    if (!answer.available) return expect(answer.reason).not.toBe('')
    const name = `test-${process.pid}`
    await keychain.set(name, 'sk-ü')
    expect(await keychain.get(name)).toBe('sk-ü')
    await keychain.remove(name)
    expect(await keychain.get(name)).toBeNull()
  })
})

describe('the header of a server', () => {
  const kept = new Map([['ImageWorks Studio/cluster', ' sk-kept\n']])
  const authorize = createAuthorize({ environment: { KEY: 'sk-env', EMPTY: ' ' }, secrets: createKeychain({ load: bindingOf(kept).load }) })
  const cases: [string, Record<string, unknown>, Record<string, string>][] = [
    ['no key is asked for', {}, {}],
    ['the variable', { api_key_env: 'KEY' }, { authorization: 'Bearer sk-env' }],
    ['the keychain', { api_key_name: 'cluster' }, { authorization: 'Bearer sk-kept' }],
    ['the variable before the keychain', { api_key_env: 'KEY', api_key_name: 'cluster' }, { authorization: 'Bearer sk-env' }],
    ['the keychain where the variable is empty', { api_key_env: 'EMPTY', api_key_name: 'cluster' }, { authorization: 'Bearer sk-kept' }],
  ]
  for (const [what, config, headers] of cases) it(what, async () => expect(await authorize(entryOf(config))).toEqual(headers))
  for (const config of [{ api_key_env: 'NONE' }, { api_key_name: 'none' }, { api_key_env: 'NONE', api_key_name: 'none' }]) {
    it(`${JSON.stringify(config)}: missing, told by name`, async () => {
      const variable = 'api_key_env' in config ? 'NONE' : 'the key none in the keychain'
      await expect(authorize(entryOf(config))).rejects.toMatchObject({ code: 'secret-missing', data: { name: 'cluster', variable } })
    })
  }
})
