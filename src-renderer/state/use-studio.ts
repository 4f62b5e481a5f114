import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { KeyGroup } from './keymap.ts'
import type { Studio, StudioState } from './studio.ts'

export const StudioContext = createContext<Studio | null>(null)

export function useStudio(): Studio {
  const studio = useContext(StudioContext)
  if (studio === null) throw new Error('useStudio needs a StudioContext around it')
  return studio
}

/** Part of the state. The selector must return something stored, not something new on every call. */
export function useStudioState<T>(selector: (state: StudioState) => T): T {
  return useStore(useStudio().store, selector)
}

/** The first key of an action, for the hint on its button; undefined where the user took its keys away. */
export function useKeyOf(group: KeyGroup, action: string): string | undefined {
  return useStudioState((state) => (state.app.keymap[group] as Readonly<Record<string, readonly string[]>>)[action]?.[0])
}
