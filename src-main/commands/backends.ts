/** What a running studio has loaded: asked through its proxy, since a second studio on the same data folder would be refused. */
import type { Command } from 'commander'
import { DEFAULT_SETTINGS } from '../contract/settings.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type CommandContext, exitFor, type JsonOption } from './context.ts'
import { createOutput } from './output.ts'

interface BackendsOptions extends JsonOption {
  port: number
}
interface BackendRow {
  name: string
  state: string
  backend: string
  need_mb: number
  in_flight: number
  waiting: number
  pinned: boolean
  reason: string | null
}

async function ask<T>(method: 'GET' | 'POST', port: number, path: string): Promise<T> {
  const address = `http://127.0.0.1:${port}/v1${path}`
  let response: Response
  try {
    const body = method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {}
    response = await fetch(address, { method, ...body })
  } catch (error) {
    throw new StudioError('proxy-unavailable', `no studio answers at ${address}`, { data: { port }, cause: error })
  }
  const answer = (await response.json()) as T & { error?: { message: string; studio_code?: string; data?: Record<string, unknown> } }
  if (response.ok) return answer
  const { message = `the studio answered ${response.status}`, studio_code: code = 'backend-failed', data = {} } = answer.error ?? {}
  throw new StudioError(code as StudioError['code'], message, { data })
}

export function addBackends(program: Command, context: CommandContext): void {
  const backends = program.command('backends').description('what a running studio has loaded; start one with "imageworks proxy" or the window')
  const list = async (options: BackendsOptions) => {
    const output = createOutput(options.json === true)
    const { data } = await ask<{ data: BackendRow[] }>('GET', options.port, '/backends')
    for (const each of data) {
      const details = [each.backend, each.need_mb > 0 ? `${each.need_mb} MB` : '', each.pinned ? 'pinned' : '', each.reason ?? '']
      const shown = details.filter((part) => part !== '').join(', ')
      output.row(each, () => `${each.state.padEnd(9)} ${each.name}  (${shown}) ${each.in_flight} in work, ${each.waiting} waiting`)
    }
    if (data.length === 0 && options.json !== true) output.warn('Nothing is loaded.')
    context.setExitCode(exitFor(0))
  }
  const change = async (name: string, options: BackendsOptions, what: 'load' | 'unload') => {
    const output = createOutput(options.json === true)
    const now = await ask<Pick<BackendRow, 'name' | 'state' | 'reason'>>('POST', options.port, `/backends/${encodeURIComponent(name)}/${what}`)
    output.row(now, () => `${now.state.padEnd(9)} ${now.name}`)
    context.setExitCode(exitFor(0))
  }
  const command = (words: string, description: string) =>
    backends
      .command(words)
      .description(description)
      .option('--port <n>', 'where the studio listens', Number, DEFAULT_SETTINGS.proxyPort)
      .option('--json', 'one JSON object a line')
  command('list', 'each model with its state').action(list)
  command('load <name>', 'start a model now').action((name: string, options: BackendsOptions) => change(name, options, 'load'))
  command('unload <name>', 'stop a model that is not answering').action((name: string, options: BackendsOptions) => change(name, options, 'unload'))
}
