/** Starts a worker as an Electron utility process: packaged applications have no other Node to fork. Runs in the main process. */
import path from 'node:path'
import { utilityProcess } from 'electron'
import type { SpawnWorker } from '../lib/worker-process.ts'

export function utilityWorkersFrom(folder: string): SpawnWorker {
  return (name, environment = {}) => {
    const child = utilityProcess.fork(path.join(folder, `${name}-worker.js`), [], {
      serviceName: `imageworks-${name}`,
      stdio: 'ignore',
      env: { ...inherited(), ...environment },
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

function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'SystemRoot', 'TEMP', 'TMP', 'USERPROFILE', 'LOCALAPPDATA', 'APPDATA', 'LANG', 'TZ']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}
