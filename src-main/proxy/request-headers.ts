/** What a caller may say in headers of its own, and what we say in ours. Pure. */
import type { IncomingHttpHeaders } from 'node:http'
import { StudioError } from '../lib/studio-error.ts'
import { PRIORITIES, type Priority } from './ports.ts'

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** @throws StudioError `request-invalid` naming the known ones. */
export function readPriority(headers: IncomingHttpHeaders): Priority {
  const named = one(headers['x-imageworks-priority'])
  if (named === undefined) return 'interactive'
  const found = PRIORITIES.find((priority) => priority === named.trim().toLowerCase())
  if (found) return found
  throw new StudioError('request-invalid', `x-imageworks-priority must be one of ${PRIORITIES.join(', ')}`, {
    data: { param: 'x-imageworks-priority', known: PRIORITIES },
  })
}

/** 1 for the first; OpenAI's own clients count their retries. */
export function readAttempt(headers: IncomingHttpHeaders): number {
  const own = Number(one(headers['x-imageworks-attempt']))
  if (Number.isInteger(own) && own >= 1 && own <= 99) return own
  const retries = Number(one(headers['x-stainless-retry-count']))
  return Number.isInteger(retries) && retries >= 1 && retries <= 98 ? retries + 1 : 1
}

/** The caller's name for itself, printable and short. */
export function readCaller(headers: IncomingHttpHeaders): string | null {
  const named = one(headers['x-imageworks-caller'] ?? headers['user-agent'])
    ?.replace(/[^\x20-\x7e]/g, '')
    .slice(0, 80)
  return named === undefined || named === '' ? null : named
}
