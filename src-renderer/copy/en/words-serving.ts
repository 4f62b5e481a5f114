/** English: how a model is served. */
import type { ServingView } from '../../../src-main/contract/engine.ts'

const states: Record<ServingView['models'][number]['state'], string> = {
  stopped: 'Stopped',
  queued: 'Waiting for room',
  starting: 'Starting',
  ready: 'Running',
  busy: 'Answering',
  draining: 'Finishing its answers',
  stopping: 'Stopping',
  failed: 'Failed',
}

export const SERVING_WORDS = {
  serving: {
    states,
    details: 'Details',
    foreign: 'Its server was started by somebody else: the studio uses it and never stops it.',
    start: 'Start',
    stop: 'Stop',
    pin: 'Keep loaded',
    log: 'Log of its server',
    noLog: 'Nothing yet.',
  },
}
