/** Model servers of the machine in memory: they start and stop at once. */
import type { ServingView } from '../../../src-main/contract/engine.ts'
import type { Handlers } from '../../../src-main/contract/routes/index.ts'

type Served = ServingView['models'][number]

export function memoryServing(): Pick<Handlers, `backends.${'view' | 'load' | 'unload' | 'pin' | 'log'}`> {
  const served = new Map<string, Served>()
  const view = (): ServingView => ({ profile: null, models: [...served.values()], inFlight: 0, waiting: 0, lease: null, transitions: [] })
  const change = (name: string, part: Partial<Served>) => {
    const before: Served = served.get(name) ?? {
      ...{ name, backend: 'vllm', state: 'stopped', reason: null, inFlight: 0, waiting: 0, slots: 1, needMb: 9_200, claims: [], pinned: false },
      ...{ managed: true, idleMs: null, retryInMs: null, reducedContext: null, pid: null },
    }
    served.set(name, { ...before, ...part })
    return view()
  }
  return {
    'backends.view': view,
    'backends.load': ({ name }) => change(name, { state: 'ready' }),
    'backends.unload': ({ name }) => change(name, { state: 'stopped' }),
    'backends.pin': ({ name, pinned }) => change(name, { pinned }),
    'backends.log': ({ name }) => ({ lines: served.get(name)?.state === 'ready' ? ['Loading weights', 'Application startup complete'] : [] }),
  }
}
