/** One stage asked again: the bug would be the same words once more, an answer lost, or two answers in a race. */
import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { createAskAgain } from '../../../src-main/tagging/ask-again.ts'
import type { ChatPort } from '../../../src-main/tagging/ports.ts'
import { goodReply, memoryProposalStore, testPrompt } from './in-memory.ts'

function open(chat?: ChatPort) {
  const seeds: number[] = []
  const proposals = memoryProposalStore()
  const again = createAskAgain({
    proposals,
    photos: {
      find: () => ({ path: '/photos/1.jpg' }),
      setState: () => undefined,
      unqueue: () => undefined,
      ensureLooked: async () => ({ contentHash: 'hash-1', takenAtMs: 0, takenAtOffsetMinutes: null, gps: null, orientation: 1 }),
    },
    modelView: async () => ({ jpeg: new Uint8Array([1]), width: 8, height: 6 }),
    chat:
      chat ??
      (async (body) => {
        seeds.push(body.seed)
        return {
          ...goodReply({ photoId: 1, stage: 'caption' }),
          model: body.model,
          rawText: JSON.stringify({ caption: `Dog ${seeds.length} runs here.` }),
        }
      }),
    resolveModel: (_, wanted) => ({ name: wanted ?? 'first', backend: 'ollama', remote: false }),
    prompts: [testPrompt, { ...testPrompt, name: 'short' }],
    settings: () => ({ modelViewLongEdge: 1024, sendPhotoFacts: true }),
    delay: (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
    clock: { nowMs: () => 1, ticksMs: () => 1 },
  })
  return { again, proposals, seeds }
}

describe('asking again', () => {
  it('asks the same model with another seed, another model with the first one, and keeps every answer', async () => {
    const { again, proposals, seeds } = open()
    const ask = (request = {}) => again.ask({ photoId: 1, stage: 'caption', ...request })
    expect((await ask()).runId).toBeNull()
    await ask()
    await ask({ model: 'second' })
    expect((await ask({ prompt: 'short' })).promptName).toBe('short')
    expect(seeds).toEqual([1, 2, 1, 1])
    expect(proposals.alternatives(1, 60)).toHaveLength(4)
  })

  it('names the nearest prompt for one that it does not know', async () => {
    await expect(open().again.ask({ photoId: 1, stage: 'caption', prompt: 'shrot' })).rejects.toMatchObject({
      code: 'prompt-unknown',
      data: { nearest: ['short'] },
    })
  })

  it('stores the answer of the last question alone when the same is asked twice at once', async () => {
    let release: (() => void) | undefined
    let asked = 0
    const { again, proposals } = open(async (body, { signal }) => {
      asked += 1
      if (asked === 1) await new Promise<void>((resolve) => (release = resolve))
      signal.throwIfAborted()
      return { ...goodReply({ photoId: 1, stage: 'caption' }), model: body.model }
    })
    const first = again.ask({ photoId: 1, stage: 'caption' })
    const refused = expect(first).rejects.toBeInstanceOf(StudioError)
    await expect.poll(() => asked).toBe(1)
    const second = await again.ask({ photoId: 1, stage: 'caption', model: 'second' })
    release?.()
    await refused
    expect(proposals.all).toEqual([second])
  })
})
