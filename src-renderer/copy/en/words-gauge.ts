/** English: the memory gauge. */
import type { Gauge, StartForecast } from '../../../src-main/contract/engine.ts'
import { formatMegabytes, formatPercent } from '../format.ts'

const SOURCES: Readonly<Record<string, string>> = {
  processes: 'Our share is what the driver tells of our processes.',
  backend: 'Our share is what the model servers tell of themselves.',
  measured: 'Our share is what was measured when the models were loaded.',
  estimate: 'Our share is an estimate: the driver does not tell it.',
  mixed: 'Our share comes from the driver and from the model servers together.',
  unknown: 'The driver does not tell which program uses how much.',
}

const needSources: Record<StartForecast['needSource'], string> = {
  measured: 'measured',
  estimated: 'estimated',
  registry: 'from the model list',
  none: 'not known',
}

export const GAUGE_WORDS = {
  gauge: {
    label: 'Memory',
    help: 'Graphics memory now: what the studio uses, what other programs use, what is left.',
    reading: 'Being read…',
    processorOnly: 'processor only',
    processorOnlyHelp: 'Models run on the processor and use its memory, as far as they can run without a card.',
    notTold: 'not told',
    of: (usedMb: number, totalMb: number) => `${formatMegabytes(usedMb)} of ${formatMegabytes(totalMb)}`,
    card: ({ index, name }: Gauge['cards'][number]) => `${index}: ${name}`,
    shared: (totalMb: number) => `Memory shared with the processor; graphics may take ${formatMegabytes(totalMb)} of it.`,
    sharedShort: (totalMb: number) => `${formatMegabytes(totalMb)} shared`,
    untold: 'How much of it is in use is not told here.',
    meter: (usedMb: number, totalMb: number, freeMb: number | null) =>
      `${formatMegabytes(usedMb)} of ${formatMegabytes(totalMb)} taken${freeMb === null ? '' : `, ${formatMegabytes(freeMb)} free`}`,
    ours: 'Studio',
    others: 'Other programs',
    unnamed: 'Not told whose',
    reserved: 'Kept back',
    free: 'Free',
    source: (source: string) => SOURCES[source] ?? '',
    history: (lowest: number, highest: number) => `Last minutes: between ${formatPercent(lowest)} and ${formatPercent(highest)} taken`,
    whatIf: 'If this model started now',
    choose: 'Choose a model…',
    needs: ({ needMb, needSource }: StartForecast) =>
      needSource === 'none' || needMb === 0 ? '' : `Needs ${formatMegabytes(needMb)} (${needSources[needSource]}).`,
    outlooks: {
      fits: 'Fits',
      evicts: 'Fits when others make room',
      'does-not-fit': 'Does not fit',
    },
    evicts: (names: readonly string[]) => `Would be unloaded: ${names.join(', ')}.`,
  },
}
