/** What the two hosts in plain Node share: where things lie, how the studio is opened, and the browser host. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isatty } from 'node:tty'
import envPaths from 'env-paths'
import { compose } from './compose.ts'
import type { CommandContext } from './commands/context.ts'
import { systemClock } from './lib/clock.ts'
import { findRunningStudio } from './db/claim-data-folder.ts'
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

/** Ctrl+C, a service that stops us, a closed terminal, Ctrl+\; SIGBREAK is Ctrl+Break on Windows. Those a system lacks never come. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGBREAK'] as const

/** Writing to a terminal that was closed fails, and must not break off the stop. In the end Node would abort while it resets that terminal. */
function outliveTerminal(hasTerminal: boolean): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined)
  if (!hasTerminal) return
  process.once('exit', () => {
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  })
}

/** The first signal asks for an orderly stop; the second ends the process after `abandon`. */
function onStop(abandon: () => void): { signal: AbortSignal; stopped: Promise<void> } {
  const abort = new AbortController()
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  const stopped = new Promise<void>((resolve) => {
    for (const name of STOP_SIGNALS) {
      process.on(name, () => {
        if (abort.signal.aborted) {
          // One closed terminal gives it several times: from the system and from the shell.
          if (name === 'SIGHUP') return
          abandon()
          process.exit(128 + (os.constants.signals[name] ?? 0))
        }
        if (name === 'SIGHUP') outliveTerminal(hasTerminal)
        else if (process.stderr.isTTY) process.stderr.write('Stopping … (again to end at once)\n')
        abort.abort()
        resolve()
      })
    }
  })
  return { signal: abort.signal, stopped }
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
      { dispatch: studio.dispatch, subscribe: studio.subscribe, thumbnail: studio.thumbnail, rendererFolder: places.folders.renderer },
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

export function commandContext(mainFolder: string): Omit<CommandContext, 'setExitCode'> & { version: string } {
  const places = placesOf(mainFolder)
  const studios = new Set<Studio>()
  const opened = (studio: Studio): Studio => {
    studios.add(studio)
    return studio
  }
  const { signal, stopped } = onStop(() => {
    for (const studio of studios) studio.abandon()
  })
  return {
    version: places.version,
    interrupted: signal,
    untilStopped: () => stopped,
    runningProxy: () => findRunningStudio(places.dataFolder).proxyUrl,
    vram: createVramAnswers({ readCards, gauge: () => createGauge({ readCards, ownPids: () => [], clock: systemClock }).read() }),
    startBrowserHost: (options) => serveInBrowser(places, { stopped, opened }, options),
    openStudio: async (options = {}) => {
      const { profile, registryFile, proxy = false, proxyPort, preload } = options
      const environment = profile === undefined ? process.env : { ...process.env, IMAGEWORKS_DEPLOYMENT_PROFILE: profile }
      return opened(await compose({ ...places, host: 'cli', environment, registryFile, proxy, proxyPort, preload, startPaths: [], browseRoots: [] }))
    },
  }
}
