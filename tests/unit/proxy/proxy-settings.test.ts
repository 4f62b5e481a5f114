/** A setting that reaches nothing is decoration; what the proxy does with each is shown by the tests of its routes. */
import { expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '../../../src-main/contract/settings.ts'
import { DEFAULT_PROXY_SETTINGS } from '../../../src-main/proxy/defaults.ts'
import { proxySettingsFrom } from '../../../src-main/proxy/proxy-settings.ts'

it('without a change they are what the proxy does by itself', () => {
  expect(proxySettingsFrom(DEFAULT_SETTINGS)).toEqual(DEFAULT_PROXY_SETTINGS)
})
it.each([
  [{ trimConversations: false }, { visionHistory: { enabled: false, keepLastTurns: 1 } }],
  [{ keepLastTurns: 4 }, { visionHistory: { enabled: true, keepLastTurns: 4 }, reasoningHistory: { enabled: false, keepLastTurns: 4 } }],
  [{ trimReasoning: true }, { reasoningHistory: { enabled: true, keepLastTurns: 1 } }],
  [{ gatewayPictureEdge: 1024 }, { picture: { longEdge: 1024, jpegQuality: 85 } }],
  [{ gatewayPictureQuality: 60 }, { picture: { longEdge: null, jpegQuality: 60 } }],
  [{ pictureHosts: ['pictures.example'] }, { pictureHosts: ['pictures.example'] }],
  [{ gatewayOrigins: ['https://tool.example'] }, { origins: ['https://tool.example'] }],
])('%o reaches it', (change, expected) => {
  expect(proxySettingsFrom({ ...DEFAULT_SETTINGS, ...change })).toMatchObject(expected)
})
