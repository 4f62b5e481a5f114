import { describe, expect, it } from 'vitest'
import { describeEndpoint } from '../../../src-main/backends/endpoints.ts'
import { findBaseUrl, isLoopback, ollamaBaseUrlFrom, parseBaseUrl, requireConsent } from '../../../src-main/backends/loopback.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

describe('whether photos would leave this machine', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1.2.3', '2130706433'])
    it(`${host} is here`, () => expect(isLoopback(new URL(`http://${host}:1`))).toBe(true))
  for (const host of ['localhost.evil', '127.0.0.1.nip.io', '192.168.1.5', '10.0.0.1', '0.0.0.0', 'example.com', '[::ffff:7f00:1]']) {
    it(`${host} is not taken for here`, () => expect(isLoopback(new URL(`http://${host}:1`))).toBe(false))
  }
  it('consent belongs to one address', () => {
    const entry = (origin: string) =>
      entrySchema.parse({
        name: 'x',
        backend: 'remote',
        backend_config: { base_url: 'https://a.example/v1' },
        metadata: { endpoint_consent: origin },
      })
    const url = new URL('https://a.example/v1')
    expect(() => requireConsent(entry('https://a.example'), url)).not.toThrow()
    expect(() => requireConsent(entry('https://b.example'), url)).toThrow(expect.objectContaining({ code: 'endpoint-consent-required' }))
  })
})

describe('addresses', () => {
  it('get the usual path, and keep their own', () => {
    expect(parseBaseUrl('http://127.0.0.1:1234').href).toBe('http://127.0.0.1:1234/v1')
    expect(parseBaseUrl('http://127.0.0.1:1234/v1/').href).toBe('http://127.0.0.1:1234/v1')
    expect(parseBaseUrl('https://a.example/api/openai').href).toBe('https://a.example/api/openai')
  })
  for (const bad of ['ftp://x', 'file:///etc/passwd', 'http://user:key@x', 'http://x/?key=1', 'nonsense']) {
    it(`${bad} must be refused`, () => expect(() => parseBaseUrl(bad)).toThrow(expect.objectContaining({ code: 'endpoint-invalid' })))
  }
  it('an entry without any has its backend’s usual port', () => {
    expect(findBaseUrl(entrySchema.parse({ name: 'x', backend: 'vllm' }))?.href).toBe('http://127.0.0.1:24001/v1')
    expect(findBaseUrl(entrySchema.parse({ name: 'x', backend: 'vllm', backend_config: { port: 24_002 } }))?.href).toBe('http://127.0.0.1:24002/v1')
    expect(findBaseUrl(entrySchema.parse({ name: 'x', backend: 'embedded' }))).toBeUndefined()
  })
})

describe('where Ollama is', () => {
  const cases: [string | undefined, string][] = [
    [undefined, 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:9999', 'http://127.0.0.1:9999'],
    ['localhost:12000', 'http://localhost:12000'],
    ['http://127.0.0.1:11500/', 'http://127.0.0.1:11500'],
    ['gpu-box.example:11434', 'http://127.0.0.1:11434'],
    ['::::', 'http://127.0.0.1:11434'],
  ]
  for (const [host, url] of cases) it(`OLLAMA_HOST=${host} must give ${url}`, () => expect(ollamaBaseUrlFrom({ OLLAMA_HOST: host })).toBe(url))
})

describe('a server that the user adds', () => {
  const endpoint = { name: 'Büro GPU', baseUrl: 'http://127.0.0.1:9', servedModelId: 'm', roles: ['caption'], consent: false }
  it('on this machine needs no consent', () =>
    expect(describeEndpoint(endpoint)).toMatchObject({ name: 'Buro-GPU', display_name: 'Büro GPU', backend: 'remote' }))
  it('elsewhere does, and the consent is kept with its address', () => {
    const elsewhere = { ...endpoint, baseUrl: 'https://a.example/v1' }
    expect(() => describeEndpoint(elsewhere)).toThrow(
      expect.objectContaining({ code: 'endpoint-consent-required', data: expect.objectContaining({ origin: 'https://a.example' }) }),
    )
    expect(describeEndpoint({ ...elsewhere, consent: true })).toMatchObject({ metadata: { endpoint_consent: 'https://a.example' } })
  })
  for (const name of ['../../x', '模型', '   ', '-rf']) {
    it(`named ${JSON.stringify(name)} must become a proper name or an error`, () => {
      try {
        expect(describeEndpoint({ ...endpoint, name })['name']).toMatch(/^[A-Za-z0-9][\w.+:()@-]*$/)
      } catch (error) {
        expect(error).toMatchObject({ code: 'endpoint-invalid' })
      }
    })
  }
})
