/** One model in depth: how it is served, what it takes, the log of its server. */
import type { ServingView } from '../../src-main/contract/engine.ts'
import { ask, patch, type Studio } from './studio.ts'

export async function showModel(studio: Studio, name: string): Promise<void> {
  const [detail, serving, log] = await Promise.all([
    ask(studio, 'models.show', { name }),
    ask(studio, 'backends.view', {}),
    ask(studio, 'backends.log', { name }),
  ])
  if (detail && serving) patch(studio, 'models', { shown: { detail, serving, lines: log?.lines ?? [] } })
}

export function hideModel(studio: Studio): void {
  patch(studio, 'models', { shown: null })
}

/** Loading takes minutes; the dialog may be closed meanwhile. */
export async function changeServing(studio: Studio, name: string, change: 'load' | 'unload' | 'pin' | 'unpin'): Promise<void> {
  patch(studio, 'models', { serving: name })
  await serve(studio, name, change)
  patch(studio, 'models', { serving: null })
  if (studio.store.getState().models.shown?.detail.name === name) await showModel(studio, name)
}

function serve(studio: Studio, name: string, change: 'load' | 'unload' | 'pin' | 'unpin'): Promise<ServingView | undefined> {
  if (change === 'load') return ask(studio, 'backends.load', { name })
  if (change === 'unload') return ask(studio, 'backends.unload', { name })
  return ask(studio, 'backends.pin', { name, pinned: change === 'pin' })
}
