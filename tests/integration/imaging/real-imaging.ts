/** Imaging over real worker processes, and pictures to give it. */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { onTestFinished } from 'vitest'
import { createImaging, type ImagingOptions } from '../../../src-main/imaging/imaging.ts'
import type { LookResult } from '../../../src-main/imaging/ports.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import type { SpawnWorker, WorkerChannel } from '../../../src-main/lib/worker-process.ts'
import type { PhotoKind } from '../../../src-main/contract/model.ts'
import { forkWorkersFrom } from '../../../src-main/workers/fork-worker.ts'
import { createWorkerClient } from '../../../src-main/workers/worker-client.ts'
import { bundleTs } from '../../helpers/bundle-ts.mjs'
import { tempFolder } from '../../helpers/temp-folder.ts'

export const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/photos')

let building: Promise<string> | undefined
const workerFolder = (): Promise<string> => {
  building ??= bundleTs({ 'imaging-worker': 'src-main/workers/imaging-worker.ts' }, `imaging-${randomUUID()}`)
  return building
}

/** The worker as a plain module, for `beforeAll`: gives back its own undo. One folder a test file, since files run side by side. */
export async function buildWorker(): Promise<() => void> {
  const folder = await workerFolder()
  return () => rmSync(folder, { recursive: true, force: true })
}

export interface SentCall {
  method: string
  params: { path: string }
}

export interface SetUp extends Partial<ImagingOptions> {
  /** Told of every call as it goes to a worker, with the process that it goes to. */
  onCall?: (call: SentCall, channel: WorkerChannel) => void
}

export async function setUpImaging({ onCall, ...options }: SetUp = {}) {
  const fork = forkWorkersFrom(await workerFolder())
  const calls: SentCall[] = []
  const pids = new Set<number>()
  const spawn: SpawnWorker = (name, environment) => {
    const channel = fork(name, environment)
    if (channel.pid !== undefined) pids.add(channel.pid)
    return {
      ...channel,
      post(message) {
        channel.post(message)
        const frame = message as { kind: string } & SentCall
        if (frame.kind !== 'call' || frame.method === 'close') return
        calls.push({ method: frame.method, params: frame.params })
        onCall?.(frame, channel)
      },
    }
  }
  const cacheFolder = options.cacheFolder ?? path.join(tempFolder(), 'thumbs')
  const imaging = createImaging({
    cacheFolder,
    cacheLimitBytes: () => 1e9,
    workers: () => createWorkerClient('imaging', spawn),
    log: silentLogger,
    ...options,
  })
  onTestFinished(() => imaging.dispose())
  /** What the library does: a look first, then the photo by its hash. */
  const photoOf = async (file: string, kind: PhotoKind) => {
    const look: LookResult = await imaging.look(file, kind)
    return { path: file, kind, contentHash: look.contentHash, look }
  }
  return { imaging, calls, pids, cacheFolder, photoOf }
}

export async function pixelsOf(file: string | Uint8Array) {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3)]
  return { width: info.width, height: info.height, channels: info.channels, at, centre: () => at(info.width >> 1, info.height >> 1) }
}

/** The farthest any channel is from what was expected. */
export const distance = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, index) => Math.abs(value - b[index]!)))

/** A picture with detail, so that its compressed data is long enough to be cut. */
export function noise(width: number, height: number): ReturnType<typeof sharp> {
  return sharp({ create: { width, height, channels: 3, background: '#777', noise: { type: 'gaussian', mean: 128, sigma: 40 } } })
}
