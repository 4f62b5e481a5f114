/** Kind, range and default of every setting, for the settings screen. A test holds this table against the contract. */
import type { Settings } from '../../src-main/contract/settings.ts'

export type Control<T> =
  | { kind: 'choice'; options: readonly T[]; fallback: T }
  | { kind: 'number'; min: number; max: number; fallback: number }
  | { kind: 'switch'; fallback: boolean }

export const SETTING_CONTROLS = {
  theme: { kind: 'choice', options: ['system', 'light', 'dark'], fallback: 'system' },
  taggingConcurrency: { kind: 'number', min: 1, max: 32, fallback: 2 },
  embeddedGraceSeconds: { kind: 'number', min: 1, max: 86_400, fallback: 300 },
  thumbnailCacheMb: { kind: 'number', min: 16, max: 1_000_000, fallback: 2048 },
  modelViewLongEdge: { kind: 'number', min: 224, max: 4096, fallback: 1024 },
  proxyPort: { kind: 'number', min: 0, max: 65_535, fallback: 8100 },
  sendPhotoFacts: { kind: 'switch', fallback: true },
} as const satisfies { [K in keyof Settings]: Control<Settings[K]> }

/** A whole number inside the range, or undefined while the text is none. */
export function parseNumberSetting(text: string, control: { min: number; max: number }): number | undefined {
  if (!/^\d{1,9}$/.test(text.trim())) return undefined
  const value = Number(text)
  return value >= control.min && value <= control.max ? value : undefined
}
