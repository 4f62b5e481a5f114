/** How the Electron window ends: at the first signal in good order, at the second at once. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noteSkip } from '../helpers/skips.ts'
import { startDisplay } from '../helpers/virtual-display.ts'
import { makeHome, root, type StudioHome } from './studio-home.ts'

const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(root, 'node_modules/electron/dist')
const executable = path.join(folder, 'electron')
const linux = process.platform === 'linux'
const display = linux && existsSync(executable) ? await startDisplay() : undefined
const why = !linux ? 'it sends signals of Linux' : display === undefined ? "Electron's binary or a display is not here" : undefined
if (why) noteSkip('the end of the Electron window', why)

const MODEL = 'deaf'

/** A model server that does not listen to SIGTERM, so that an orderly stop takes its time. */
function addDeafServer(home: StudioHome): void {
  const bin = path.join(home.folder, 'bin')
  mkdirSync(bin)
  const server = path.join(bin, 'llama-server')
  writeFileSync(
    server,
    [
      `#!${process.execPath}`,
      `process.argv.push('--ignore-sigterm')`,
      `await import(${JSON.stringify(path.join(root, 'tests/fakes/scripted-backend.mjs'))})`,
      '',
    ].join('\n'),
  )
  chmodSync(server, 0o755)
  const weights = path.join(home.folder, 'weights.gguf')
  writeFileSync(weights, 'GGUF')
  mkdirSync(home.data)
  const entry = {
    name: MODEL,
    backend: 'llamacpp',
    backend_config: { model_path: weights, max_model_len: 4096 },
    capabilities: { text: true, vision: true },
    roles: ['caption'],
    role_priority: { caption: 1 },
    vram_estimate_mb: 0,
  }
  writeFileSync(path.join(home.data, 'model_registry.user.json'), JSON.stringify({ schema_version: 1, models: [entry] }))
  home.environment = { ...home.environment, PATH: `${bin}:${process.env['PATH']}`, IMAGEWORKS_DEPLOYMENT_PROFILE: 'cpu_only' }
}

async function startWindow(home: StudioHome): Promise<ChildProcess> {
  const words = [root, '--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
  const window = spawn(executable, words, { env: { ...home.environment, ...display?.environment }, stdio: 'ignore' })
  onTestFinished(() => void window.kill('SIGKILL'))
  await expect.poll(() => noteOf(home)?.desk, { timeout: 60_000, interval: 100 }).toBeDefined()
  return window
}

function noteOf(home: StudioHome): { proxyUrl: string; desk?: object } | undefined {
  try {
    return JSON.parse(readFileSync(path.join(home.data, 'instance.json'), 'utf8')) as { proxyUrl: string }
  } catch {
    return undefined
  }
}

const leftOpen = (home: StudioHome) => readdirSync(home.data).filter((name) => /-(wal|shm|journal)$|^instance\.json/.test(name))

describe.skipIf(why !== undefined)('the Electron window', () => {
  it('closes its database at Ctrl+\\ too, which Electron itself does not listen to', async () => {
    const home = makeHome([])
    onTestFinished(() => home.remove())
    const window = await startWindow(home)
    const ended = once(window, 'exit')
    window.kill('SIGQUIT')
    expect(await ended).toEqual([0, null])
    expect(leftOpen(home)).toEqual([])
  })

  it('ends at once at the second signal, its database closed and its model servers gone', async () => {
    const home = makeHome([])
    onTestFinished(() => home.remove())
    addDeafServer(home)
    const window = await startWindow(home)
    const answer = await fetch(`${noteOf(home)?.proxyUrl}/backends/${MODEL}/load`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect(await answer.json()).toMatchObject({ state: 'ready' })
    const logs = path.join(home.data, 'logs', 'backends')
    const serverLog = () =>
      readdirSync(logs)
        .map((name) => readFileSync(path.join(logs, name), 'utf8'))
        .join('')
    const ended = once(window, 'exit')
    window.kill('SIGTERM')
    await expect.poll(serverLog, { timeout: 20_000, interval: 50 }).toContain('SIGTERM? Not now.')
    const startedAt = performance.now()
    window.kill('SIGTERM')
    await ended
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(leftOpen(home)).toEqual([])
    expect(processesNaming(path.join(home.folder, 'bin'))).toEqual([])
  })
})

function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}
