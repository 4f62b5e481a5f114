import type { AppSlice, Screen } from './app-slice.ts'
import { patch, type Studio } from './studio.ts'

export function go(studio: Studio, screen: Screen): void {
  patch(studio, 'app', { screen, dialog: null })
}

export function openDialog(studio: Studio, dialog: AppSlice['dialog']): void {
  patch(studio, 'app', { dialog })
}

export function closeDialog(studio: Studio): void {
  patch(studio, 'app', { dialog: null })
}
