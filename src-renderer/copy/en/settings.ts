import type { Settings } from '../../../src-main/contract/settings.ts'

export interface SettingWords {
  label: string
  sentence: string
  unit: string
}

/** English: every setting with a sentence on what it changes. */
export const SETTING_WORDS: Record<keyof Settings, SettingWords> = {
  theme: {
    label: 'Appearance',
    sentence: 'Dark, light, or as the system says. Both are neutral grey, so that colours beside it look true.',
    unit: '',
  },
  taggingConcurrency: {
    label: 'Photos at a time',
    sentence: 'How many photos a run works on at once. More is faster only if the model server can keep up.',
    unit: 'photos',
  },
  embeddedGraceSeconds: {
    label: 'Keep the embedded model loaded',
    sentence: 'How long the embedded model stays in memory after its last photo.',
    unit: 'seconds',
  },
  thumbnailCacheMb: {
    label: 'Thumbnail cache',
    sentence: 'Disk space for thumbnails. When it is full, those not seen for longest go first.',
    unit: 'MiB',
  },
  modelViewLongEdge: {
    label: 'Picture that models see',
    sentence: 'Long edge of the picture given to a model. Larger shows small details, and takes longer.',
    unit: 'pixels',
  },
  proxyPort: {
    label: 'Gateway port',
    sentence: 'First port tried for the gateway that other programs can use. It is reachable from this machine only.',
    unit: '',
  },
  sendPhotoFacts: {
    label: 'Give date and place to the model',
    sentence: 'Date, time of day and position help with season and place. They are never sent to another machine.',
    unit: '',
  },
}
