import type { APIError } from 'openai'
import { describe, expect, it } from 'vitest'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { ask, type ProxyGiven, remote, startProxy } from './studio-proxy.ts'

const QUICK = { connectMs: 500, firstByteMs: 300, idleMs: 300 }

async function against(flags: string[], more: ProxyGiven = {}) {
  const upstream = await startOpenAiServer(...flags)
  const studio = await startProxy({ entries: [remote(upstream.origin)], timeouts: QUICK, ...more })
  const whole = () => studio.client.chat.completions.create(ask('upstream'))
  const streamed = async () => {
    const seen: string[] = []
    const stream = await studio.client.chat.completions.create({ ...ask('upstream'), stream: true })
    try {
      for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? '')
    } catch (error) {
      return { seen: seen.join(''), error: error as APIError }
    }
    return { seen: seen.join(''), error: null }
  }
  return { upstream, ...studio, whole, streamed }
}

describe('before commitment a failure is a true status, streamed or not', () => {
  const cases: [string, string[], number, string][] = [
    ['a prompt that is too long', ['--status', '400', '--message', "This model's maximum context length is 4096 tokens"], 400, 'context_overflow'],
    ['another refusal keeps its status', ['--status', '422', '--message', 'bad field'], 422, 'invalid_request'],
    ['an upstream that fails', ['--status', '500', '--message', 'CUDA error'], 502, 'backend_bad_response'],
    [
      'an upstream without the memory',
      ['--status', '500', '--message', 'model requires more system memory (9.1 GiB) than is available (4.2 GiB)'],
      503,
      'model_does_not_fit',
    ],
    ['an upstream that is busy', ['--status', '429'], 429, 'backend_overloaded'],
    ['an upstream that is loading', ['--status', '503'], 503, 'backend_down'],
    ['an upstream that refuses our key', ['--status', '401'], 502, 'backend_bad_response'],
    ['an answer that is not JSON', ['--not-json'], 502, 'backend_bad_response'],
    ['an upstream that stays silent', ['--stall'], 504, 'backend_timeout'],
    ['another model on the port', ['--models', 'something-else'], 503, 'backend_down'],
  ]
  for (const [what, flags, status, code] of cases) {
    it(`${what}: ${status} ${code}`, async () => {
      const { whole, streamed, logged } = await against(flags)
      const expected = { status, code, error: { type: expect.any(String), message: expect.any(String), param: null } }
      await expect(whole()).rejects.toMatchObject(expected)
      await expect(streamed()).rejects.toMatchObject(expected)
      expect((await logged()).map((record) => record.status)).toEqual([status, status])
      for (const record of await logged()) expect(record.error_code).toMatch(/-/)
    })
  }

  const streamOnly: [string, string[]][] = [
    ['garbage', ['--garbage-after', '1']],
    ['an error event', ['--error-after', '1']],
    ['an end without an answer', ['--end-after', '1']],
    ['a broken connection', ['--cut-after', '1']],
    ['one piece of JSON', ['--json-for-stream']],
  ]
  for (const [what, flags] of streamOnly) {
    it(`${what} in place of the first content: 502, not an empty 200`, async () => {
      const { streamed } = await against(flags)
      await expect(streamed()).rejects.toMatchObject({ status: 502, code: 'backend_bad_response' })
    })
  }

  it('silence after the role: 504', async () =>
    await expect((await against(['--stall-after', '1'])).streamed()).rejects.toMatchObject({ status: 504 }))

  it('a dead upstream: 503 with the address, at once', async () => {
    const { upstream, whole, streamed } = await against([])
    await whole()
    await upstream.kill()
    await expect(whole()).rejects.toMatchObject({ status: 503, code: 'backend_down', message: expect.stringContaining(upstream.origin) })
    await expect(streamed()).rejects.toMatchObject({ status: 503 })
  })

  it('an unknown model: 404 with the nearest names, also for the machine', async () => {
    const { client } = await against([])
    await expect(client.chat.completions.create(ask('upstraem'))).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      message: expect.stringContaining('upstream'),
      error: { studio_code: 'model-unknown', data: { nearest: ['upstream'] } },
    })
  })

  it('a role that nobody takes and a role that is none', async () => {
    const { client } = await against([])
    await expect(client.chat.completions.create(ask('role:narration'))).rejects.toMatchObject({ status: 503, code: 'no_model_for_role' })
    await expect(client.chat.completions.create(ask('role:captions'))).rejects.toMatchObject({ status: 400, code: 'role_unknown' })
  })

  it('a picture for a model that sees none: 400, not an answer about nothing', async () => {
    const upstream = await startOpenAiServer()
    const { client } = await startProxy({ entries: [remote(upstream.origin, { capabilities: { text: true } })] })
    await expect(client.chat.completions.create(ask('upstream'))).rejects.toMatchObject({ status: 400, code: 'capability_mismatch' })
    expect(await upstream.chats()).toEqual([])
  })
})

describe('after commitment a failure is an event that the client raises', () => {
  const cases: [string, string[], string][] = [
    ['garbage', ['--garbage-after', '3'], 'backend_bad_response'],
    ['an error event', ['--error-after', '3'], 'backend_bad_response'],
    ['an end without a finish', ['--end-after', '3'], 'backend_bad_response'],
    ['a broken connection', ['--cut-after', '3'], 'backend_bad_response'],
    ['a connection that breaks inside an event', ['--cut-after', '3', '--half-event'], 'backend_bad_response'],
    ['silence', ['--stall-after', '3'], 'backend_timeout'],
  ]
  for (const [what, flags, code] of cases) {
    it(`${what}: what came before is kept, the failure is told`, async () => {
      const { streamed, logged } = await against(flags)
      const { seen, error } = await streamed()
      expect(seen).toBe('A harbour ')
      expect(error).toMatchObject({ code })
      expect((await logged())[0]).toMatchObject({ status: 200, error_code: expect.stringMatching(/^backend-/), finish_reason: null })
    })
  }
})
