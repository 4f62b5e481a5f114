/** The client of the Electron window: what the sandboxed preload exposes as `window.studio`. */
import type { StudioEvent } from '../../src-main/contract/events.ts'
import { mediaAddress } from './media-address.ts'
import { ClientFailure, type Envelope, openEnvelope, type StudioClient } from './studio-client.ts'

export interface StudioBridge {
  request(name: string, input: unknown): Promise<Envelope<unknown>>
  subscribe(listener: (event: StudioEvent) => void): () => void
  admit(files: File[]): Promise<string[]>
}

export function createElectronClient(bridge: StudioBridge): StudioClient {
  return {
    host: 'electron',
    async request(name, input) {
      let envelope: Envelope<unknown>
      try {
        envelope = await bridge.request(name, input)
      } catch {
        throw new ClientFailure({ code: 'connection-lost', message: `The main process did not answer ${name}.` }, 'now')
      }
      return openEnvelope(envelope) as never
    },
    subscribe: (listener) => bridge.subscribe(listener),
    thumbUrl: (photoId, size, contentHash) => mediaAddress('studio-media://thumb', photoId, size, contentHash),
    viewUrl: (photoId, longEdge) => `studio-media://view/${photoId}/${longEdge}`,
    admit: (files) => bridge.admit([...files]),
  }
}
