/** The pictures of one request: measured where they lie, refused when they are too much, made smaller by the entry's policy. */
import { StudioError } from '../../lib/studio-error.ts'
import type { RegistryEntry } from '../../registry/entry.ts'
import type { ChatBody } from '../body/chat-body.ts'
import type { LongText } from '../body/json-scan.ts'
import type { Picture } from '../body/look-at-messages.ts'
import type { Size } from '../history/picture-tokens.ts'
import type { PicturePolicy, PreparePicture, ProxySettings } from '../ports.ts'
import { openDataAddress, type PictureBytes } from './data-address.ts'
import { type PictureHead, readPictureHead } from './picture-head.ts'

export interface PictureLimits {
  /** Of one picture as it comes, base64 undone. */
  maxBytes: number
  maxPixels: number
}

interface Measured {
  bytes: PictureBytes
  head: PictureHead | null
}

export interface PictureSet {
  /** Pixels that the model will see; null where they cannot be read. */
  sizeOf(address: string): Size | null
  /** Bytes of all pictures of `addresses` as they came. */
  bytesOf(addresses: Iterable<string>): number
  /** @throws StudioError `payload-too-large` with the figures. */
  refuseTooLarge(): void
  /**
   * Made smaller where the policy asks for it, one after another. Addresses that are not in `addresses` are left alone.
   * @throws StudioError `request-invalid` for a picture that cannot be read, `payload-too-large`, `cancelled`.
   */
  prepare(addresses: ReadonlySet<string>, signal: AbortSignal): Promise<Prepared>
}

export interface Prepared {
  /** New addresses with their quotes, by the place of the old. */
  instead: Map<LongText, Uint8Array>
  sentBytes: number
}

export function policyOf(entry: RegistryEntry, settings: Pick<ProxySettings, 'picture'>): PicturePolicy | null {
  const longEdge = entry.image_policy.long_edge ?? settings.picture.longEdge
  return longEdge === null ? null : { longEdge, jpegQuality: entry.image_policy.jpeg_quality ?? settings.picture.jpegQuality }
}

/** A picture that is small enough and plain is not touched: encoding it again would only cost. */
function needsWork(head: PictureHead | null, { longEdge }: PicturePolicy): boolean {
  if (head === null) return true
  return Math.max(head.width, head.height) > longEdge || (head.kind !== 'jpeg' && head.kind !== 'png') || head.hasAlpha
}

export interface PictureSetOptions {
  body: ChatBody
  policy: PicturePolicy | null
  limits: PictureLimits
  preparePicture: PreparePicture | undefined
}

export function createPictureSet({ body, policy, limits, preparePicture }: PictureSetOptions): PictureSet {
  const known = new Map<LongText, Measured | null>()
  const byAddress = new Map(body.pictures.map((picture) => [picture.address, picture]))
  const measure = ({ data }: Picture): Measured | null => {
    if (!data) return null
    let measured = known.get(data)
    if (measured === undefined) {
      const bytes = openDataAddress(body.bytes, data)
      measured = bytes && { bytes, head: readPictureHead(bytes) }
      known.set(data, measured)
    }
    return measured
  }
  const measureAt = (address: string) => {
    const picture = byAddress.get(address)
    return picture ? measure(picture) : null
  }

  return {
    sizeOf(address) {
      const head = measureAt(address)?.head
      if (!head) return null
      const { width, height } = head
      const scale = policy && preparePicture ? Math.min(1, policy.longEdge / Math.max(width, height)) : 1
      return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
    },
    bytesOf(addresses) {
      let sum = 0
      for (const address of addresses) sum += measureAt(address)?.bytes.length ?? 0
      return sum
    },
    refuseTooLarge() {
      for (const picture of body.pictures) {
        const measured = measure(picture)
        if (measured) refuseOne(measured, picture.param, limits)
      }
    },
    async prepare(addresses, signal) {
      const instead = new Map<LongText, Uint8Array>()
      let sentBytes = 0
      for (const picture of body.pictures) {
        if (!addresses.has(picture.address)) continue
        const measured = measure(picture)
        if (!measured || !picture.data) continue
        if (!policy || !preparePicture || !needsWork(measured.head, policy)) {
          sentBytes += measured.bytes.length
          continue
        }
        const bytes = measured.bytes.read(0, measured.bytes.length)
        const made = await preparePicture(bytes, policy, signal).catch((error: unknown) => {
          throw unreadable(error, picture.param)
        })
        sentBytes += made.bytes.length
        instead.set(picture.data, Buffer.from(`"data:${made.mime};base64,${Buffer.from(made.bytes).toString('base64')}"`, 'latin1'))
      }
      return { instead, sentBytes }
    },
  }
}

function refuseOne({ bytes, head }: Measured, param: string, { maxBytes, maxPixels }: PictureLimits): void {
  if (bytes.length > maxBytes) {
    throw new StudioError('payload-too-large', `a picture has ${bytes.length} bytes; at most ${maxBytes} are taken`, {
      data: { param, bytes: bytes.length, maxBytes },
    })
  }
  if (head && head.width * head.height > maxPixels) {
    const { width, height } = head
    throw new StudioError('payload-too-large', `a picture has ${width} x ${height} pixels; at most ${maxPixels} in all are taken`, {
      data: { param, width, height, maxPixels },
    })
  }
}

/** What is wrong with the picture is the caller's to know; what is wrong with our own worker is not. */
function unreadable(error: unknown, param: string): unknown {
  if (!(error instanceof StudioError) || !error.code.startsWith('photo-')) return error
  const code = error.code === 'photo-too-large' ? 'payload-too-large' : 'request-invalid'
  return new StudioError(code, `a picture cannot be used: ${error.message}`, { data: { ...error.data, param }, cause: error })
}
