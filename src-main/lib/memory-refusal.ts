/** A model server's word that a model does not fit into memory, as our own error with its figures. Pure. */
import { StudioError } from './studio-error.ts'

/** "model requires more system memory (9.8 GiB) than is available (3.2 GiB)", as Ollama says it. */
const WITH_FIGURES = /requires more (\w+ )?memory \(([\d.]+) ([KMGT]i?B)\) than is available \(([\d.]+) ([KMGT]i?B)\)/i
const WITHOUT_FIGURES = /out of memory|cudamalloc|unable to allocate|more system memory|insufficient memory|requires more/i

const MB_PER_UNIT: Readonly<Record<string, number>> = { K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2 }

const REMEDY = 'Unload other models, or choose a smaller context, a smaller quantisation or a smaller model.'

const inMb = (amount: string, unit: string) => Math.round(Number(amount) * (MB_PER_UNIT[unit.charAt(0).toUpperCase()] ?? 1))

/**
 * `model-does-not-fit` with data {needMb, offersMb, memory, remedy} where the server refused a model with figures, else undefined.
 * @param name Of the model, where it is known.
 */
export function refusalWithFigures(said: string, name?: string): StudioError | undefined {
  const [, kind = '', need = '', needUnit = '', free = '', freeUnit = ''] = WITH_FIGURES.exec(said) ?? []
  if (need === '') return undefined
  const memory = kind.trim() || 'working'
  const data = { ...(name === undefined ? {} : { name, model: name }), needMb: inMb(need, needUnit), offersMb: inMb(free, freeUnit), memory }
  const message = `${name ?? 'the model'} needs ${data.needMb} MB of ${memory} memory, ${data.offersMb} MB are free: ${said}`
  return new StudioError('model-does-not-fit', message, { data: { ...data, remedy: REMEDY }, retry: 'later' })
}

/**
 * Of a model that was to be loaded: the same, or `backend-start-failed` with the cause `out-of-memory` where the server gave no figures;
 * undefined where it speaks of something else.
 */
export function memoryRefusal(said: string, name: string): StudioError | undefined {
  const refusal = refusalWithFigures(said, name)
  if (refusal || !WITHOUT_FIGURES.test(said)) return refusal
  return new StudioError('backend-start-failed', `${name} cannot be loaded: ${said}`, {
    data: { name, cause: 'out-of-memory', remedy: REMEDY },
    retry: 'later',
  })
}
