import type { Effect } from './events.ts'
import { toError } from './refusal-errors.ts'

export interface WaitTimes {
  queueMs: number
  loadMs: number
}

/** Who waits for an answer to an id; each gets exactly one. */
export interface Askers {
  /** Calls `send` once the answer can be received, and `takeBack` when the signal aborts while waiting. @throws StudioError of the refusal. */
  wait(id: string, signal: AbortSignal | null, send: () => void, takeBack: () => void): Promise<WaitTimes>
  answer(effect: Extract<Effect, { kind: 'granted' | 'refused' }>): void
}

export function createAskers(): Askers {
  const open = new Map<string, (effect: Extract<Effect, { kind: 'granted' | 'refused' }>) => void>()
  return {
    wait(id, signal, send, takeBack) {
      return new Promise((resolve, reject) => {
        let listens = false
        open.set(id, (effect) => {
          if (listens) signal?.removeEventListener('abort', takeBack)
          if (effect.kind === 'granted') resolve({ queueMs: effect.queueMs, loadMs: effect.loadMs })
          else reject(toError(effect.refusal))
        })
        send()
        // Most are answered at once.
        if (!open.has(id)) return
        listens = true
        signal?.addEventListener('abort', takeBack, { once: true })
      })
    },
    answer(effect) {
      const tell = open.get(effect.id)
      open.delete(effect.id)
      tell?.(effect)
    },
  }
}
