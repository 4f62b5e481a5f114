/** Names of the IPC channels, shared by the preload and the main process. */
export const CHANNELS = { request: 'studio:request', admit: 'studio:admit', event: 'studio:event' } as const
