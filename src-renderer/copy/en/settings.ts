import type { Settings } from '../../../src-main/contract/settings.ts'

export interface SettingWords {
  label: string
  sentence: string
  unit: string
  /** Names of what can be chosen. */
  options?: Readonly<Record<string, string>>
}

const POLICIES = { keep: 'Leave alone', fill: 'Fill if empty', replace: 'Replace', merge: 'Add to it' }
const FIELDS = { title: 'Title', description: 'Description', altText: 'Alt text', extendedDescription: 'Long description for listeners' }

/** English: every setting with a sentence on what it changes. */
export const SETTING_WORDS: Record<keyof Settings, SettingWords> = {
  theme: {
    label: 'Appearance',
    sentence: 'Dark, light, or as the system says. Both are neutral grey, so that colours beside it look true.',
    unit: '',
    options: { system: 'System', light: 'Light', dark: 'Dark' },
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
  watchFolders: {
    label: 'Follow watched folders',
    sentence: 'Photos that come or change in a folder marked as watched are taken into the library by themselves.',
    unit: '',
  },
  proxyPort: {
    label: 'Gateway port',
    sentence: 'First port tried for the gateway that other programs can use. It is reachable from this machine only.',
    unit: '',
  },
  trimConversations: {
    label: 'Cut long conversations',
    sentence: 'A conversation with pictures that is longer than a model can take loses its oldest turns and pictures instead of failing.',
    unit: '',
  },
  keepLastTurns: {
    label: 'Turns always kept',
    sentence: 'So many of the newest questions stay in a conversation that is cut, with their answers.',
    unit: 'turns',
  },
  trimReasoning: {
    label: 'Leave out old thoughts',
    sentence: 'What a model thought before its earlier answers is not sent to it again. The newest turns keep theirs.',
    unit: '',
  },
  gatewayPictureEdge: {
    label: 'Make pictures of other programs smaller',
    sentence: 'Pictures that other programs send through the gateway are made no larger than this. 0 lets them pass as they come.',
    unit: 'pixels',
  },
  gatewayPictureQuality: {
    label: 'JPEG quality of those pictures',
    sentence: 'Of pictures that were made smaller on their way to a model.',
    unit: '',
  },
  pictureHosts: {
    label: 'Sites that pictures may come from',
    sentence: 'Model servers may fetch pictures from these hosts when another program asks for it. The studio itself fetches none.',
    unit: '',
  },
  gatewayOrigins: {
    label: 'Web pages that may use the gateway',
    sentence: 'Addresses such as https://tool.example. Every other web page is refused.',
    unit: '',
  },
  modelFolders: {
    label: 'More folders with models',
    sentence: 'Whole paths, one a line. A scan looks there for GGUF files and for folders of safetensors.',
    unit: '',
  },
  gatewayToken: {
    label: 'Ask programs for a token',
    sentence: 'Other programs reach the gateway only with the token in your keychain; "imageworks proxy token show" prints it.',
    unit: '',
  },
  sendPhotoFacts: {
    label: 'Give date and place to the model',
    sentence: 'Date, time of day and position help with season and place. They are never sent to another machine.',
    unit: '',
  },
  metadataPreset: {
    label: 'Write for',
    sentence: 'Names sidecars and lays out keywords as this program reads them; the five settings below then have no effect.',
    unit: '',
    options: {
      custom: 'My settings',
      lightroom: 'Lightroom',
      darktable: 'darktable',
      digikam: 'digiKam',
      captureone: 'Capture One',
      immich: 'Immich',
    },
  },
  sidecarNaming: {
    label: 'Name of sidecars',
    sentence: 'How a new sidecar is named, and which one counts where a photo has both. One that is there keeps its name.',
    unit: '',
    options: { stem: 'photo.xmp', 'full-name': 'photo.cr3.xmp' },
  },
  sidecarKinds: {
    label: 'Kinds that get a sidecar',
    sentence: 'Words for these go beside the photo and its bytes never change. RAW files always get a sidecar.',
    unit: '',
    options: { jpeg: 'JPEG', png: 'PNG', tiff: 'TIFF', webp: 'WebP', heif: 'HEIC', avif: 'AVIF', jxl: 'JPEG XL', dng: 'DNG' },
  },
  keywordTree: {
    label: 'Tree of keywords',
    sentence: 'What stands in the tree beside a path such as Animals|Dog: nothing more, each level above it, or all other keywords too.',
    unit: '',
    options: { given: 'Paths only', 'every-prefix': 'Each level', 'every-keyword': 'All keywords' },
  },
  keywordLevels: {
    label: 'Flat keywords from a path',
    sentence: 'Whether Animals|Dog gives the keywords Animals and Dog, or Dog alone.',
    unit: '',
    options: { 'every-level': 'Every level', leaf: 'Last level' },
  },
  digikamTags: {
    label: 'Tags of digiKam',
    sentence: 'Writes digiKam’s own list of tags as well, which digiKam and Immich read before all others.',
    unit: '',
  },
  titlePolicy: {
    label: 'A proposed title',
    sentence: 'What an approved proposal does where the file has a title. What you decide by hand always replaces.',
    unit: '',
    options: POLICIES,
  },
  descriptionPolicy: {
    label: 'A proposed description',
    sentence: 'What an approved proposal does where the file has a description. What you decide by hand always replaces.',
    unit: '',
    options: POLICIES,
  },
  altTextPolicy: {
    label: 'A proposed alt text',
    sentence: 'What an approved proposal does where the file has an alt text. What you decide by hand always replaces.',
    unit: '',
    options: POLICIES,
  },
  extendedDescriptionPolicy: {
    label: 'A proposed long description for listeners',
    sentence: 'What an approved proposal does where the file has one. What you decide by hand always replaces.',
    unit: '',
    options: POLICIES,
  },
  keywordPolicy: {
    label: 'Proposed keywords',
    sentence: 'What approved proposals do where the file has keywords. Keywords you add by hand always come.',
    unit: '',
    options: POLICIES,
  },
  captionField: {
    label: 'The short text goes into',
    sentence: 'The field that a model’s caption is proposed for.',
    unit: '',
    options: FIELDS,
  },
  descriptionField: {
    label: 'The long text goes into',
    sentence: 'The field that a model’s description is proposed for. Where both name one field, the short text gets it.',
    unit: '',
    options: FIELDS,
  },
  headlineMirror: {
    label: 'Copy the title into the headline',
    sentence: 'Some agencies read the headline alone. A headline that is there is replaced whenever a title is written.',
    unit: '',
  },
  writeProvenance: {
    label: 'Write where words come from',
    sentence:
      'Adds model, prompt mark, what the reviewer did, time and version in fields of the studio’s own. Off, nothing of it leaves this machine.',
    unit: '',
  },
  monoKeyword: {
    label: 'Mono verdict as a keyword',
    sentence: 'Adds one keyword such as mono:verdict:pass when a mono verdict is saved. A new verdict takes its place.',
    unit: '',
  },
  hardLinks: {
    label: 'Photos with several names',
    sentence: 'A file with a second name on the disk (a hard link) is left alone, or parted: the new words go to this name only.',
    unit: '',
    options: { refuse: 'Leave alone', part: 'Part them' },
  },
  modificationTime: {
    label: 'Time of a written file',
    sentence: 'A new time is what backup and sync programs look for. With the old time they may not notice the change.',
    unit: '',
    options: { new: 'New', keep: 'Old' },
  },
  keepOriginals: {
    label: 'Keep whole originals',
    sentence: 'Keeps each file as it was before the write, so that taking back gives the very same bytes.',
    unit: '',
  },
  originalsMb: {
    label: 'Room for originals',
    sentence: 'Disk space for kept originals. When it is full the oldest go; taking back then restores fields, not bytes.',
    unit: 'MiB',
  },
}
