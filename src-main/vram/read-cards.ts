/**
 * Which cards are there: NVIDIA's, else AMD's, else Apple's. No card, no driver and no tool are all the same first-class answer: none.
 * Beside NVIDIA cards, AMD's are left out: they are the processor's own graphics, and a server is built for one of the two.
 */
import { type CardReadings, NO_CARDS } from './cards.ts'
import { readAmd } from './read-amd.ts'
import { readApple } from './read-apple.ts'
import { readNvidia } from './read-nvidia.ts'
import type { Environment } from './run-tool.ts'

export interface ReadCardsOptions {
  environment?: Environment
  platform?: NodeJS.Platform
  arch?: string
  drmFolder?: string
  signal?: AbortSignal | undefined
  /** Whether to ask who uses them as well. */
  withProcesses?: boolean
}

/** Never rejects; bounded to about 10 s when drivers hang. */
export async function readCards(options: ReadCardsOptions = {}): Promise<CardReadings> {
  const { environment = process.env, platform = process.platform, arch = process.arch, drmFolder, signal, withProcesses = true } = options
  if (platform === 'darwin') return arch === 'arm64' ? readApple() : NO_CARDS
  const nvidia = await readNvidia({ environment, platform, signal, withProcesses })
  if (nvidia && nvidia.cards.length > 0) return nvidia
  const amd = await readAmd({ environment, platform, drmFolder, signal })
  if (amd && amd.cards.length > 0) return amd
  return { ...NO_CARDS, skipped: [...(nvidia?.skipped ?? []), ...(amd?.skipped ?? [])] }
}
