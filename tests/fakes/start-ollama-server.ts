/** Starts tests/fakes/ollama-server.mjs as its own process and ends it with the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('./ollama-server.mjs', import.meta.url))

export interface FakeOllama {
  origin: string
  port: number
  seen(): Promise<{ requests: { path: string; body: string }[]; aborted: number; open: number }>
  /** Bodies that arrived at a path, oldest first. */
  bodies(path: string): Promise<Record<string, unknown>[]>
  loaded(): Promise<string[]>
  /** Unloads one as if the daemon had decided so. */
  evict(model: string): Promise<void>
  kill(): Promise<void>
}

export async function startOllamaServer(...flags: string[]): Promise<FakeOllama> {
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  onTestFinished(kill)
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const { port } = JSON.parse(line.toString()) as { port: number }
  const origin = `http://127.0.0.1:${port}`
  const seen: FakeOllama['seen'] = async () => (await (await fetch(`${origin}/__seen`)).json()) as Awaited<ReturnType<FakeOllama['seen']>>
  return {
    origin,
    port,
    seen,
    bodies: async (path) =>
      (await seen()).requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body) as Record<string, unknown>),
    loaded: async () => ((await (await fetch(`${origin}/api/ps`)).json()) as { models: { name: string }[] }).models.map(({ name }) => name),
    evict: async (model) => {
      await fetch(`${origin}/__evict`, { method: 'POST', body: JSON.stringify({ model }) })
    },
    kill,
  }
}
