/** What the two hosts in plain Node share: where things lie, how the studio is opened, and the browser host. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import envPaths from 'env-paths'
import { createApiKeys } from './backends/secrets/api-keys.ts'
import { createGatewayToken } from './backends/secrets/gateway-token.ts'
import { createKeychain } from './backends/secrets/keychain.ts'
import { compose } from './compose.ts'
import type { CommandContext } from './commands/context.ts'
import { systemClock } from './lib/clock.ts'
import { findRunningStudio } from './db/claim-data-folder.ts'
import { askDesk } from './desk/ask-desk.ts'
import { onEndingSignal } from './ending-signals.ts'
import { dataFolderFrom, shippedFolders } from './lib/places.ts'
import type { Studio } from './lib/studio.ts'
import { createVramAnswers } from './vram/answers.ts'
import { createGauge } from './vram/gauge.ts'
import { readCards } from './vram/read-cards.ts'
import { forkWorkersFrom } from './workers/fork-worker.ts'

/** @param mainFolder Folder of the built entry that runs (`out/main`): a shared chunk does not know where that is. */
function placesOf(mainFolder: string) {
  const folders = shippedFolders(mainFolder)
  const { version } = JSON.parse(readFileSync(path.resolve(mainFolder, '../../package.json'), 'utf8')) as { version: string }
  const dataFolder = dataFolderFrom(process.env, envPaths('ImageWorks Studio', { suffix: '' }).data)
  return { version, dataFolder, folders, spawnWorker: forkWorkersFrom(folders.workers) }
}

/** Serves until the process is asked to end. */
async function serveInBrowser(
  places: ReturnType<typeof placesOf>,
  { stopped, opened }: { stopped: Promise<void>; opened: (studio: Studio) => Studio },
  options: { paths: string[]; roots: string[]; port: number; open: boolean },
): Promise<void> {
  const startPaths = options.paths.map((each) => path.resolve(each))
  const browseRoots = [...new Set([...startPaths, ...options.roots])]
  const studio = opened(
    await compose({
      ...places,
      environment: process.env,
      host: 'browser',
      startPaths,
      browseRoots: browseRoots.length > 0 ? browseRoots : [os.homedir()],
    }),
  )
  try {
    const { startWebHost } = await import('./web/web-host.ts')
    const host = await startWebHost(
      {
        dispatch: studio.dispatch,
        subscribe: studio.subscribe,
        thumbnail: studio.thumbnail,
        modelView: studio.modelView,
        rendererFolder: places.folders.renderer,
      },
      options.port,
    )
    studio.announce(host.origin)
    process.stdout.write(`ImageWorks Studio: ${host.url}\nCtrl+C stops it.\n`)
    if (options.open && process.stdout.isTTY) {
      const { default: open } = await import('open')
      await open(host.url)
    }
    await stopped
    await host.stop()
  } finally {
    await studio.stop()
  }
}

/** Studios of this process, and how each is left in good order when the process ends without waiting, whatever ends it. */
function createLifetimes() {
  const open = new Map<Studio, () => void>()
  process.once('exit', () => {
    for (const abandon of open.values()) abandon()
  })
  return {
    /** @param tidyUp Run after the end of the studio, however it comes. */
    opened(studio: Studio, tidyUp: () => void = () => undefined): Studio {
      open.set(studio, () => {
        studio.abandon()
        tidyUp()
      })
      const stop = () =>
        studio.stop().finally(() => {
          open.delete(studio)
          tidyUp()
        })
      return { ...studio, stop }
    },
  }
}

export function commandContext(mainFolder: string): Omit<CommandContext, 'setExitCode' | 'registryFile'> & { version: string } {
  const places = placesOf(mainFolder)
  const { opened } = createLifetimes()
  const secrets = createKeychain()
  const interrupted = onEndingSignal((exitCode) => process.exit(exitCode))
  const stopped = new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }))
  return {
    version: places.version,
    interrupted,
    untilStopped: () => stopped,
    runningProxy: () => findRunningStudio(places.dataFolder).proxyUrl,
    runningStudio: async () => {
      const { desk } = findRunningStudio(places.dataFolder)
      return desk && askDesk(desk)
    },
    gatewayToken: createGatewayToken({ secrets, isRequired: () => true }),
    apiKeys: createApiKeys(secrets),
    vram: createVramAnswers({ readCards, gauge: () => createGauge({ readCards, ownPids: () => [], clock: systemClock }).read() }),
    startBrowserHost: (options) => serveInBrowser(places, { stopped, opened }, options),
    openStudio: async (options = {}) => {
      const { profile, registryFile, proxy = false, proxyPort, preload, aside = false } = options
      const environment = profile === undefined ? process.env : { ...process.env, IMAGEWORKS_DEPLOYMENT_PROFILE: profile }
      const wanted = { host: 'cli' as const, environment, registryFile, proxy, proxyPort, preload, startPaths: [], browseRoots: [] }
      if (!aside) return opened(await compose({ ...places, ...wanted }))
      const dataFolder = mkdtempSync(path.join(os.tmpdir(), 'imageworks-aside-'))
      const remove = () => rmSync(dataFolder, { recursive: true, force: true })
      try {
        return opened(await compose({ ...places, ...wanted, dataFolder }), remove)
      } catch (error) {
        remove()
        throw error
      }
    },
  }
}
