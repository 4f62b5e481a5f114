import type { Settings } from '../contract/settings.ts'
import type { ProxySettings } from './ports.ts'

/** The person's settings as the proxy takes them. Pure. */
export function proxySettingsFrom(settings: Settings): ProxySettings {
  const { keepLastTurns, gatewayPictureEdge } = settings
  return {
    pictureHosts: settings.pictureHosts,
    origins: settings.gatewayOrigins,
    visionHistory: { enabled: settings.trimConversations, keepLastTurns },
    reasoningHistory: { enabled: settings.trimReasoning, keepLastTurns },
    picture: { longEdge: gatewayPictureEdge === 0 ? null : Math.max(64, gatewayPictureEdge), jpegQuality: settings.gatewayPictureQuality },
  }
}
