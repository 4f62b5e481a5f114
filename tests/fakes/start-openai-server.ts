/** Starts tests/fakes/openai-server.mjs as its own process and ends it with the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('./openai-server.mjs', import.meta.url))

export interface FakeServer {
  origin: string
  port: number
  seen(): Promise<{ requests: { path: string; headers: Record<string, string>; body: string }[]; aborted: number; open: number }>
  chats(): Promise<Record<string, unknown>[]>
  kill(): Promise<void>
}

export async function startOpenAiServer(...flags: string[]): Promise<FakeServer> {
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
  const seen: FakeServer['seen'] = async () => (await (await fetch(`${origin}/__seen`)).json()) as Awaited<ReturnType<FakeServer['seen']>>
  return {
    origin,
    port,
    seen,
    chats: async () =>
      (await seen()).requests.filter(({ path }) => path === '/v1/chat/completions').map(({ body }) => JSON.parse(body) as Record<string, unknown>),
    kill,
  }
}
