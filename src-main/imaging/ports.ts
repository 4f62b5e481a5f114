/** What imaging gives to the rest of the studio, and what its worker answers. */
import type { PhotoKind } from '../contract/model.ts'
import type { MonoAnalysis } from '../mono/analyse.ts'
import type { Strictness } from '../mono/presets.ts'

export const THUMB_SIZES = [320, 1600] as const
/** Stands for every pixel that the photo has: for looking at it at 100 %. */
export const FULL_SIZE = 32_000
export type ThumbSize = (typeof THUMB_SIZES)[number] | typeof FULL_SIZE

/** Everything one look at a file tells. `takenAtMs`: EXIF local time with its offset where given, else read as UTC. */
export interface LookResult {
  contentHash: string
  /** Upright pixels. */
  width: number
  height: number
  orientation: number
  takenAtMs: number | null
  /** Minutes east of UTC as the camera wrote them; null when it wrote none. */
  takenAtOffsetMinutes: number | null
  gps: { latitude: number; longitude: number } | null
  /** What the library is filtered by: camera, stars (-1 to 5, null when none are said), keywords in the file itself. */
  marks: { camera: string | null; rating: number | null; keywords: string[] }
}

/** From where the analysed pixels came. */
export interface PixelSource {
  /** Upright pixels of the photo. */
  width: number
  height: number
  /** `preview`: the picture that the camera put into the RAW was analysed. */
  from: 'photo' | 'preview'
  /** `srgb`: says that it is; `converted`: another profile was applied; `assumed`: none was there, sRGB is taken. */
  profile: 'srgb' | 'converted' | 'assumed'
  /** Transparent places were laid on mid grey. */
  hadAlpha: boolean
}

export interface Imaging {
  /**
   * Reads the file once: SHA-256, size, orientation, capture time, position.
   * @throws StudioError of IMAGING_ERRORS, path-missing, path-unreadable, cancelled. A cut-off photo is photo-damaged with `contentHash`,
   * `width` and `height` in its data: `thumbnail` still shows what decodes of it, `modelView` refuses it.
   */
  look(path: string, kind: PhotoKind, signal?: AbortSignal): Promise<LookResult>
  /** Path of the cached WebP or JPEG thumbnail, made when missing: embedded preview first, else one decode for both sizes. */
  thumbnail(
    photo: { path: string; kind: PhotoKind; contentHash: string },
    size: ThumbSize,
    signal?: AbortSignal,
  ): Promise<{ file: string; contentType: string }>
  /** The picture a model sees: upright, sRGB, flattened on mid grey, long edge at most `longEdge`, JPEG quality 85, no metadata. */
  modelView(
    photo: { path: string; kind: PhotoKind; contentHash: string },
    longEdge: number,
    signal?: AbortSignal,
  ): Promise<{ jpeg: Uint8Array; width: number; height: number }>
  /** Whether the photo is a monochrome, judged from its pixels; nothing is kept. @throws as `modelView` */
  checkMono(
    photo: { path: string; kind: PhotoKind },
    options: { strictness: Strictness },
    signal?: AbortSignal,
  ): Promise<{ analysis: MonoAnalysis; source: PixelSource }>
  /** As `modelView`, for a picture that lies in no file; nothing is kept. @param size.quality JPEG quality, 10 to 100. */
  smaller(bytes: Uint8Array, size: { longEdge: number; quality: number }, signal: AbortSignal): Promise<Uint8Array>
  dispose(): Promise<void>
}
