import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { bundleTs } from '../bundle-ts.mjs'

/** Bundles and forks a child of this folder and waits for its first message; killed when the test ends at the latest. */
export async function startChild(name: string, args: string[]): Promise<ChildProcess> {
  const folder = await bundleTs({ [name]: `tests/helpers/children/${name}.ts` }, `child-${name}-${process.pid}`)
  const child = fork(path.join(folder, `${name}.js`), args, { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code} before it was ready`)))
  ended.catch(() => undefined)
  await Promise.race([once(child, 'message'), ended])
  return child
}

export async function killNow(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
