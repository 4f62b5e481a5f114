/** English: what can happen on the way to a model and back. */
import type { MODEL_ERRORS } from '../../../src-main/contract/errors/index.ts'
import { type ProblemData, type ProblemSentences, textOf } from '../sentences.ts'

const NO_FILE = 'Your photos are not affected.'
const say =
  (what: string, next = '', safe = NO_FILE) =>
  (): ProblemSentences => ({ what, safe, next })
const model = (data: ProblemData) => textOf(data, 'model', textOf(data, 'name', 'This model'))
const inFile = (data: ProblemData) => {
  const file = textOf(data, 'file', textOf(data, 'path', ''))
  return file === '' ? '' : ` in ${file}`
}

export const MODEL_SENTENCES: Record<(typeof MODEL_ERRORS)[number], (data: ProblemData) => ProblemSentences> = {
  'model-unknown': (data) => ({
    what: `There is no model named ${textOf(data, 'model', textOf(data, 'name', 'like that'))}.`,
    safe: NO_FILE,
    next: textOf(data, 'nearest', '') === '' ? 'Models lists those that exist.' : `Did you mean ${textOf(data, 'nearest', '')}?`,
  }),
  'model-ambiguous': (data) => ({
    what: `More than one model is called ${model(data)}.`,
    safe: NO_FILE,
    next: 'Use its full name, as Models shows it.',
  }),
  'role-unknown': (data) => ({
    what: `There is no task named ${textOf(data, 'role', 'like that')}.`,
    safe: NO_FILE,
    next: `Choose one of ${textOf(data, 'known', 'caption, keywords or description')}.`,
  }),
  'profile-unknown': (data) => ({
    what: `There is no deployment profile named ${textOf(data, 'name', textOf(data, 'profile', 'like that'))}.`,
    safe: NO_FILE,
    next: data['known'] === undefined ? 'Choose one from the list at the top of the window.' : `Choose one of ${textOf(data, 'known', '')}.`,
  }),
  'no-model-for-role': (data) => ({
    what: `No model that works here can do the task ${textOf(data, 'role', '')}`.trim() + '.',
    safe: NO_FILE,
    next: 'Choose another profile, or add a model server.',
  }),
  'capability-mismatch': (data) => ({
    what: `${model(data)} cannot do what was asked, for example look at pictures.`,
    safe: NO_FILE,
    next: 'Choose another model for this task.',
  }),
  'registry-invalid': (data) => ({
    what:
      data['entry'] === undefined && data['file'] !== undefined
        ? `The list of models${inFile(data)} cannot be used.`
        : `The list of models has a mistake${inFile(data)}; the part that is wrong is left out.`,
    safe: NO_FILE,
    next: 'Correct that file, then start the studio again.',
  }),
  'endpoint-consent-required': (data) => ({
    what: `The server ${textOf(data, 'host', textOf(data, 'baseUrl', ''))} is not on this machine. Photos would be sent there.`.replace('  ', ' '),
    safe: 'Nothing was sent.',
    next: 'Tick the consent box if that is what you want.',
  }),
  'endpoint-invalid': say('This address is not an OpenAI-compatible server that the studio can use.', 'Check the address. It usually ends in /v1.'),
  'secret-missing': (data) => ({
    what:
      data['reason'] === undefined
        ? `The key for ${textOf(data, 'name', 'this server')} is not set.`
        : `The keychain of this system does not answer (${textOf(data, 'reason', '')}), and secrets are kept nowhere else.`,
    safe: NO_FILE,
    next:
      data['reason'] === undefined
        ? `Set ${textOf(data, 'variable', 'its environment variable')} and start the studio again.`
        : 'Unlock it, or install one such as GNOME Keyring or KWallet.',
  }),
  'backend-unreachable': (data) => ({
    what: `The model server${data['baseUrl'] === undefined ? '' : ` at ${textOf(data, 'baseUrl', '')}`} does not answer.`,
    safe: NO_FILE,
    next: 'Start it, or choose another model; then retry what failed.',
  }),
  'backend-failed': say(
    'The model server reported an error for this photo.',
    'Retry. If it keeps failing, look at the log of the server.',
    'Your file was not touched.',
  ),
  'backend-timeout': (data) => ({
    what: `The model gave no answer${data['seconds'] === undefined ? ' in time' : ` within ${textOf(data, 'seconds', '')} seconds`}.`,
    safe: 'Your file was not touched.',
    next: 'Retry, use a smaller model, or work on fewer photos at a time.',
  }),
  'backend-start-failed': (data) => ({
    what: `${model(data)} could not be started${data['cause'] === undefined ? '' : `: ${textOf(data, 'cause', '')}`}.`,
    safe: NO_FILE,
    next: textOf(data, 'remedy', 'Doctor shows what is missing.'),
  }),
  'model-does-not-fit': (data) => ({
    what: `${model(data)} needs ${textOf(data, 'needMb', 'more')} MB of ${textOf(data, 'memory', 'graphics')} memory; ${textOf(data, 'offersMb', 'less')} MB can be made free.`,
    safe: NO_FILE,
    next: textOf(data, 'remedy', 'Choose a smaller model or another profile, or close the program that holds the memory.'),
  }),
  'model-locked': (data) => ({
    what: `The files of ${model(data)} are not the ones that were locked. It is not used.`,
    safe: NO_FILE,
    next: 'Fetch the model again, or lock its present files if the change was yours.',
  }),
  'model-busy': (data) => ({
    what: `${model(data)} is answering and cannot be stopped now.`,
    safe: NO_FILE,
    next: 'Wait for its answer or cancel the run, then try again.',
  }),
  'context-reduced': (data) => ({
    what: `${model(data)} serves ${textOf(data, 'toTokens', 'fewer')} tokens of context instead of ${textOf(data, 'fromTokens', 'all that it was made for')}: the graphics memory did not suffice.`,
    safe: NO_FILE,
    next: 'Nothing to do; long conversations are cut sooner. Unload other models for more.',
  }),
  'gpu-leased': (data) => ({
    what: `Another program (${textOf(data, 'owner', 'unnamed')}) uses the graphics card alone for a while.`,
    safe: NO_FILE,
    next: 'It is tried again when that program is done.',
  }),
  'lease-unknown': say('This lease of the graphics card is not known. It may have run out.', 'Ask for a new one.'),
  'port-in-use': (data) => ({
    what: `${data['port'] === undefined ? 'The port' : `Port ${textOf(data, 'port', '')}`} is taken by another program.`,
    safe: NO_FILE,
    next: 'Close that program, or give the model another port.',
  }),
  'probe-failed': (data) => ({
    what: `${model(data)} did not describe the test pictures rightly. It is not trusted with photos.`,
    safe: NO_FILE,
    next: 'Check that its server was started with vision, then probe it again.',
  }),
  'registry-version-unknown': (data) => ({
    what: 'There is no such older version of your model list.',
    safe: NO_FILE,
    next: textOf(data, 'known', '') === '' ? 'Your list has not been changed yet.' : `Choose one of ${textOf(data, 'known', '')}.`,
  }),
  'backend-overloaded': say(
    'The model server has too much to do at the moment.',
    'It is tried again a little later. Fewer photos at a time also helps.',
  ),
  'context-overflow': say(
    'Picture and question together are too long for this model.',
    'Make the picture that models see smaller in Settings, or choose another model.',
  ),
  'payload-too-large': say('The request is larger than the model server accepts.', 'Make the picture that models see smaller in Settings.'),
  'request-invalid': say('The model server did not accept the form of the request.', 'Check that the model can look at pictures.'),
  'request-too-slow': say('The request stopped on its way to the studio.', 'Send it again; if it stops again, look at the program that sends it.'),
  'request-refused': say('The model server refused the request.', 'Check its key and its rules, or choose another model.'),
  'weights-missing': (data) => ({
    what: `The files of ${textOf(data, 'model', textOf(data, 'name', 'this model'))} are not on this machine.`,
    safe: NO_FILE,
    next: 'Fetch them as Models describes. Nothing is downloaded without being asked.',
  }),
  'proxy-unavailable': (data) => ({
    what:
      data['address'] === undefined ? 'The gateway to the models is not running.' : `No studio answers at ${textOf(data, 'address', 'its address')}.`,
    safe: NO_FILE,
    next:
      data['address'] === undefined
        ? 'Another program may hold its port: change the port in Settings.'
        : 'Open the window or start one with "imageworks proxy", or say with --port where it listens.',
  }),
}
