/** English: one set of sentences for every error code. */
import type { ErrorCode } from '../../../src-main/contract/errors/index.ts'
import { type ProblemData, type ProblemSentences, textOf } from '../sentences.ts'
import { METADATA_SENTENCES } from './errors-metadata.ts'
import { MODEL_SENTENCES } from './errors-models.ts'

export type SentencesOf<C extends string> = Record<C, (data: ProblemData) => ProblemSentences>

export const UNTOUCHED = 'Your file was not touched.'

const say =
  (what: string, safe = '', next = '') =>
  (): ProblemSentences => ({ what, safe, next })
const about = (data: ProblemData, fallback: string) => textOf(data, 'path', textOf(data, 'name', fallback))

export const ERROR_SENTENCES: SentencesOf<ErrorCode> = {
  ...METADATA_SENTENCES,
  ...MODEL_SENTENCES,

  'invalid-request': say('The studio could not understand this request.', UNTOUCHED, 'Reload the window. If it happens again, please report it.'),
  'unknown-route': say(
    'This window asked for something that the studio does not offer.',
    UNTOUCHED,
    'Reload the window: it may be older than the studio.',
  ),
  'not-allowed': say(
    'This window has no access to the studio.',
    UNTOUCHED,
    'Open the studio again with the address that it printed when it started.',
  ),
  internal: say('Something went wrong inside the studio.', 'No file is left half written.', 'Try again. Doctor shows where the log is.'),
  cancelled: say('Stopped at your request.', 'What was finished stays; nothing is half done.'),
  'data-folder-in-use': (data) => ({
    what: `Another ImageWorks Studio is using the data folder ${textOf(data, 'path', textOf(data, 'folder', ''))}`.trim() + '.',
    safe: 'Nothing was changed.',
    next: `Use the one that is open already${whereIs(data)}, or close it first.`,
  }),
  'data-folder-unwritable': (data) => ({
    what: `The studio cannot write to its data folder ${textOf(data, 'path', textOf(data, 'folder', ''))}`.trim() + '.',
    safe: 'Your photos were not touched.',
    next: 'Allow writing there, or choose another folder with IMAGEWORKS_HOME.',
  }),
  'data-folder-full': (data) => ({
    what: `The disk of the data folder ${textOf(data, 'path', textOf(data, 'folder', ''))} is full.`.replace('  ', ' '),
    safe: 'Your photos were not touched, and decisions made so far are kept.',
    next: 'Free some space, then try again.',
  }),
  'database-newer': say(
    'This library was made by a newer version of the studio.',
    'Nothing was changed in it.',
    'Update the studio, or use another data folder with IMAGEWORKS_HOME.',
  ),
  'database-damaged': (data) => ({
    what: 'The library database is damaged.',
    safe: 'Your photos were not touched.',
    next: `Keep the file ${textOf(data, 'path', 'of the database')} aside, then start again: the studio builds a new one.`,
  }),
  'connection-lost': say(
    'The window lost its connection to the studio.',
    'Runs and writes go on without the window.',
    'It connects again by itself.',
  ),
  'keymap-invalid': (data) => ({
    what: `Your key map ${textOf(data, 'path', '')} cannot be used: ${textOf(data, 'what', 'it is not readable')}.`.replace('  ', ' '),
    safe: 'The keys are the ones that ship with the studio.',
    next: 'Mend the file, then reload the window.',
  }),

  'photo-not-found': say('This photo is no longer in the library.', UNTOUCHED, 'Import its folder again if the photo is still there.'),
  'folder-not-found': say('This folder is no longer in the library.', UNTOUCHED, 'Import it again.'),
  'grant-unknown': say('The studio no longer knows which folder was meant.', UNTOUCHED, 'Choose or drop it again.'),
  'path-missing': (data) => ({
    what: `${about(data, 'The file')} is not there any more.`,
    safe: '',
    next: 'Connect the disk, or import from the new place.',
  }),
  'path-unreadable': (data) => ({
    what: `${about(data, 'A folder')} may not be read.`,
    safe: 'Everything else was imported.',
    next: 'Give your user permission to read it, then import again.',
  }),
  'path-not-utf8': (data) => ({
    what: `The name ${about(data, 'of a file')} has characters that cannot be shown or stored safely.`,
    safe: UNTOUCHED,
    next: 'Rename it, then import again.',
  }),
  'symlink-loop': (data) => ({ what: `${about(data, 'A link')} leads back to a folder above it, so it was skipped.`, safe: UNTOUCHED, next: '' }),
  'not-a-photo': (data) => ({ what: `${about(data, 'This file')} is not a photo that the studio reads.`, safe: UNTOUCHED, next: '' }),
  'photo-package': (data) => ({
    what: `${about(data, 'This folder')} belongs to another photo program, so the studio leaves it alone.`,
    safe: UNTOUCHED,
    next: 'Export the photos from that program into a folder, and import the folder.',
  }),
  'too-deep': (data) => ({
    what: `${about(data, 'A folder')} lies too deep and was skipped.`,
    safe: UNTOUCHED,
    next: 'Import that folder directly.',
  }),
  'import-not-found': say('This import is not known any more.', UNTOUCHED, 'Start it again.'),

  'photo-empty': say('The file is empty: it holds no picture.', UNTOUCHED, 'Restore it from a backup or the memory card.'),
  'photo-damaged': say(
    'The picture data is damaged, so the photo cannot be shown or described.',
    UNTOUCHED,
    'Open it in another program or restore it from a backup.',
  ),
  'photo-not-an-image': say('The file has the name of a picture but holds something else.', UNTOUCHED, 'Check where the file came from.'),
  'photo-wrong-type': (data) => ({
    what: `The file says ${textOf(data, 'expected', 'one kind of picture')} by its name but holds ${textOf(data, 'actual', 'another')}.`,
    safe: UNTOUCHED,
    next: 'Rename it to fit what it holds.',
  }),
  'photo-too-large': (data) => ({
    what: `The picture has more pixels than the studio opens${data['megapixels'] === undefined ? '' : ` (${textOf(data, 'megapixels', '')} megapixels)`}.`,
    safe: UNTOUCHED,
    next: 'Make a smaller copy to get words for it.',
  }),
  'photo-unsupported': say('The studio cannot decode this kind of picture on this machine.', UNTOUCHED, 'Its metadata can still be edited by hand.'),
  'preview-missing': say('This RAW file holds no preview picture.', UNTOUCHED, 'Let your RAW program write previews, or keep a JPEG beside it.'),
  'decoder-crashed': say('The picture decoder stopped on this file.', UNTOUCHED, 'Other photos are not affected. The file may be damaged.'),
  'decoder-suspended': say('The picture decoder failed several times and pauses for a moment.', UNTOUCHED, 'It starts again by itself.'),
  'decoder-timeout': say('Decoding this picture took too long and was stopped.', UNTOUCHED, 'Try again when the machine is less busy.'),

  'run-not-found': say('This run is not known any more.', UNTOUCHED, 'Start a new one.'),
  'run-not-active': say('This run has already ended.', UNTOUCHED, 'Start a new one, or retry what failed.'),
  'proposal-missing': say('There is no proposal for this photo yet.', UNTOUCHED, 'Propose words first, or write them by hand.'),
  'reply-empty': say('The model gave an empty answer for this photo.', UNTOUCHED, 'Retry, or choose another model.'),
  'reply-unreadable': say('The model answered in a form that the studio cannot read.', UNTOUCHED, 'Retry, or choose another model.'),
  'reply-truncated': say('The model ran out of room before its answer was complete.', UNTOUCHED, 'Retry, or choose a model with a larger context.'),
  'prompt-unknown': (data) => ({
    what: `There is no prompt named ${textOf(data, 'name', 'like that')}.`,
    safe: '',
    next: 'Choose one of the prompts that exist.',
  }),
}

/** Where the other studio is to be found, as far as it told. */
function whereIs(data: ProblemData): string {
  const parts = [data['url'] ? textOf(data, 'url', '') : '', data['pid'] ? `process ${textOf(data, 'pid', '')}` : ''].filter((part) => part !== '')
  return parts.length > 0 ? ` (${parts.join(', ')})` : ''
}
