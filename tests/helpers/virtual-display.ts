/** A display for windows: the one that is there, else Xvfb on a free number. */
import { spawn, spawnSync } from 'node:child_process'

export interface Display {
  environment: Record<string, string>
  stop(): Promise<void>
}

export async function startDisplay(): Promise<Display | undefined> {
  if (process.platform !== 'linux') return { environment: {}, stop: async () => undefined }
  if (process.env['DISPLAY']) return { environment: { DISPLAY: process.env['DISPLAY'] }, stop: async () => undefined }
  if (spawnSync('Xvfb', ['-help'], { stdio: 'ignore' }).error) return undefined
  // Xvfb finds a free number itself and tells it on the descriptor.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const number = await new Promise<string | undefined>((resolve) => {
    server.once('exit', () => resolve(undefined))
    server.stdio[3]?.once('data', (data: Buffer) => resolve(data.toString().trim()))
  })
  if (number === undefined) return undefined
  return {
    environment: { DISPLAY: `:${number}` },
    stop: () =>
      new Promise((resolve) => {
        server.once('exit', () => resolve())
        server.kill()
      }),
  }
}
