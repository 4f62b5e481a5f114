/** Codes for everything that can be expected to go wrong, by domain. Free of zod; imported by the thrower and by whoever branches on it. */
export const APP_ERRORS = [
  'invalid-request',
  'unknown-route',
  'not-allowed',
  'internal',
  'cancelled',
  'data-folder-in-use',
  'data-folder-unwritable',
  'data-folder-full',
  'database-newer',
  'database-damaged',
  'connection-lost',
] as const
export const LIBRARY_ERRORS = [
  'photo-not-found',
  'folder-not-found',
  'grant-unknown',
  'path-missing',
  'path-unreadable',
  'path-not-utf8',
  'symlink-loop',
  'not-a-photo',
  'too-deep',
  'import-not-found',
] as const
export const IMAGING_ERRORS = [
  'photo-empty',
  'photo-damaged',
  'photo-not-an-image',
  'photo-wrong-type',
  'photo-too-large',
  'photo-unsupported',
  'preview-missing',
  'decoder-crashed',
  'decoder-suspended',
  'decoder-timeout',
] as const
export const TAGGING_ERRORS = [
  'run-not-found',
  'run-not-active',
  'proposal-missing',
  'reply-empty',
  'reply-unreadable',
  'reply-truncated',
  'prompt-unknown',
] as const
export const METADATA_ERRORS = [
  'plan-not-found',
  'plan-stale',
  'write-not-found',
  'write-not-revertible',
  'file-changed',
  'file-missing',
  'file-read-only',
  'folder-read-only',
  'file-hard-linked',
  'format-not-writable',
  'metadata-damaged',
  'sidecar-damaged',
  'sidecar-conflict',
  'verify-failed',
  'exiftool-failed',
  'exiftool-timeout',
  'disk-full',
  'value-not-writable',
  'value-truncated',
  'c2pa-present',
  'nothing-approved',
] as const
export const MODEL_ERRORS = [
  'model-unknown',
  'model-ambiguous',
  'role-unknown',
  'profile-unknown',
  'no-model-for-role',
  'capability-mismatch',
  'registry-invalid',
  'endpoint-consent-required',
  'endpoint-invalid',
  'secret-missing',
  'backend-unreachable',
  'backend-failed',
  'backend-timeout',
  'backend-start-failed',
  'backend-overloaded',
  'context-overflow',
  'payload-too-large',
  'request-invalid',
  'request-refused',
  'weights-missing',
  'proxy-unavailable',
] as const
export const ERROR_CODES = [...APP_ERRORS, ...LIBRARY_ERRORS, ...IMAGING_ERRORS, ...TAGGING_ERRORS, ...METADATA_ERRORS, ...MODEL_ERRORS] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Codes of the gates that a proposal can fail before review. */
export const GATES = ['empty', 'unreadable', 'too-long', 'repetition', 'refusal', 'not-text', 'suspicious-text'] as const
export type Gate = (typeof GATES)[number]
