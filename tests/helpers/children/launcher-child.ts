/**
 * A studio's launcher in a process of its own, to be killed: `<configs folder> <data folder> <entry as JSON>…`. Starts every entry, says
 * {view} when all are ready (or `loading` ones have a process), and then waits.
 */
import { createLaunchProfiles } from '../../../src-main/backends/launcher/launch-profiles.ts'
import { createProcessRunner } from '../../../src-main/backends/launcher/process-runner.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

const [configsFolder = '', dataFolder = '', ...entries] = process.argv.slice(2)
const runner = createProcessRunner({
  dataFolder,
  launchProfiles: createLaunchProfiles({ configsFolder, dataFolder }),
  environment: { PATH: process.env['PATH'], HOME: dataFolder },
  clock: systemClock,
  logger: silentLogger,
  findEntry: async () => undefined,
})
const signal = new AbortController().signal
await Promise.all(
  entries.map(async (text) => {
    const entry = entrySchema.parse(JSON.parse(text))
    const started = runner.start(entry, { gpus: [2], claimMb: [1000] }, { timeoutMs: 120_000, signal })
    if (!entry.name.startsWith('loading')) return started
    while (!runner.view().find((each) => each.name === entry.name)?.pid) await new Promise((resolve) => setTimeout(resolve, 10))
    return undefined
  }),
)
process.send?.({ view: runner.view() })
// Held open by the channel to the test.
process.on('message', () => undefined)
