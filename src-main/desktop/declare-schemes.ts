/** Must run before the application is ready. Runs in the main process. */
import { protocol } from 'electron'

export function declareSchemes(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'studio', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    { scheme: 'studio-media', privileges: { standard: true, secure: true } },
  ])
}
