import { describe, expect, it } from 'vitest'
import type { SecretStore } from '../../../src-main/backends/ports.ts'
import { createApiKeys } from '../../../src-main/backends/secrets/api-keys.ts'
import { createGatewayToken } from '../../../src-main/backends/secrets/gateway-token.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

function keychain(given: { answers: boolean } = { answers: true }) {
  const kept = new Map<string, string>()
  const reach = () => {
    if (!given.answers) throw new StudioError('secret-missing', 'no keychain', { data: { reason: 'no such service' } })
  }
  const secrets: SecretStore = {
    get: async (name) => (reach(), kept.get(name) ?? null),
    set: async (name, value) => (reach(), void kept.set(name, value)),
    remove: async (name) => (reach(), void kept.delete(name)),
    available: async () => ({ available: true }),
  }
  return { kept, secrets }
}

describe('the token of the gateway', () => {
  it('counts only while the setting asks for it, and is made once', async () => {
    const { kept, secrets } = keychain()
    let isRequired = false
    const token = createGatewayToken({ secrets, isRequired: () => isRequired })
    expect(token.current()).toBeNull()
    const made = await token.ensure()
    expect(token.current()).toBeNull()
    isRequired = true
    expect(token.current()).toBe(made)
    expect(made).toMatch(/^[\w-]{43}$/)
    expect(await token.ensure()).toBe(made)
    expect([...kept.values()]).toEqual([made])
    const later = createGatewayToken({ secrets, isRequired: () => isRequired })
    await later.open(() => expect.unreachable())
    expect(later.current()).toBe(made)
  })

  it('whose keychain is silent must close the gateway, not open it, and say why', async () => {
    const token = createGatewayToken({ secrets: keychain({ answers: false }).secrets, isRequired: () => true })
    const problems: StudioError[] = []
    await token.open((error) => problems.push(error))
    expect(token.current()).toMatch(/^[\w-]{43}$/)
    expect(problems).toMatchObject([{ code: 'secret-missing', data: { reason: 'no such service' } }])
    await expect(token.ensure()).rejects.toMatchObject({ code: 'secret-missing' })
  })

  it('that is forgotten, too short or no word must let nobody in with it', async () => {
    const { kept, secrets } = keychain()
    const token = createGatewayToken({ secrets, isRequired: () => true })
    for (const bad of ['short', 'two words and more', 'line\nbreak-line-break', 'é'.repeat(20), 'x'.repeat(201)]) {
      await expect(token.replace(bad)).rejects.toMatchObject({ code: 'invalid-request' })
    }
    expect(await token.replace('a-token-of-my-own')).toBe('a-token-of-my-own')
    expect(token.current()).toBe('a-token-of-my-own')
    await token.forget()
    expect(await token.kept()).toBeNull()
    expect(token.current()).not.toBe('a-token-of-my-own')
    kept.set([...kept.keys()][0] ?? 'gateway token', 'spoiled\n')
    expect(await token.kept()).toBeNull()
  })

  it('is kept under a name that no entry can send to another server', async () => {
    const { kept, secrets } = keychain()
    await createGatewayToken({ secrets, isRequired: () => true }).ensure()
    const [name] = [...kept.keys()]
    expect(entrySchema.safeParse({ name: 'thief', backend: 'remote', backend_config: { api_key_name: name } }).success).toBe(false)
    await expect(createApiKeys(secrets).set(name!, 'x')).rejects.toMatchObject({ code: 'invalid-request' })
    await expect(createApiKeys(secrets).clear(name!)).rejects.toMatchObject({ code: 'invalid-request' })
  })
})

describe('keys of other servers', () => {
  it('are kept and forgotten by name; what would break the header is refused and not kept', async () => {
    const { kept, secrets } = keychain()
    const keys = createApiKeys(secrets)
    await keys.set('cluster', 'sk-1')
    expect([...kept]).toEqual([['cluster', 'sk-1']])
    await expect(keys.set('cluster', 'sk-1\r\nX-Evil: 1')).rejects.toMatchObject({ code: 'invalid-request' })
    await keys.clear('cluster')
    expect(kept.size).toBe(0)
  })
})
