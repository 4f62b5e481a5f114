/** Every setting of the studio, with its range and default. Each one changes behaviour; nothing here is decoration. */
import { z } from 'zod'
import { PHOTO_KINDS, textField } from './model.ts'

export const METADATA_PRESETS = ['custom', 'lightroom', 'darktable', 'digikam', 'captureone', 'immich'] as const
export type MetadataPreset = (typeof METADATA_PRESETS)[number]
/** Kinds whose words can go into the photo or beside it; RAW files never change. */
export const EMBEDDABLE_KINDS = PHOTO_KINDS.filter((kind) => kind !== 'raw')
const fieldPolicy = z.enum(['keep', 'fill', 'replace', 'merge'])

/** Absolute on this or another system, of one line. */
const folderPath = z
  .string()
  .max(4096)
  .regex(/^(\/|[A-Za-z]:[\\/]|\\\\)\P{Cc}*$/u)

export const settingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** Photos in work at the same time during a tagging run. */
  taggingConcurrency: z.int().min(1).max(32).default(2),
  /** Seconds without a request after which the embedded model's worker is unloaded. */
  embeddedGraceSeconds: z.int().min(1).max(86_400).default(300),
  /** Upper bound of the thumbnail cache in MiB; the least recently used go first. */
  thumbnailCacheMb: z.int().min(16).max(1_000_000).default(2048),
  /** Long edge in pixels of the picture that a model sees. */
  modelViewLongEdge: z.int().min(224).max(4096).default(1024),
  /** Whether watched folders are followed; a folder is marked as watched in the library. */
  watchFolders: z.boolean().default(true),
  /** First port tried by the proxy on 127.0.0.1. */
  proxyPort: z.int().min(0).max(65_535).default(8100),
  /** Whether conversations with pictures are cut to what the model can take: newest turns and pictures first. */
  trimConversations: z.boolean().default(true),
  /** Turns of the user that are kept whatever the budget says. */
  keepLastTurns: z.int().min(1).max(100).default(1),
  /** Whether a reasoning model's older thoughts are left out of what it is sent again. */
  trimReasoning: z.boolean().default(false),
  /** Long edge in pixels to which pictures of other programs are made smaller on their way; 0: they pass as they come. */
  gatewayPictureEdge: z.int().min(0).max(8192).default(0),
  gatewayPictureQuality: z.int().min(10).max(100).default(85),
  /** Hosts whose pictures a model server may fetch by address; the studio itself never fetches any. */
  pictureHosts: z
    .array(z.string().regex(/^[a-z0-9.-]{1,253}$/))
    .max(100)
    .default([]),
  /** Web pages that may speak to the gateway, e.g. `https://tool.example`. */
  gatewayOrigins: z
    .array(z.string().regex(/^https?:\/\/[a-z0-9.:[\]-]{1,253}$/))
    .max(100)
    .default([]),
  /** Absolute folders in which a scan looks for models too: GGUF files, folders of safetensors. */
  modelFolders: z.array(folderPath).max(50).default([]),
  /** Whether programs must show a token at the gateway; it is kept in the keychain of the operating system. */
  gatewayToken: z.boolean().default(false),
  /** Whether date, time of day and GPS position are given to the model as context. Never sent to another machine. */
  sendPhotoFacts: z.boolean().default(true),
  /** The program that reads the words: its sidecar name, place and keyword style take the place of the five settings below. */
  metadataPreset: z.enum(METADATA_PRESETS).default('custom'),
  /** Name of a new sidecar, `photo.xmp` or `photo.cr3.xmp`, and which one counts where both are there. */
  sidecarNaming: z.enum(['stem', 'full-name']).default('stem'),
  /** Kinds whose words go into a sidecar; the others are embedded. */
  sidecarKinds: z.array(z.enum(EMBEDDABLE_KINDS)).max(EMBEDDABLE_KINDS.length).default(['dng']),
  /** Which entries the tree of keywords gets beside the paths that were given. */
  keywordTree: z.enum(['given', 'every-prefix', 'every-keyword']).default('given'),
  /** Which levels of a path become flat keywords. */
  keywordLevels: z.enum(['every-level', 'leaf']).default('every-level'),
  /** Whether digiKam's own list of tags is written too. */
  digikamTags: z.boolean().default(false),
  /** What approved proposals do where the file holds something. What was decided by hand always replaces. */
  titlePolicy: fieldPolicy.default('fill'),
  descriptionPolicy: fieldPolicy.default('fill'),
  altTextPolicy: fieldPolicy.default('fill'),
  extendedDescriptionPolicy: fieldPolicy.default('fill'),
  keywordPolicy: fieldPolicy.default('merge'),
  /** Fields that the model's short and long text land in. */
  captionField: textField.default('title'),
  descriptionField: textField.default('description'),
  /** Whether the title is copied into the headline. */
  headlineMirror: z.boolean().default(false),
  /** Whether model, prompt, reviewer and version are written into the studio's own namespace. */
  writeProvenance: z.boolean().default(false),
  /** Whether a mono verdict is a keyword too, beside its own fields. */
  monoKeyword: z.boolean().default(false),
  /** `part`: a photo with several names on the disk is written under one; the others keep the old file. */
  hardLinks: z.enum(['refuse', 'part']).default('refuse'),
  /** Modification time of a file that was written. Sync programs and other photo programs notice a new one only. */
  modificationTime: z.enum(['new', 'keep']).default('new'),
  /** Whether whole originals are kept in the data folder, so that taking back gives the very same bytes. */
  keepOriginals: z.boolean().default(false),
  /** Upper bound of those originals in MiB; the longest kept go first. */
  originalsMb: z.int().min(16).max(10_000_000).default(4096),
})
export type Settings = z.infer<typeof settingsSchema>
/** Only the settings that are given; `settingsSchema.partial()` would fill in the defaults and so reset every other setting. */
export const settingsPatch = z.object(
  Object.fromEntries(Object.entries(settingsSchema.shape).map(([key, schema]) => [key, schema.unwrap().optional()])) as {
    [K in keyof typeof settingsSchema.shape]: z.ZodOptional<ReturnType<(typeof settingsSchema.shape)[K]['unwrap']>>
  },
)
export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({})
