import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../../src-main/lib/studio-error.ts'
import { bytesOf } from '../../../../src-main/proxy/body/bytes.ts'
import { readChatBody } from '../../../../src-main/proxy/body/chat-body.ts'
import { openDataAddress } from '../../../../src-main/proxy/pictures/data-address.ts'
import { readPictureHead } from '../../../../src-main/proxy/pictures/picture-head.ts'
import { createPictureSet, policyOf } from '../../../../src-main/proxy/pictures/picture-set.ts'
import type { PreparePicture } from '../../../../src-main/proxy/ports.ts'
import { entrySchema } from '../../../../src-main/registry/entry.ts'

const picture = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 30, b: 30, alpha: 0.5 } } })
const address = (bytes: Uint8Array, mime = 'image/jpeg') => `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`
/** Cut where sockets cut, and in odd places. */
const whole = (text: string) => {
  const all = Buffer.from(text)
  return bytesOf([all.subarray(0, 101), all.subarray(101, 7001), all.subarray(7001)])
}
const bodyOf = (...addresses: string[]) =>
  readChatBody(
    whole(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: addresses.map((url) => ({ type: 'image_url', image_url: { url } })) }] })),
  )
const limits = { maxBytes: 1_000_000, maxPixels: 1_000_000 }
const policy = { longEdge: 100, jpegQuality: 80 }

async function headOf(bytes: Uint8Array) {
  const body = await bodyOf(address(bytes))
  const opened = openDataAddress(body.bytes, body.pictures[0]!.data!)!
  expect(opened.length).toBe(bytes.length)
  expect(opened.read(0, opened.length)).toEqual(Buffer.from(bytes))
  expect(opened.read(7, 11)).toEqual(Buffer.from(bytes).subarray(7, 18))
  return readPictureHead(opened)
}

describe('size and kind, read where the picture lies', () => {
  it('JPEG, also behind a large profile and preview', async () => {
    const exif = { IFD0: { ImageDescription: 'x'.repeat(60_000) } }
    expect(await headOf(await picture(301, 200).jpeg().toBuffer())).toEqual({ kind: 'jpeg', width: 301, height: 200, hasAlpha: false })
    expect(await headOf(await picture(303, 200).withExif(exif).withIccProfile('p3').jpeg({ progressive: true }).toBuffer())).toMatchObject({
      width: 303,
    })
  })
  it('PNG, WebP in its three forms, GIF', async () => {
    expect(await headOf(await picture(31, 20).png().toBuffer())).toEqual({ kind: 'png', width: 31, height: 20, hasAlpha: false })
    expect(await headOf(await picture(31, 20, 4).png().toBuffer())).toMatchObject({ hasAlpha: true })
    expect(await headOf(await picture(32, 20).webp().toBuffer())).toEqual({ kind: 'webp', width: 32, height: 20, hasAlpha: false })
    expect(await headOf(await picture(33, 20, 4).webp({ lossless: true }).toBuffer())).toEqual({
      kind: 'webp',
      width: 33,
      height: 20,
      hasAlpha: true,
    })
    expect(await headOf(await picture(34, 20, 4).webp().toBuffer())).toEqual({ kind: 'webp', width: 34, height: 20, hasAlpha: true })
    expect(await headOf(await picture(35, 20).gif().toBuffer())).toMatchObject({ kind: 'gif', width: 35, height: 20 })
  })
  it('nonsense is nothing, and never an endless search', async () => {
    expect(await headOf(Buffer.alloc(5000, 0xff))).toBeNull()
    expect(await headOf(Buffer.from('hello'))).toBeNull()
    expect(await headOf(Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(100_000)]))).toBeNull()
  })
  it('slashes that a writer escaped', async () => {
    const jpeg = await picture(301, 200).jpeg().toBuffer()
    const text = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: address(jpeg) } }] }] })
    const body = await readChatBody(whole(text.replaceAll('/', '\\/')))
    const opened = openDataAddress(body.bytes, body.pictures[0]!.data!)!
    expect(readPictureHead(opened)).toMatchObject({ width: 301 })
  })
})

