import { describe, expect, it } from 'vitest'
import { isTrustedSender } from '../../../src-main/desktop/sender-gate.ts'

describe('isTrustedSender', () => {
  const allowed = ['studio://app']
  it.each([
    ['our page', 'studio://app/index.html', true, true],
    ['our page in a sub-frame', 'studio://app/index.html', false, false],
    ['a page of the web', 'https://example.com/', true, false],
    ['a file', 'file:///etc/passwd', true, false],
    ['a host that begins like ours', 'studio://app.example/index.html', true, false],
    ['the media scheme', 'studio-media://thumb/1/320', true, false],
    ['no address', undefined, true, false],
    ['no address at all', 'about:blank', true, false],
    ['rubbish', '::', true, false],
  ])('%s', (_name, url, isTop, trusted) => {
    expect(isTrustedSender(url, isTop, allowed)).toBe(trusted)
  })
})
