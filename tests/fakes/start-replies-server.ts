/** Starts tests/fakes/replies-server.mjs as its own process and ends it with the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { tempFolder } from '../helpers/temp-folder.ts'

const program = fileURLToPath(new URL('./replies-server.mjs', import.meta.url))

export interface RepliesServer {
  origin: string
  /** What it has from now on. */
  set(replies: Record<string, unknown>): void
  seen(): Promise<{ path: string; key: string | null }[]>
  kill(): Promise<void>
}

export async function startRepliesServer(replies: Record<string, unknown>, ...flags: string[]): Promise<RepliesServer> {
  const file = path.join(tempFolder(), 'replies.json')
  const set = (next: Record<string, unknown>) => writeFileSync(file, JSON.stringify(next))
  set(replies)
  const child = spawn(process.execPath, [program, '--file', file, ...flags], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  onTestFinished(kill)
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  const { port } = JSON.parse(line.toString()) as { port: number }
  const origin = `http://127.0.0.1:${port}`
  return { origin, set, seen: async () => (await (await fetch(`${origin}/__seen`)).json()) as { path: string; key: string | null }[], kill }
}
