/** Every setting of the studio, with its range and default. Each one changes behaviour; nothing here is decoration. */
import { z } from 'zod'

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
  /** First port tried by the proxy on 127.0.0.1. */
  proxyPort: z.int().min(0).max(65_535).default(8100),
  /** Whether date, time of day and GPS position are given to the model as context. Never sent to another machine. */
  sendPhotoFacts: z.boolean().default(true),
})
export type Settings = z.infer<typeof settingsSchema>
/** Only the settings that are given; `settingsSchema.partial()` would fill in the defaults and so reset every other setting. */
export const settingsPatch = z.object(
  Object.fromEntries(Object.entries(settingsSchema.shape).map(([key, schema]) => [key, schema.unwrap().optional()])) as {
    [K in keyof typeof settingsSchema.shape]: z.ZodOptional<ReturnType<(typeof settingsSchema.shape)[K]['unwrap']>>
  },
)
export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({})
