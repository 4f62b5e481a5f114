/** Starts a worker as an Electron utility process: packaged applications have no other Node to fork. Runs in the main process. */
import path from 'node:path'
import { utilityProcess } from 'electron'
import { workerEnvironment } from '../lib/worker-environment.ts'
import type { SpawnWorker } from '../lib/worker-process.ts'

export function utilityWorkersFrom(folder: string): SpawnWorker {
  return (name, environment = {}) => {
    const child = utilityProcess.fork(path.join(folder, `${name}-worker.js`), [], {
      serviceName: `imageworks-${name}`,
      stdio: 'ignore',
      env: workerEnvironment(process.env, environment),
    })
    return {
      get pid() {
        return child.pid
      },
      post: (message) => child.postMessage(message),
      onMessage: (listener) => void child.on('message', listener),
      onExit: (listener) => void child.once('exit', (code) => listener(code)),
      kill: () => void child.kill(),
    }
  }
}
