import { describe, expect, it } from 'vitest'
import { judge } from '../../../src-main/proxy/guard.ts'

const PORT = 8100
const knock = (headers: [string, string][], url = '/v1/models') =>
  judge({ method: 'GET', url, rawHeaders: headers.flat() }, { port: PORT, token: null, origins: [] })
const own: [string, string] = ['Host', '127.0.0.1:8100']

describe('DNS rebinding: the page reaches us under its own name', () => {
  for (const host of ['evil.example', 'localhost.evil:8100', '127.0.0.1.nip.io:8100', '127.0.0.1', '127.0.0.1:8101', 'localhost:8100.evil', '']) {
    it(`Host ${host || '(empty)'} must be refused`, () => expect(knock([['Host', host]])).toEqual({ allowed: false, status: 403 }))
  }
  it('no Host, two Hosts and an absolute address must be refused', () => {
    expect(knock([]).allowed).toBe(false)
    expect(knock([own, ['host', 'evil.example']]).allowed).toBe(false)
    expect(knock([own, own]).allowed).toBe(false)
    expect(knock([own], 'http://127.0.0.1:8100/v1/models').allowed).toBe(false)
  })
  for (const host of ['127.0.0.1:8100', 'localhost:8100', 'LocalHost:8100', '[::1]:8100']) {
    it(`our own name ${host} must pass`, () => expect(knock([['Host', host]])).toMatchObject({ allowed: true }))
  }
})

describe('cross-site requests: a page calls 127.0.0.1 itself', () => {
  for (const origin of ['https://evil.example', 'http://127.0.0.1:8100', 'null', '']) {
    it(`Origin ${origin || '(empty)'} must be refused`, () => expect(knock([own, ['Origin', origin]]).allowed).toBe(false))
  }
  it('an image tag sends no Origin, but tells its site', () => {
    expect(knock([own, ['Sec-Fetch-Site', 'cross-site']]).allowed).toBe(false)
    expect(knock([own, ['Sec-Fetch-Site', 'none']]).allowed).toBe(true)
  })
})

describe('the token', () => {
  const withToken = (headers: [string, string][]) =>
    judge({ method: 'GET', url: '/', rawHeaders: [own, ...headers].flat() }, { port: PORT, token: 'secret', origins: [] })
  it('is needed, whole, and once', () => {
    expect(withToken([])).toEqual({ allowed: false, status: 401 })
    expect(withToken([['Authorization', 'Bearer secre']]).allowed).toBe(false)
    expect(withToken([['Authorization', 'secret']]).allowed).toBe(false)
    expect(
      withToken([
        ['Authorization', 'Bearer secret'],
        ['Authorization', 'Bearer secret'],
      ]).allowed,
    ).toBe(false)
    expect(withToken([['Authorization', 'Bearer secret']])).toMatchObject({ allowed: true })
  })
})
