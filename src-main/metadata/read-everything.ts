/** Everything that ExifTool finds in a file, as text to read. Nothing is written, and binary values are only named. */
import { StudioError } from '../lib/studio-error.ts'
import type { ExifToolPool } from './exiftool-process.ts'

export interface ShownTag {
  /** `IFD0:Make`. */
  tag: string
  name: string
  value: string
}

const MAX_TAGS = 600
const MAX_VALUE_CHARS = 500

/** @throws StudioError exiftool-failed, exiftool-timeout */
export async function readEverything(exiftool: ExifToolPool, path: string): Promise<ShownTag[]> {
  // -l gives each tag's description beside its value.
  const reply = await exiftool.run(['-json', '-l', '-a', '-G1', '-struct', '--System:all', '--ExifTool:all', path], { retriable: true })
  const [first] = parse(reply.stdout)
  return Object.entries(first ?? {})
    .flatMap(([tag, told]): ShownTag[] => {
      if (typeof told !== 'object' || told === null || !('val' in told)) return []
      const { desc, val } = told as { desc?: unknown; val: unknown }
      return [{ tag, name: typeof desc === 'string' ? desc : tag, value: toText(val) }]
    })
    .slice(0, MAX_TAGS)
}

function parse(text: string): Record<string, unknown>[] {
  try {
    return JSON.parse(text) as Record<string, unknown>[]
  } catch (cause) {
    throw new StudioError('exiftool-failed', 'ExifTool gave an answer that cannot be read.', { cause })
  }
}

function toText(value: unknown): string {
  const text = Array.isArray(value) ? value.map(toText).join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text
}
