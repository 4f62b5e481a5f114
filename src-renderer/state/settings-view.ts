/** Kind, range and default of every setting, for the settings screen. A test holds this table against the contract. */
import type { Settings } from '../../src-main/contract/settings.ts'

export type Control<T> =
  | { kind: 'choice'; options: readonly T[]; fallback: T }
  | { kind: 'number'; min: number; max: number; fallback: number }
  | { kind: 'switch'; fallback: boolean }
  | (T extends readonly string[] ? { kind: 'words' | 'lines'; fallback: readonly string[] } : never)
  | (T extends readonly (infer Item)[] ? { kind: 'several'; options: readonly Item[]; fallback: readonly Item[] } : never)

const POLICIES = ['keep', 'fill', 'replace', 'merge'] as const
const TEXT_FIELDS = ['title', 'description', 'altText', 'extendedDescription'] as const

export const SETTING_CONTROLS = {
  theme: { kind: 'choice', options: ['system', 'light', 'dark'], fallback: 'system' },
  taggingConcurrency: { kind: 'number', min: 1, max: 32, fallback: 2 },
  embeddedGraceSeconds: { kind: 'number', min: 1, max: 86_400, fallback: 300 },
  thumbnailCacheMb: { kind: 'number', min: 16, max: 1_000_000, fallback: 2048 },
  modelViewLongEdge: { kind: 'number', min: 224, max: 4096, fallback: 1024 },
  proxyPort: { kind: 'number', min: 0, max: 65_535, fallback: 8100 },
  trimConversations: { kind: 'switch', fallback: true },
  keepLastTurns: { kind: 'number', min: 1, max: 100, fallback: 1 },
  trimReasoning: { kind: 'switch', fallback: false },
  gatewayPictureEdge: { kind: 'number', min: 0, max: 8192, fallback: 0 },
  gatewayPictureQuality: { kind: 'number', min: 10, max: 100, fallback: 85 },
  pictureHosts: { kind: 'words', fallback: [] },
  gatewayOrigins: { kind: 'words', fallback: [] },
  watchFolders: { kind: 'switch', fallback: true },
  modelFolders: { kind: 'lines', fallback: [] },
  gatewayToken: { kind: 'switch', fallback: false },
  sendPhotoFacts: { kind: 'switch', fallback: true },
  metadataPreset: { kind: 'choice', options: ['custom', 'lightroom', 'darktable', 'digikam', 'captureone', 'immich'], fallback: 'custom' },
  sidecarNaming: { kind: 'choice', options: ['stem', 'full-name'], fallback: 'stem' },
  sidecarKinds: { kind: 'several', options: ['jpeg', 'png', 'tiff', 'webp', 'heif', 'avif', 'jxl', 'dng'], fallback: ['dng'] },
  keywordTree: { kind: 'choice', options: ['given', 'every-prefix', 'every-keyword'], fallback: 'given' },
  keywordLevels: { kind: 'choice', options: ['every-level', 'leaf'], fallback: 'every-level' },
  digikamTags: { kind: 'switch', fallback: false },
  titlePolicy: { kind: 'choice', options: POLICIES, fallback: 'fill' },
  descriptionPolicy: { kind: 'choice', options: POLICIES, fallback: 'fill' },
  altTextPolicy: { kind: 'choice', options: POLICIES, fallback: 'fill' },
  extendedDescriptionPolicy: { kind: 'choice', options: POLICIES, fallback: 'fill' },
  keywordPolicy: { kind: 'choice', options: POLICIES, fallback: 'merge' },
  captionField: { kind: 'choice', options: TEXT_FIELDS, fallback: 'title' },
  descriptionField: { kind: 'choice', options: TEXT_FIELDS, fallback: 'description' },
  headlineMirror: { kind: 'switch', fallback: false },
  writeProvenance: { kind: 'switch', fallback: false },
  monoKeyword: { kind: 'switch', fallback: false },
  hardLinks: { kind: 'choice', options: ['refuse', 'part'], fallback: 'refuse' },
  modificationTime: { kind: 'choice', options: ['new', 'keep'], fallback: 'new' },
  keepOriginals: { kind: 'switch', fallback: false },
  originalsMb: { kind: 'number', min: 16, max: 10_000_000, fallback: 4096 },
} as const satisfies { [K in keyof Settings]: Control<Settings[K]> }

/** A whole number inside the range, or undefined while the text is none. */
export function parseNumberSetting(text: string, control: { min: number; max: number }): number | undefined {
  if (!/^\d{1,9}$/.test(text.trim())) return undefined
  const value = Number(text)
  return value >= control.min && value <= control.max ? value : undefined
}

/** The words of a list that was typed, in their order and once each. */
export function parseWordsSetting(text: string): string[] {
  return [
    ...new Set(
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((word) => word !== ''),
    ),
  ]
}

/** The lines of a list that was typed, as they are, in their order and once each. */
export function parseLinesSetting(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    ),
  ]
}
