/** A machine of one test: a fake graphics driver and a scripted model server, both as programs on PATH, and the studio's own proxy over them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tempFolder } from '../../helpers/temp-folder.ts'

const root = path.resolve(import.meta.dirname, '../../..')

export interface EngineOptions {
  /** Name → flags of the scripted server and what the entry says. */
  models: Record<string, { flags?: string[]; needMb: number; slots?: number; pinned?: boolean; entry?: Record<string, unknown> }>
  /** Graphics memory of each card in MB; none: a machine without cards. */
  cardsMb?: number[]
  profile: string
}

const program = (file: string, lines: string[]) => {
  writeFileSync(file, `${lines.join('\n')}\n`)
  chmodSync(file, 0o755)
}

/** Prints the columns that are asked for, as the driver's tool does; everything is free, since nothing here takes any. */
function writeDriver(file: string, cardsMb: number[]): void {
  const card = (totalMb: number, index: number) => [
    `  line=''`,
    `  for column in $columns; do`,
    `    case $column in`,
    `      index) value=${index} ;; name) value='Test Card' ;; uuid) value=GPU-${index} ;; compute_cap) value=8.9 ;;`,
    `      memory.total|memory.free) value=${totalMb} ;; memory.used|memory.reserved) value=0 ;; *) value='[N/A]' ;;`,
    `    esac`,
    `    line="$line\${line:+, }$value"`,
    `  done`,
    `  echo "$line"`,
  ]
  program(file, [
    '#!/bin/sh',
    `query=''`,
    `for word in "$@"; do case $word in --query-gpu=*) query=\${word#--query-gpu=} ;; esac; done`,
    `[ -n "$query" ] || exit 0`,
    `IFS=,; set -f; columns=$query`,
    ...cardsMb.flatMap(card),
  ])
}

export class Engine {
  readonly home = tempFolder()
  readonly bin = path.join(this.home, 'bin')
  readonly data = path.join(this.home, 'data')
  readonly registry = path.join(this.home, 'registry.json')
  readonly #profile: string
  child: ChildProcess | null = null
  url = ''

  constructor({ models, cardsMb = [], profile }: EngineOptions) {
    this.#profile = profile
    mkdirSync(this.bin)
    if (cardsMb.length > 0) writeDriver(path.join(this.bin, 'nvidia-smi'), cardsMb)
    const flags = Object.fromEntries(Object.entries(models).map(([name, model]) => [name, model.flags ?? []]))
    program(path.join(this.bin, 'llama-server'), [
      `#!${process.execPath}`,
      `const flags = ${JSON.stringify(flags)}[process.argv[process.argv.indexOf('--alias') + 1]] ?? []`,
      `process.argv.push(...flags)`,
      `await import(${JSON.stringify(path.join(root, 'tests/fakes/scripted-backend.mjs'))})`,
    ])
    const weights = path.join(this.home, 'weights.gguf')
    writeFileSync(weights, 'GGUF')
    const entries = Object.entries(models).map(([name, { needMb, slots = 4, pinned = false, entry = {} }]) => ({
      name,
      backend: 'llamacpp',
      backend_config: { model_path: weights, max_model_len: 4096, max_concurrent_requests: slots },
      capabilities: { text: true, vision: true },
      roles: ['caption'],
      role_priority: { caption: 50 },
      vram_estimate_mb: needMb,
      pinned,
      ...entry,
    }))
    writeFileSync(this.registry, JSON.stringify(entries))
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--expose-gc', 'out/main/cli.js', 'proxy', '--port', '0', '--json', '--registry', this.registry], {
      cwd: root,
      env: {
        PATH: this.bin,
        HOME: this.home,
        IMAGEWORKS_HOME: this.data,
        IMAGEWORKS_DEPLOYMENT_PROFILE: this.#profile,
        OLLAMA_HOST: '127.0.0.1:9',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.child = child
    const [line] = (await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the proxy ended before it listened'))),
    ])) as [Buffer]
    this.url = (JSON.parse(line.toString()) as { url: string }).url
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  ask(model: string, more: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Response> {
    return fetch(`${this.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'What is in this picture?' }], ...more }),
      ...(signal ? { signal } : {}),
    })
  }

  /** Process ids of the scripted servers that live, by what the system's process table says. */
  servers(): number[] {
    return readdirSync('/proc').flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return /^\d+$/.test(pid) && line.includes(path.join(this.bin, 'llama-server')) ? [Number(pid)] : []
      } catch {
        return []
      }
    })
  }

  serverLogFile(model: string): string {
    const folder = path.join(this.data, 'logs', 'backends')
    const name = readdirSync(folder).find((each) => each.startsWith(model) && each.endsWith('.log'))
    if (name === undefined) throw new Error(`there is no log of ${model}`)
    return path.join(folder, name)
  }

  serverLog(model: string): string {
    return readFileSync(this.serverLogFile(model), 'utf8')
  }

  logged(): Record<string, unknown>[] {
    const text = readFileSync(path.join(this.data, 'logs', 'chat_proxy.jsonl'), 'utf8')
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

/** Polls until the answer is true; fails after the bound. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, boundMs = 20_000): Promise<void> {
  const endsAt = performance.now() + boundMs
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`${what}: not within ${boundMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
