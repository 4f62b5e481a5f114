/** English: what can happen between a plan and a file. The question in the reader's mind is always: is my photo safe? */
import type { METADATA_ERRORS } from '../../../src-main/contract/errors/index.ts'
import { type ProblemData, type ProblemSentences, textOf } from '../sentences.ts'

const UNTOUCHED = 'Your file was not touched.'
const say =
  (what: string, safe: string, next = '') =>
  (): ProblemSentences => ({ what, safe, next })
const file = (data: ProblemData) => textOf(data, 'path', 'The file')

export const METADATA_SENTENCES: Record<(typeof METADATA_ERRORS)[number], (data: ProblemData) => ProblemSentences> = {
  'plan-not-found': say('This plan is not known any more.', UNTOUCHED, 'Make the plan again.'),
  'plan-stale': say(
    'The decisions changed after this plan was shown, so it was not written.',
    UNTOUCHED,
    'Make the plan again and look at it once more.',
  ),
  'write-not-found': say('The journal has no such write.', UNTOUCHED),
  'write-not-revertible': say('This write cannot be taken back: it never finished, or it was taken back already.', UNTOUCHED),
  'file-changed': (data) => ({
    what: `${file(data)} was changed by another program since the studio read it.`,
    safe: 'The studio left it as the other program wrote it.',
    next: 'Look at the photo again, then make a new plan.',
  }),
  'file-missing': (data) => ({
    what: `${file(data)} is not there any more.`,
    safe: 'Nothing was written.',
    next: 'Connect the disk, or import from the new place.',
  }),
  'file-read-only': (data) => ({
    what: `${file(data)} is read-only.`,
    safe: UNTOUCHED,
    next: 'Allow writing to the file, then make the plan again.',
  }),
  'folder-read-only': (data) => ({
    what: `The folder of ${textOf(data, 'path', 'the file')} may not be written to.`,
    safe: UNTOUCHED,
    next: 'Allow writing to the folder, then make the plan again.',
  }),
  'file-hard-linked': (data) => ({
    what: `${file(data)} has a second name elsewhere on the disk (a hard link); replacing it would part the two.`,
    safe: UNTOUCHED,
    next: 'Make it a plain copy first, or write to a sidecar.',
  }),
  'format-not-writable': (data) => ({
    what: `Metadata cannot be written into ${textOf(data, 'kind', 'this kind of file')}.`,
    safe: UNTOUCHED,
    next: '',
  }),
  'metadata-damaged': say(
    'The metadata in this file is damaged, and writing could lose what is left of it.',
    UNTOUCHED,
    'Repair it with ExifTool, or restore the file from a backup.',
  ),
  'sidecar-damaged': (data) => ({
    what: `The sidecar ${textOf(data, 'path', 'beside this photo')} is not readable XMP.`,
    safe: 'Photo and sidecar were not touched.',
    next: 'Move the sidecar away, then make the plan again.',
  }),
  'sidecar-conflict': (data) => ({
    what: `This photo has words beside it in ${textOf(data, 'sidecars', 'a sidecar')}${data['fields'] === undefined || textOf(data, 'fields', '') === '' ? '' : `, which differ in ${textOf(data, 'fields', '')}`}. Written is ${textOf(data, 'written', 'the one that the settings name')}; nothing is merged.`,
    safe: 'The others stay as they are.',
    next: 'Keep the one that your other programs use.',
  }),
  'verify-failed': say(
    'The written copy did not read back as planned, so it was thrown away.',
    'Your original is still in place, byte for byte.',
    'Try once more. If it happens again, please report the file type.',
  ),
  'exiftool-failed': say(
    'ExifTool could not write this file.',
    UNTOUCHED,
    'The file may be damaged, or made by a camera that ExifTool does not know.',
  ),
  'exiftool-timeout': say('ExifTool took too long with this file and was stopped.', UNTOUCHED, 'Try again when the disk is less busy.'),
  'disk-full': say('The disk is full: there is no room for the new copy of the file.', UNTOUCHED, 'Free some space, then write again.'),
  'value-not-writable': (data) => ({
    what: `The ${textOf(data, 'field', 'value')} holds characters that this file cannot carry.`,
    safe: UNTOUCHED,
    next: 'Edit the text, then make the plan again.',
  }),
  'value-truncated': (data) => ({
    what: `An older part of the file (${textOf(data, 'tag', 'IPTC')}) has room for ${textOf(data, 'limitBytes', 'fewer')} bytes; the ${textOf(data, 'field', 'text')} takes ${textOf(data, 'sizeBytes', 'more')}, so that part gets a shortened copy.`,
    safe: 'XMP holds the whole text.',
    next: '',
  }),
  'c2pa-present': say(
    'This file carries signed content credentials (C2PA). Any change of metadata breaks the signature.',
    'The picture itself does not change.',
    'Leave the photo out if the signature must stay valid.',
  ),
  'hard-link-parted': (data) => ({
    what: `${file(data)} has ${textOf(data, 'linkCount', 'several')} names on the disk (hard links). Only this one gets the new words.`,
    safe: 'The other names keep the old file, whole.',
    next: '',
  }),
  'nothing-approved': say('Nothing is approved for this photo, so there is nothing to write.', UNTOUCHED, 'Review and approve it first.'),
}
