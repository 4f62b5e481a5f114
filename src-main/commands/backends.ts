/** What a running studio has loaded: asked through its proxy, since a second studio on the same data folder would be refused. */
import http from 'node:http'
import type { Command } from 'commander'
import { DEFAULT_SETTINGS } from '../contract/settings.ts'
import { StudioError } from '../lib/studio-error.ts'
import { type CommandContext, exitFor, type JsonOption } from './context.ts'
import { portNumber } from './numbers.ts'
import { createOutput } from './output.ts'

interface BackendsOptions extends JsonOption {
  port?: number
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

interface HttpReply {
  status: number
  text: string
}

/** Waits as long as it takes, which `fetch` does not: a large model loads for many minutes. */
function send(method: 'GET' | 'POST', address: string, headers: Record<string, string>): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const typed = method === 'POST' ? { ...headers, 'content-type': 'application/json' } : headers
    const request = http.request(address, { method, headers: typed, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }))
      response.on('error', reject)
    })
    request.on('error', reject).end(method === 'POST' ? '{}' : undefined)
  })
}

async function ask<T extends object>(method: 'GET' | 'POST', proxyUrl: string, path: string, token: () => Promise<string | null>): Promise<T> {
  const address = `${proxyUrl}${path}`
  const nobody = (cause: unknown) => new StudioError('proxy-unavailable', `no studio answers at ${address}`, { data: { address }, cause })
  let reply: HttpReply
  let answer: T & { error?: { message: string; studio_code?: string; data?: Record<string, unknown> } }
  try {
    reply = await send(method, address, {})
    if (reply.status === 401) {
      const kept = await token()
      if (kept !== null) reply = await send(method, address, { authorization: `Bearer ${kept}` })
    }
    answer = JSON.parse(reply.text) as typeof answer
  } catch (error) {
    throw error instanceof StudioError ? error : nobody(error)
  }
  if (reply.status === 200) return answer
  // Another program on the port does not speak of errors as we do.
  if (answer.error?.studio_code === undefined) throw nobody(answer)
  throw new StudioError(answer.error.studio_code as StudioError['code'], answer.error.message, { data: answer.error.data ?? {} })
}

export function addBackends(program: Command, context: CommandContext): void {
  const backends = program.command('backends').description('what a running studio has loaded; start one with "imageworks proxy" or the window')
  const addressOf = ({ port }: BackendsOptions): string =>
    port === undefined ? (context.runningProxy() ?? `http://127.0.0.1:${DEFAULT_SETTINGS.proxyPort}/v1`) : `http://127.0.0.1:${port}/v1`
  const token = () => context.gatewayToken.kept()
  const list = async (options: BackendsOptions) => {
    const output = createOutput(options.json === true)
    const { data } = await ask<{ data: BackendRow[] }>('GET', addressOf(options), '/backends', token)
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
    const now = await ask<Pick<BackendRow, 'name' | 'state' | 'reason'>>(
      'POST',
      addressOf(options),
      `/backends/${encodeURIComponent(name)}/${what}`,
      token,
    )
    output.row(now, () => `${now.state.padEnd(9)} ${now.name}`)
    context.setExitCode(exitFor(0))
  }
  const command = (words: string, description: string) =>
    backends
      .command(words)
      .description(description)
      .option('--port <n>', 'where the studio listens; the one in your data folder when left out', portNumber)
      .option('--json', 'one JSON object a line')
  command('list', 'each model with its state').action(list)
  command('load <name>', 'start a model now').action((name: string, options: BackendsOptions) => change(name, options, 'load'))
  command('unload <name>', 'stop a model that is not answering').action((name: string, options: BackendsOptions) => change(name, options, 'unload'))
}
