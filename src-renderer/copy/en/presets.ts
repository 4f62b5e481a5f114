import type { MetadataPreset } from '../../../src-main/contract/settings.ts'

/** English: what to do in the other program before and after a write, so that it sees the new words and keeps its own. */
export const PRESET_SENTENCES: Record<MetadataPreset, string> = {
  custom: '',
  lightroom: 'In Lightroom: save metadata to files before you write here, and read metadata from files afterwards.',
  darktable: 'In darktable: turn on “look for updated XMP files on startup”, or import the photos after you write here.',
  digikam: 'In digiKam: turn on reading from sidecars, then reread metadata from the files.',
  captureone: 'In Capture One: set metadata to full sync, or load metadata for the photos after you write here.',
  immich: 'In Immich: run the sidecar job, sync and then discover, after you write here.',
}
