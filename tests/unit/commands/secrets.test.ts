import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readSecret } from '../../../src-main/commands/read-secret.ts'
import { runCommandLine } from '../../../src-main/commands/run-command-line.ts'
import type { Studio } from '../../../src-main/lib/studio.ts'

const SECRET = 'sk-never-on-a-command-line'
let out = ''
let kept: string | null = null
const done: unknown[] = []

function run(words: string[]): Promise<number> {
  const studio = {
    handlers: { 'app.info': async () => ({ notices: [] }), 'settings.set': async (patch: unknown) => void done.push(patch) },
    stop: async () => undefined,
  } as unknown as Studio
  const context = {
    version: '0',
    runningStudio: async () => undefined,
    openStudio: async () => studio,
    gatewayToken: {
      kept: async () => kept,
      replace: async (token = 'made-by-the-studio') => {
        kept = token
        return token
      },
      forget: async () => void (kept = null),
    },
    apiKeys: { set: async (name: string, key: string) => void done.push([name, key]), clear: async (name: string) => void done.push([name]) },
  }
  return runCommandLine(['node', 'imageworks', ...words], context as unknown as Parameters<typeof runCommandLine>[1])
}

const stdin = Object.getOwnPropertyDescriptor(process, 'stdin')!
function give(text: string): NodeJS.ReadStream {
  const stream = new PassThrough()
  stream.end(text)
  Object.defineProperty(process, 'stdin', { value: stream, configurable: true })
  return stream as unknown as NodeJS.ReadStream
}
beforeEach(() => {
  out = ''
  kept = null
  done.length = 0
  vi.spyOn(process.stdout, 'on').mockReturnThis()
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))))
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
})
afterEach(() => {
  vi.restoreAllMocks()
  Object.defineProperty(process, 'stdin', stdin)
})

describe('imageworks proxy token', () => {
  it('set makes one, prints it once and turns the setting on; show prints it; clear turns it off', async () => {
    expect(await run(['proxy', 'token', 'set', '--json'])).toBe(0)
    expect(JSON.parse(out)).toEqual({ required: true, token: 'made-by-the-studio' })
    expect(done).toEqual([{ gatewayToken: true }])
    out = ''
    expect(await run(['proxy', 'token', 'show'])).toBe(0)
    expect(out).toBe('made-by-the-studio\n')
    expect(await run(['proxy', 'token', 'clear'])).toBe(0)
    expect(done[1]).toEqual({ gatewayToken: false })
    expect(kept).toBeNull()
    expect(await run(['proxy', 'token', 'show'])).toBe(1)
  })

  it('set --stdin takes the given one and must not print it back', async () => {
    give(`${SECRET}\n`)
    expect(await run(['proxy', 'token', 'set', '--stdin', '--json'])).toBe(0)
    expect(kept).toBe(SECRET)
    expect(out).not.toContain(SECRET)
  })
})

describe('imageworks backends key', () => {
  it('set reads the key from stdin, never from the words of the command, and never prints it', async () => {
    give(`\n  ${SECRET}\r\nsecond line\n`)
    expect(await run(['backends', 'key', 'set', 'cluster', '--json'])).toBe(0)
    expect(done).toEqual([['cluster', SECRET]])
    expect(JSON.parse(out)).toEqual({ name: 'cluster', kept: true })
    expect(await run(['backends', 'key', 'set', 'cluster', SECRET])).toBe(2)
    expect(await run(['backends', 'key', 'clear', 'cluster'])).toBe(0)
    expect(done).toEqual([['cluster', SECRET], ['cluster']])
  })

  it('an empty or endless stdin is an error and keeps nothing', async () => {
    await expect(readSecret('', give(''))).rejects.toMatchObject({ code: 'invalid-request' })
    await expect(readSecret('', give('x'.repeat(5000)))).rejects.toMatchObject({ code: 'invalid-request' })
  })
})
