/** What the proxy does where compose does not say otherwise. */
import type { Admission, ProxySettings } from './ports.ts'

export const DEFAULT_PROXY_SETTINGS: ProxySettings = {
  pictureHosts: [],
  origins: [],
  visionHistory: { enabled: true, keepLastTurns: 1 },
  reasoningHistory: { enabled: false, keepLastTurns: 1 },
  picture: { longEdge: null, jpegQuality: 85 },
}

/** Without a scheduler everybody may use every model at once. */
export const OPEN_ADMISSION: Admission = {
  admit: () => Promise.resolve({ queueMs: 0, loadMs: 0, release: () => undefined }),
}
