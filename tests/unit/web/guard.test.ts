import { describe, expect, it } from 'vitest'
import { findCookie, refuse, sameSecret } from '../../../src-main/web/guard.ts'

const knock = (over: Partial<Parameters<typeof refuse>[0]> = {}) => ({
  host: '127.0.0.1:5000',
  origin: undefined,
  method: 'POST',
  contentType: 'application/json',
  ...over,
})

describe('refuse', () => {
  it.each([
    ['ours by address', {}, undefined],
    ['ours by name', { host: 'localhost:5000', origin: 'http://localhost:5000' }, undefined],
    ['a rebound name', { host: 'evil.example:5000' }, 403],
    ['a name that ends like ours', { host: 'localhost.evil:5000' }, 403],
    ['an address in a name', { host: '127.0.0.1.nip.io:5000' }, 403],
    ['another port', { host: '127.0.0.1:5001' }, 403],
    ['no host', { host: undefined }, 403],
    ['a foreign page', { origin: 'https://evil.example' }, 403],
    ['a page on another port of this machine', { origin: 'http://127.0.0.1:3000' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['a form', { contentType: 'application/x-www-form-urlencoded' }, 415],
    ['plain text', { contentType: 'text/plain' }, 415],
    ['no type', { contentType: undefined }, 415],
    ['a type that begins like JSON', { contentType: 'application/jsonp' }, 415],
    ['JSON with a charset', { contentType: 'application/json; charset=utf-8' }, undefined],
    ['a preflight', { method: 'OPTIONS' }, 403],
  ])('%s', (_name, over, status) => {
    expect(refuse(knock(over), 5000)).toBe(status)
  })
})

describe('secrets', () => {
  it('are the same only when all of them is', () => {
    expect(sameSecret('abc', 'abc')).toBe(true)
    for (const other of ['', 'ab', 'abcd', 'abd']) expect(sameSecret(other, 'abc')).toBe(false)
  })
  it('come from the cookie of that very name', () => {
    expect(findCookie('a=1; imageworks-5000=x=y; b=2', 'imageworks-5000')).toBe('x=y')
    expect(findCookie('imageworks-50=1', 'imageworks-5000')).toBeUndefined()
    expect(findCookie(undefined, 'imageworks-5000')).toBeUndefined()
  })
})
