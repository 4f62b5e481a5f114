import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCommandLine } from '../../../src-main/commands/run-command-line.ts'
import type { Problem } from '../../../src-main/contract/model.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import type { Studio } from '../../../src-main/lib/studio.ts'

const asked: unknown[] = []
const BROKEN: Problem = {
  code: 'registry-invalid',
  message: 'model_registry.user.json: entry a, field roles: expected array',
  data: { file: 'model_registry.user.json', entry: 'a', field: 'roles', reason: 'expected array' },
}

/** Its notices come up while the question is answered, as those of a real one do. */
function run(words: string[], given: { notices?: Problem[]; fail?: Error } = {}): Promise<number> {
  const notices: Problem[] = []
  const studio = {
    handlers: {
      'app.info': async () => ({ notices }),
      'models.list': async () => {
        if (given.fail) throw given.fail
        notices.push(...(given.notices ?? []))
        return []
      },
      'profile.set': async (request: unknown) => {
        asked.push(request)
        return { active: 'cpu_only', reason: 'detected' }
      },
    },
    stop: async () => undefined,
  } as unknown as Studio
  return runCommandLine(['node', 'imageworks', ...words], {
    version: '0',
    openStudio: async () => studio,
    runningStudio: async () => undefined,
  } as unknown as Parameters<typeof runCommandLine>[1])
}

let out = ''
let err = ''
beforeEach(() => {
  out = ''
  err = ''
  asked.length = 0
  vi.spyOn(process.stdout, 'on').mockReturnThis()
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

describe('what the studio noticed while it worked', () => {
  it('must be said on stderr, once, with file, entry, field and reason; the command itself went well', async () => {
    for (const words of [
      ['models', 'list'],
      ['models', 'list', '--json'],
    ]) {
      err = ''
      expect(await run(words, { notices: [BROKEN, { ...BROKEN }] })).toBe(0)
      for (const word of ['model_registry.user.json', 'entry a', 'field roles', 'expected array']) expect(err).toContain(word)
      expect(err.split('The list of models has a mistake')).toHaveLength(2)
      expect(out).toBe('')
    }
  })
  it('nothing noticed, nothing said', async () => {
    expect(await run(['models', 'list'])).toBe(0)
    expect(err).toBe('')
  })
  it('a registry that cannot be read at all fails the command with the name of the file', async () => {
    const fail = new StudioError('registry-invalid', 'half.json: is not JSON', { data: { file: 'half.json', reason: 'is not JSON' } })
    expect(await run(['models', 'list'], { fail })).toBe(1)
    expect(err).toMatch(/^The list of models in half\.json cannot be used\. .*\n {2}half\.json: is not JSON\n$/)
  })
})

it('profile set auto goes back to the detected profile', async () => {
  expect(await run(['profile', 'set', 'auto'])).toBe(0)
  expect(await run(['profile', 'set', 'development'])).toBe(0)
  expect(asked).toEqual([{ name: null }, { name: 'development' }])
})
