/** Facts and embedded previews of RAW files, through one ExifTool process that the imaging worker keeps open. */
import type { ExifTool } from 'exiftool-vendored'
import { StudioError } from '../../lib/studio-error.ts'
import { cameraName, toRating } from '../../lib/xmp-marks.ts'
import { bytesOf } from './byte-source.ts'
import { parseExifTime, parseOffsetMinutes, parseOrientation, parsePosition } from './capture-facts.ts'
import { findJpegStructure } from './jpeg-structure.ts'

export interface RawFacts {
  /** Stored pixels of the main picture, 0 when unknown. */
  width: number
  height: number
  orientation: number
  takenAtMs: number | null
  takenAtOffsetMinutes: number | null
  gps: { latitude: number; longitude: number } | null
  marks: { camera: string | null; rating: number | null; keywords: string[] }
  /** Previews by tag with their bytes. */
  previews: { tag: PreviewTag; sizeBytes: number }[]
}

const PREVIEW_TAGS = ['ThumbnailImage', 'PreviewImage', 'OtherImage', 'JpgFromRaw'] as const
type PreviewTag = (typeof PREVIEW_TAGS)[number]

// -ee (embedded data of every kind) is never asked for: it runs far more of ExifTool on bytes nobody vouches for.
const READ_ARGS = [
  '-fast',
  '-n',
  '-ImageSize',
  '-Orientation',
  '-DateTimeOriginal',
  '-OffsetTimeOriginal',
  '-Composite:GPSLatitude',
  '-Composite:GPSLongitude',
  '-Make',
  '-Model',
  '-Rating',
  '-XMP-dc:Subject',
  ...PREVIEW_TAGS.map((tag) => `-${tag}`),
]
const TASK_TIMEOUT_MS = 30_000
const IDLE_MS = 10_000

export interface RawReader {
  /** @throws StudioError photo-damaged */
  facts(path: string): Promise<RawFacts>
  /** The smallest embedded JPEG whose long edge reaches `longEdge`, else the largest. @throws StudioError preview-missing */
  preview(path: string, facts: RawFacts, longEdge: number): Promise<{ jpeg: Buffer; width: number; height: number }>
  /** Of the ExifTool process, while one runs. */
  pids(): readonly number[]
  end(): Promise<void>
}

/** [Note: orphaned ExifTool] in README.md says why the process is ended when idle and when this process exits. */
export function createRawReader(): RawReader {
  let opening: Promise<ExifTool> | undefined
  let running: ExifTool | undefined
  let idleTimer: NodeJS.Timeout | undefined

  const end = async () => {
    clearTimeout(idleTimer)
    const ending = await opening
    opening = undefined
    running = undefined
    await ending?.end()
  }

  process.on('exit', () => {
    for (const pid of running?.pids ?? []) process.kill(pid)
  })

  const open = () => {
    clearTimeout(idleTimer)
    idleTimer = setTimeout(() => void end(), IDLE_MS)
    idleTimer.unref()
    opening ??= import('exiftool-vendored').then(({ ExifTool, DefaultExiftoolArgs }) => {
      running = new ExifTool({
        // First on the command line, or a .ExifTool_config from somewhere would be run.
        exiftoolArgs: ['-config', '', ...DefaultExiftoolArgs],
        maxProcs: 1,
        taskTimeoutMillis: TASK_TIMEOUT_MS,
        taskRetries: 0,
      })
      return running
    })
    return opening
  }

  return {
    async facts(path) {
      const exiftool = await open()
      const tags = await exiftool.readRaw(path, { readArgs: READ_ARGS }).catch((error: unknown) => {
        throw exiftoolFailure(error)
      })
      return parseRawFacts({ ...tags })
    },
    async preview(path, facts, longEdge) {
      const exiftool = await open()
      let best: { jpeg: Buffer; width: number; height: number } | undefined
      for (const { tag, sizeBytes } of facts.previews) {
        // A JPEG of this long edge with fewer bytes than that does not occur; asking costs 20 ms.
        if (sizeBytes < (longEdge * longEdge) / 60 && facts.previews.at(-1)?.tag !== tag) continue
        const jpeg = await exiftool.extractBinaryTagToBuffer(tag, path).catch(() => undefined)
        const structure = jpeg && jpeg.length > 4 ? await findJpegStructure(bytesOf(jpeg)) : undefined
        if (!jpeg || !structure) continue
        const found = { jpeg, width: structure.width, height: structure.height }
        if (!best || Math.max(found.width, found.height) > Math.max(best.width, best.height)) best = found
        if (Math.max(found.width, found.height) >= longEdge) break
      }
      if (!best) throw new StudioError('preview-missing', 'no embedded JPEG preview in the RAW file')
      return best
    },
    pids: () => running?.pids ?? [],
    end,
  }
}

function exiftoolFailure(error: unknown): unknown {
  const reason = error instanceof Error ? error.message.slice(0, 200) : String(error)
  return new StudioError('photo-damaged', `the RAW file cannot be read: ${reason}`, { data: { reason }, cause: error })
}

export function parseRawFacts(tags: Record<string, unknown>): RawFacts {
  if (typeof tags['Error'] === 'string') throw new StudioError('photo-damaged', tags['Error'], { data: { reason: tags['Error'] } })
  const [width = 0, height = 0] = String(tags['ImageSize'] ?? '')
    .split(/[ x]/)
    .map(Number)
    .map((side) => (Number.isInteger(side) && side > 0 ? side : 0))
  const previews = PREVIEW_TAGS.flatMap((tag) => {
    const match = /Binary data (\d+) bytes/.exec(String(tags[tag] ?? ''))
    return match ? [{ tag, sizeBytes: Number(match[1]) }] : []
  })
  return {
    width,
    height,
    orientation: parseOrientation(tags['Orientation']),
    takenAtMs: parseExifTime(tags['DateTimeOriginal'], tags['OffsetTimeOriginal']),
    takenAtOffsetMinutes: parseOffsetMinutes(tags['OffsetTimeOriginal']),
    gps: parsePosition(tags),
    marks: {
      camera: cameraName(tags['Make'], tags['Model']),
      rating: toRating(tags['Rating']),
      keywords: [tags['Subject'] ?? []].flat().map(String),
    },
    previews: previews.sort((a, b) => a.sizeBytes - b.sizeBytes),
  }
}

/** The turn a preview still needs: none when the camera already stored it upright. */
export function previewOrientation(facts: Pick<RawFacts, 'width' | 'height' | 'orientation'>, preview: { width: number; height: number }): number {
  const turnedAlready = facts.orientation >= 5 && facts.width > facts.height && preview.height > preview.width
  return turnedAlready ? 1 : facts.orientation
}
