import { createBrowserClient, exchangeToken } from './browser-client.ts'
import { createElectronClient, type StudioBridge } from './electron-client.ts'
import type { StudioClient } from './studio-client.ts'

/**
 * The client of this page: the Electron bridge where the preload put one; a library in memory when the address asks
 * for it (`?client=memory`: development and tests); else the browser host.
 */
export async function openClient(page: Window & { studio?: StudioBridge }): Promise<StudioClient> {
  if (page.studio) return createElectronClient(page.studio)
  const wishes = new URLSearchParams(page.location.search)
  if (wishes.get('client') === 'memory') {
    const { createMemoryClient } = await import('./memory/memory-client.ts')
    const scene = wishes.get('scene')
    const machine = wishes.get('machine')
    return createMemoryClient({
      scene: scene === 'empty' || scene === 'failing' ? scene : 'full',
      photoCount: Number(wishes.get('photos') ?? 48),
      admits: wishes.get('admits') === 'yes',
      machine: machine === 'two-cards' || machine === 'shared' ? machine : 'none',
    })
  }
  await exchangeToken(page)
  return createBrowserClient(page)
}
