/** The desk of a running studio over real HTTP: answers as the studio does, and only to who read the note in the data folder. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { askDesk } from '../../../src-main/desk/ask-desk.ts'
import { serveDesk } from '../../../src-main/desk/serve-desk.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import type { DeskNote, Studio } from '../../../src-main/lib/studio.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function open(dispatch: Studio['dispatch'] = async (name, input) => ({ ok: true, value: { name, input } })) {
  const seen: unknown[] = []
  const paths = {
    importAll: async (...given: unknown[]) => (seen.push(given), { found: 1 }),
    photosUnder: (given: unknown) => (seen.push(given), [{ id: 7 }]),
    readMetadata: async (path: string) => {
      throw new StudioError('path-missing', `there is nothing at ${path}`, { data: { path } })
    },
  } as unknown as Studio['paths']
  const desk = await serveDesk({ dispatch, paths })
  ends.push(() => desk.stop())
  return { ...desk, seen }
}

/** Status of a request that is right in everything but what is given. */
function knock(note: DeskNote, changed: http.RequestOptions & { body?: string } = {}): Promise<number> {
  const { body = '{}', headers, ...options } = changed
  return new Promise((resolve, reject) => {
    const given = { authorization: `Bearer ${note.key}`, 'content-type': 'application/json', ...headers }
    http
      .request(`${note.address}/models.list`, { method: 'POST', ...options, headers: given }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      .on('error', reject)
      .end(body)
  })
}

describe('the desk', () => {
  it('gives the answer of the route, the input untouched', async () => {
    const { note } = await open()
    const asked = await askDesk(note)
    expect(await asked?.handlers['models.select']({ role: 'caption', topN: 2 })).toEqual({
      name: 'models.select',
      input: { role: 'caption', topN: 2 },
    })
  })

  it('gives an expected error as the same error, with its data', async () => {
    const { note } = await open(async (name) =>
      name === 'app.info'
        ? { ok: true, value: {} }
        : { ok: false, error: { code: 'model-unknown', message: 'no model is called x', data: { nearest: ['y'] }, retry: 'never' } },
    )
    const asked = await askDesk(note)
    await expect(asked?.handlers['models.show']({ name: 'x' })).rejects.toMatchObject({ code: 'model-unknown', data: { nearest: ['y'] } })
    await expect(asked?.paths.readMetadata('/nowhere')).rejects.toMatchObject({ code: 'path-missing', data: { path: '/nowhere' } })
  })

  it('takes paths through its own doors alone, and looks at them first', async () => {
    const { note, seen } = await open()
    const asked = await askDesk(note)
    expect(await asked?.paths.importAll(['/a', '/b'], true)).toEqual({ found: 1 })
    expect(await asked?.paths.photosUnder(['/a'])).toEqual([{ id: 7 }])
    expect(seen).toEqual([[['/a', '/b'], true], ['/a']])
    await expect(asked?.paths.photosUnder([])).rejects.toMatchObject({ code: 'invalid-request' })
  })

  it.each([
    ['a wrong key', { headers: { authorization: 'Bearer guessed' } }, 401],
    ['a web page whose name points here', { headers: { host: 'evil.example' } }, 403],
    ['a web page that posts here', { headers: { origin: 'https://evil.example' } }, 403],
    ['a GET', { method: 'GET' }, 403],
    ['a form', { headers: { 'content-type': 'text/plain' } }, 415],
    ['no JSON', { body: '{' }, 400],
    ['more than may be sent', { body: `"${'x'.repeat(16 * 1024 * 1024)}"` }, 413],
  ])('refuses %s before the studio hears of it', async (_what, changed, status) => {
    const asked: string[] = []
    const { note } = await open(async (name) => (asked.push(name), { ok: true, value: {} }))
    expect(await knock(note)).toBe(200)
    expect(await knock(note, changed)).toBe(status)
    expect(asked).toEqual(['models.list'])
  })

  it('is no studio when its note was left behind, or another program has its port', async () => {
    const { note, stop } = await open()
    await stop()
    expect(await askDesk(note)).toBeUndefined()
    const other = http.createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1')
    ends.push(() => new Promise((resolve) => other.close(() => resolve())))
    await new Promise((resolve) => other.once('listening', resolve))
    expect(await askDesk({ ...note, address: `http://127.0.0.1:${(other.address() as AddressInfo).port}` })).toBeUndefined()
  })

  it('says so when the studio ends while it is asked', async () => {
    const { note, stop } = await open(async (name) => {
      if (name === 'app.info') return { ok: true, value: {} }
      void stop()
      return new Promise(() => undefined)
    })
    const asked = await askDesk(note)
    await expect(asked?.handlers['models.list']({})).rejects.toMatchObject({ code: 'connection-lost' })
  })
})
