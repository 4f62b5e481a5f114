/** A model that ran out of memory while it started is tried once more with a smaller context, and never a third time. */
import { StudioError } from '../lib/studio-error.ts'
import type { RegistryEntry } from '../registry/entry.ts'
import type { Placement, Started } from '../registry/serving.ts'
import { withContext } from '../registry/with-context.ts'

export interface ReducedContext {
  name: string
  /** Undefined when nobody said how much it was. */
  fromTokens: number | undefined
  toTokens: number
}

export interface StartSmallerOptions {
  start(entry: RegistryEntry): Promise<Started>
  /** Null: no smaller one is worth a try. Never rejects. */
  smallerContext(entry: RegistryEntry, placement: Placement): Promise<Omit<ReducedContext, 'name'> | null>
  signal: AbortSignal
}

const ranOutOfMemory = (error: unknown): error is StudioError =>
  error instanceof StudioError && ['out-of-memory', 'context-does-not-fit'].includes(String(error.data['cause']))

/** @returns How it was served, and what was given up for that. @throws whatever the last try raised. */
export async function startSmaller(
  entry: RegistryEntry,
  placement: Placement,
  { start, smallerContext, signal }: StartSmallerOptions,
): Promise<{ entry: RegistryEntry; started: Started; reduced: ReducedContext | null }> {
  try {
    return { entry, started: await start(entry), reduced: null }
  } catch (error) {
    if (!ranOutOfMemory(error) || placement.gpus.length === 0 || signal.aborted) throw error
    const smaller = await smallerContext(entry, placement)
    if (smaller === null || signal.aborted) throw error
    const changed = withContext(entry, smaller.toTokens)
    try {
      return { entry: changed, started: await start(changed), reduced: { name: entry.name, ...smaller } }
    } catch (again) {
      if (!(again instanceof StudioError) || again.code === 'cancelled') throw again
      throw new StudioError(again.code, `${again.message} A context of ${smaller.toTokens} tokens was tried too.`, {
        data: { ...again.data, triedContextTokens: smaller.toTokens },
        retry: again.retry,
        cause: again,
      })
    }
  }
}
