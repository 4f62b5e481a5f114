import { describe, expect, it } from 'vitest'
import { createChatClient } from '../../../src-main/proxy/chat-client.ts'
import { startOpenAiServer } from '../../fakes/start-openai-server.ts'
import { ask, remote, startProxy } from './studio-proxy.ts'

const open = new AbortController().signal

describe('the studio as a caller of its own proxy', () => {
  it('gets the text, who answered, and is known by name in the log', async () => {
    const upstream = await startOpenAiServer()
    const { url, logged } = await startProxy({ entries: [remote(upstream.origin)] })
    const chat = createChatClient(() => url)
    expect(await chat(ask('role:caption'), { signal: open })).toEqual({
      rawText: 'A harbour at dusk.',
      model: 'upstream',
      backend: 'remote',
      finishReason: 'stop',
    })
    expect((await logged())[0]).toMatchObject({ caller: 'tagging', role: 'caption' })
  })

  it('must get our codes and data back, so that the window can say what to do', async () => {
    const { url } = await startProxy({ entries: [remote('http://127.0.0.1:9')] })
    const chat = createChatClient(() => url)
    await expect(chat(ask('upstraem'), { signal: open })).rejects.toMatchObject({ code: 'model-unknown', data: { nearest: ['upstream'] } })
    await expect(chat(ask('role:narration'), { signal: open })).rejects.toMatchObject({
      code: 'no-model-for-role',
      data: { remedies: expect.any(Array) },
    })
    await expect(chat(ask('upstream'), { signal: open })).rejects.toMatchObject({ code: 'backend-unreachable', retry: 'later' })
  })

  it('a proxy that is gone and a cancelled request are told apart', async () => {
    const { url, proxy } = await startProxy({})
    await proxy.stop()
    const chat = createChatClient(() => url)
    await expect(chat(ask('x'), { signal: open })).rejects.toMatchObject({ code: 'proxy-unavailable' })
    await expect(chat(ask('x'), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('a gateway that asks for a token', () => {
  it('lets the studio itself in, whatever the token is now, and nobody without it', async () => {
    const upstream = await startOpenAiServer()
    let token: string | null = null
    const { url } = await startProxy({ entries: [remote(upstream.origin)], options: { token: () => token } })
    const chat = createChatClient(() => url, { token: () => token })
    const status = async () => (await fetch(`${url}/models`)).status
    for (const [now, expected] of [
      [null, 200],
      ['the-first-token-of-all', 401],
      ['another-token-by-now', 401],
      [null, 200],
    ] as const) {
      token = now
      expect(await status()).toBe(expected)
      expect((await chat(ask('role:caption'), { signal: open })).rawText).toBe('A harbour at dusk.')
    }
  })
})
