import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { drawProbePictures, PROBE_EDGE_PX } from '../../../../src-main/backends/discovery/probe-pictures.ts'
import { isRight, type ProbeChat, probeVision } from '../../../../src-main/backends/discovery/vision-probe.ts'
import { StudioError } from '../../../../src-main/lib/studio-error.ts'
import { entrySchema } from '../../../../src-main/registry/entry.ts'

const entry = entrySchema.parse({ name: 'm', backend: 'vllm' })
const probe = (chat: ProbeChat, one = entry) =>
  probeVision({ entry: one, chat, digest: 'd', signal: new AbortController().signal, nowMs: () => 0, ticksMs: () => performance.now() })

type Part = { type: string; text?: string; image_url?: { url: string } }
const contentOf = (body: Readonly<Record<string, unknown>>) => (body['messages'] as { content: Part[] }[])[0]?.content ?? []

/** Looks at the pixels, as a model with eyes does. */
const eyes: ProbeChat = async (_entry, body) => {
  const url = contentOf(body).find(({ type }) => type === 'image_url')?.image_url?.url ?? ''
  const { data, info } = await sharp(Buffer.from(url.split(',')[1] ?? '', 'base64'))
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect(Math.min(info.width, info.height)).toBeGreaterThanOrEqual(64)
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3)]
  const middle = Math.floor(info.width / 2)
  const [red = 0, , blue = 0] = at(middle, middle)
  const shapeAtCorner = Math.round(info.width * (0.5 - 0.28))
  const isSquare = at(shapeAtCorner, shapeAtCorner).join() === at(middle, middle).join()
  return `A ${red > blue ? 'red' : 'blue'} ${isSquare ? 'square' : 'circle'}.`
}

describe('whether a model sees', () => {
  it('one with eyes passes; the result says when, how long, of which weights', async () => {
    expect(await probe(eyes)).toEqual({
      vision_ok: true,
      timestamp: '1970-01-01T00:00:00.000Z',
      latency_ms: expect.any(Number),
      digest: 'd',
      notes: expect.stringContaining('blue square: a blue square'),
    })
  })

  it('one that only talks must fail, whatever it makes up', async () => {
    const talk = [
      'A red circle.',
      'A blue square.',
      'I cannot see images.',
      '',
      'A red circle or a blue square.',
      'It is a red circle and a blue square',
      '<think>red circle? blue square?</think>',
      'yes',
    ]
    for (const text of talk) expect((await probe(async () => text)).vision_ok, text).toBe(false)
  })

  it('words around a right answer, thoughts before it and capitals do not matter', () => {
    const [disc, square] = drawProbePictures()
    for (const text of ['Red, circle', 'The shape is a **red** disc on white.', '<think>blue square?</think>red circle', 'RED CIRCLE'])
      expect(isRight(text, disc), text).toBe(true)
    for (const text of ['Blue square', 'a solid blue rectangle on a yellow background']) expect(isRight(text, square), text).toBe(true)
    for (const text of ['reddish circles are not blue', 'blue circle', 'scared of a ball']) expect(isRight(text, disc), text).toBe(false)
  })

  it('a task model is asked in its own words', async () => {
    const asked: string[] = []
    await probe(
      async (_entry, body) => {
        asked.push(contentOf(body).find(({ type }) => type === 'text')?.text ?? '')
        return ''
      },
      entrySchema.parse({ name: 'f', backend: 'vllm', adapter: 'task_tokens' }),
    )
    expect(asked).toEqual(['<MORE_DETAILED_CAPTION>', '<MORE_DETAILED_CAPTION>'])
  })

  it('a server that takes no pictures has answered; one that cannot be reached has not', async () => {
    const failing = (code: 'request-invalid' | 'backend-unreachable') => probe(() => Promise.reject(new StudioError(code, 'no')))
    expect((await failing('request-invalid')).vision_ok).toBe(false)
    await expect(failing('backend-unreachable')).rejects.toMatchObject({ code: 'backend-unreachable' })
    await expect(probe(() => Promise.reject(new Error('odd')))).rejects.toMatchObject({ code: 'probe-failed', data: { name: 'm' } })
  })

  it('the pictures are what they claim', async () => {
    for (const { png } of drawProbePictures()) {
      expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: PROBE_EDGE_PX, height: PROBE_EDGE_PX, channels: 3 })
    }
  })
})
