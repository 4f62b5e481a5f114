/** English: which of several figures for a model's memory counts, and why. */
import type { ModelMemory } from '../../../src-main/contract/engine.ts'

const WHY: Record<ModelMemory['source'], string> = {
  measured: 'measured when it was last loaded, which goes before every other figure',
  registry: 'the figure of the model list, which goes before the estimate until a load has been measured',
  estimated: 'the estimate, since the model list has no figure and no load has been measured',
  none: 'it takes no graphics memory of this machine',
}

const mb = (value: number | null, absent: string) => (value === null ? absent : `${value} MB`)

/** One line each: the figure that is used, the figures that there are, what the server takes ahead. */
export function memoryLines({ usedMb, source, registryMb, estimatedMb, reservedShare }: ModelMemory): string[] {
  return [
    usedMb === null ? 'Planned with: nothing, its memory is not known' : `Planned with: ${usedMb} MB (${WHY[source]})`,
    ...(source === 'none'
      ? []
      : [
          `Model list: ${mb(registryMb, 'no figure')} · estimate: ${mb(estimatedMb, 'not possible')}, for the largest picture and the context it is served with`,
        ]),
    ...(reservedShare === null
      ? []
      : [`Its server takes ${Math.round(reservedShare * 100)} % of each card ahead, whatever the model needs: a reservation, not a need`]),
  ]
}
