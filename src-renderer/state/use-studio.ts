import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
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
