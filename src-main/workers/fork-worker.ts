/** Starts a worker as a forked Node process: the browser host and the command line. Electron starts utility processes instead (desktop/). */
import { fork } from 'node:child_process'
import path from 'node:path'
import { workerEnvironment } from '../lib/worker-environment.ts'
import type { SpawnWorker } from '../lib/worker-process.ts'

/** @param folder Folder of the built worker entries (`<name>-worker.js`). */
export function forkWorkersFrom(folder: string): SpawnWorker {
  return (name, environment = {}) => {
    const child = fork(path.join(folder, `${name}-worker.js`), [], {
      serialization: 'advanced',
      // stdout stays ours: the command line prints results there.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: workerEnvironment(process.env, environment),
      execArgv: [],
    })
    return {
      pid: child.pid,
      post: (message) => {
        if (child.connected) child.send(message as never, () => undefined)
      },
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => {
        let told = false
        const tell = (code: number | null) => {
          if (told) return
          told = true
          listener(code)
        }
        child.once('exit', tell)
        child.once('error', () => tell(null))
      },
      kill: () => void child.kill('SIGKILL'),
    }
  }
}
