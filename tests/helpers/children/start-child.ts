import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { bundleTs } from '../bundle-ts.mjs'

const bundles = new Map<string, Promise<string>>()

/** Once a test file: the source does not change between two starts, and a build costs more than most children. */
function bundleOf(name: string): Promise<string> {
  const known = bundles.get(name)
  if (known) return known
  const building = bundleTs({ [name]: `tests/helpers/children/${name}.ts` }, `child-${name}-${process.pid}`)
  bundles.set(name, building)
  return building
}

/** Bundles and forks a child of this folder and waits for its first message; killed when the test ends at the latest. */
export async function startChild(name: string, args: string[]): Promise<ChildProcess> {
  const child = fork(path.join(await bundleOf(name), `${name}.js`), args, { execArgv: [] })
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