describe('preparing', () => {
  const seen: number[] = []
  const shrink: PreparePicture = async (bytes, { longEdge, jpegQuality }) => {
    seen.push(bytes.length)
    return { bytes: await sharp(bytes).resize(longEdge, longEdge, { fit: 'inside' }).jpeg({ quality: jpegQuality }).toBuffer(), mime: 'image/jpeg' }
  }
  const prepare = async (addresses: string[], preparePicture: PreparePicture | undefined = shrink, own: typeof policy | null = policy) => {
    const body = await bodyOf(...addresses)
    const set = createPictureSet({ body, policy: own, limits, preparePicture })
    seen.length = 0
    return { body, set, ...(await set.prepare(new Set(body.pictures.map((each) => each.address)), new AbortController().signal)) }
  }

  it('only what is larger than the policy, or not plain, is touched', async () => {
    const small = await picture(100, 60).jpeg().toBuffer()
    const large = await picture(101, 60).jpeg().toBuffer()
    const png = await picture(50, 50).png().toBuffer()
    const seeThrough = await picture(50, 50, 4).png().toBuffer()
    const webp = await picture(50, 50).webp().toBuffer()
    const { body, instead } = await prepare([small, large, png, seeThrough, webp].map((each) => address(each)))
    expect(body.pictures.map(({ data }) => instead.has(data!))).toEqual([false, true, false, true, true])
    const made = Buffer.from([...instead.values()][0]!).toString()
    expect(made.startsWith('"data:image/jpeg;base64,')).toBe(true)
    expect(await sharp(Buffer.from(made.slice(24, -1), 'base64')).metadata()).toMatchObject({ width: 100 })
  })
  it('no policy, or nobody who could do it: nothing is touched', async () => {
    const large = address(await picture(500, 60).jpeg().toBuffer())
    expect((await prepare([large], shrink, null)).instead.size).toBe(0)
    const body = await bodyOf(large)
    const set = createPictureSet({ body, policy, limits, preparePicture: undefined })
    expect((await set.prepare(new Set([body.pictures[0]!.address]), new AbortController().signal)).instead.size).toBe(0)
    expect(set.sizeOf(body.pictures[0]!.address)).toEqual({ width: 500, height: 60 })
  })
  it('a picture that cannot be read is the caller’s 400 with its place; our own failure is not', async () => {
    const broken: PreparePicture = () => Promise.reject(new StudioError('photo-damaged', 'cut off'))
    await expect(prepare([address(Buffer.alloc(50))], broken)).rejects.toMatchObject({
      code: 'request-invalid',
      data: { param: 'messages.0.content.0' },
    })
    const crashed: PreparePicture = () => Promise.reject(new StudioError('decoder-crashed', 'gone'))
    await expect(prepare([address(Buffer.alloc(50))], crashed)).rejects.toMatchObject({ code: 'decoder-crashed' })
  })
  it('too many bytes or pixels are told with the figures, without decoding', async () => {
    const bomb = await picture(1001, 1000).png().toBuffer()
    const { set } = await prepare([address(bomb, 'image/png')], undefined, null)
    expect(() => set.refuseTooLarge()).toThrow(
      expect.objectContaining({ code: 'payload-too-large', data: expect.objectContaining({ width: 1001, height: 1000, maxPixels: 1_000_000 }) }),
    )
    const heavy = await prepare([address(Buffer.alloc(1_000_001))], undefined, null)
    expect(() => heavy.set.refuseTooLarge()).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ bytes: 1_000_001, maxBytes: 1_000_000 }) }),
    )
  })
  it('the entry’s policy goes before the studio’s; none means none', () => {
    const entry = (imagePolicy: object) => entrySchema.parse({ name: 'm', backend: 'vllm', image_policy: imagePolicy })
    const settings = { picture: { longEdge: null, jpegQuality: 85 } }
    expect(policyOf(entry({}), settings)).toBeNull()
    expect(policyOf(entry({ long_edge: 448 }), settings)).toEqual({ longEdge: 448, jpegQuality: 85 })
    expect(policyOf(entry({ jpeg_quality: 90 }), { picture: { longEdge: 1024, jpegQuality: 85 } })).toEqual({ longEdge: 1024, jpegQuality: 90 })
  })
})
