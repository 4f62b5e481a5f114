/** From the settings and the presets for other programs to the rules of writing. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { METADATA_PRESETS, type MetadataPreset, type Settings, settingsSchema } from '../contract/settings.ts'
import type { WritingRules } from './writing-rules.ts'

const { sidecarNaming, sidecarKinds, keywordTree, keywordLevels } = settingsSchema.shape
/** A file of configs/presets: where one program looks for words. */
export const presetSchema = z.strictObject({
  name: z.enum(METADATA_PRESETS),
  sidecarNaming: sidecarNaming.unwrap(),
  sidecarKinds: sidecarKinds.unwrap(),
  keywords: z.strictObject({ tree: keywordTree.unwrap(), flat: keywordLevels.unwrap(), digikamTags: z.boolean() }),
})
export type WritingPreset = z.infer<typeof presetSchema>
export type WritingPresets = Record<Exclude<MetadataPreset, 'custom'>, WritingPreset>

/** @throws when a shipped preset is missing or damaged */
export async function readPresets(configsFolder: string): Promise<WritingPresets> {
  const read = async (name: MetadataPreset) =>
    presetSchema.parse(JSON.parse(await readFile(path.join(configsFolder, 'presets', `${name}.json`), 'utf8')))
  const names = METADATA_PRESETS.filter((name) => name !== 'custom')
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const))) as WritingPresets
}

/** Pure. A preset takes the place of the settings about places and keyword style; the others count always. */
export function rulesFrom(settings: Settings, presets: WritingPresets): WritingRules {
  const { metadataPreset } = settings
  const own: Omit<WritingPreset, 'name'> = {
    sidecarNaming: settings.sidecarNaming,
    sidecarKinds: settings.sidecarKinds,
    keywords: { tree: settings.keywordTree, flat: settings.keywordLevels, digikamTags: settings.digikamTags },
  }
  const { sidecarNaming, sidecarKinds, keywords } = metadataPreset === 'custom' ? own : presets[metadataPreset]
  return {
    sidecarNaming,
    sidecarKinds,
    keywords,
    policies: {
      title: settings.titlePolicy,
      description: settings.descriptionPolicy,
      altText: settings.altTextPolicy,
      extendedDescription: settings.extendedDescriptionPolicy,
      keywords: settings.keywordPolicy,
    },
    mirrorHeadline: settings.headlineMirror,
    monoKeyword: settings.monoKeyword,
    provenance: settings.writeProvenance,
    hardLinks: settings.hardLinks,
    modificationTime: settings.modificationTime,
    keepBackups: settings.keepOriginals,
  }
}
