/** From a request as it came to the one that its model gets: conversation cut, pictures counted, measured and made smaller. */
import { StudioError } from '../lib/studio-error.ts'
import { type RegistryEntry, seesPictures } from '../registry/entry.ts'
import type { ChatRequest } from '../registry/serving.ts'
import { type ChatBody, toChatRequest } from './body/chat-body.ts'
import { addressOf, picturesOf } from './history/message-pictures.ts'
import { pictureTokens } from './history/picture-tokens.ts'
import { maxPicturesOf } from './history/policy.ts'
import { estimateText, trimHistory } from './history/trim-history.ts'
import { createPictureSet, type PictureLimits, policyOf } from './pictures/picture-set.ts'
import type { CountTokens, PreparePicture, ProxySettings, Trimmed } from './ports.ts'

export interface ShapePorts {
  settings: ProxySettings
  pictureLimits: PictureLimits
  preparePicture: PreparePicture | undefined
  countTokens: CountTokens | undefined
}

export interface Shaped {
  request: ChatRequest
  trimmed: Trimmed | null
  pictures: { bytes: number; sentBytes: number }
  /** Of all that came, by our estimate. */
  estimateTokens(): number
}

/** @throws StudioError `capability-mismatch`, `request-invalid`, `payload-too-large`, `cancelled`. */
export async function shapeRequest(body: ChatBody, entry: RegistryEntry, ports: ShapePorts, signal: AbortSignal): Promise<Shaped> {
  const { settings, countTokens } = ports
  if (body.pictures.length > 0 && !seesPictures(entry)) {
    throw new StudioError('capability-mismatch', `${entry.name} is not known to see pictures`, { data: { name: entry.name, capability: 'vision' } })
  }
  const policy = policyOf(entry, settings)
  const set = createPictureSet({ body, policy, limits: ports.pictureLimits, preparePicture: ports.preparePicture })
  set.refuseTooLarge()
  const tokensOf = (address: string) => pictureTokens(entry.family ?? entry.name, set.sizeOf(address))
  const { messages, trimmed } = await trimHistory(body, entry, {
    settings,
    pictureTokens: (part) => tokensOf(addressOf(part)),
    countTokens: (text) => countTokens?.(entry, text, signal) ?? Promise.resolve(null),
  })
  const sent = messages ? messages.flatMap(picturesOf).map(addressOf) : body.pictures.map(({ address }) => address)
  refuseTooMany(sent.length, entry)
  const { instead, sentBytes } = await set.prepare(new Set(sent), signal)
  return {
    request: toChatRequest(body, entry, { messages, pictures: instead }),
    trimmed,
    pictures: { bytes: set.bytesOf(body.pictures.map(({ address }) => address)), sentBytes },
    estimateTokens: () =>
      body.texts.reduce((sum, text) => sum + estimateText(text, body.standIns), 0) +
      body.pictures.reduce((sum, { address }) => sum + tokensOf(address), 0),
  }
}

function refuseTooMany(count: number, entry: RegistryEntry): void {
  const most = maxPicturesOf(entry)
  if (count <= most) return
  throw new StudioError(
    'request-invalid',
    `${entry.name} takes at most ${most} ${most === 1 ? 'picture' : 'pictures'} a request; ${count} were sent`,
    {
      data: { param: 'messages', maxImages: most, images: count },
    },
  )
}
