import type { Command } from 'commander'
import { memoryLines } from '../../src-renderer/copy/en/memory.ts'
import { StudioError } from '../lib/studio-error.ts'
import { askAboutModels, type CommandContext, exitFor, type JsonOption } from './context.ts'
import { numberAboveZero, numberFromZero, wholeNumber } from './numbers.ts'
import { createOutput, type Output } from './output.ts'
import type { BareFigures, ContextFigures, GibFigures, ModelContextFigures, ModelFigures, OverheadChoice, VramAnswers } from './vram-answers.ts'

interface FigureOptions extends JsonOption {
  paramsBillion?: number
  quant?: string
  layers?: number
  kvHeads?: number
  headDim?: number
  kvDtype?: string
  batch?: number
  contextK?: number
  overheadProfile: string
  overhead?: number
  vision?: number
  frag?: number
  totalVramGib?: number
  maxContextK: number
}

const TOKENS_PER_K = 1024
const MB_PER_GIB = 1024

export function addVram(program: Command, context: CommandContext & { vram: VramAnswers }): void {
  const vram = program.command('vram').description('graphics memory: what a model takes, how long a context fits, what the cards hold')

  withFigures(vram.command('estimate').description('memory for a context, from bare figures or for a model of the registry'))
    .option('--context-k <n>', 'context in units of 1024 tokens', numberAboveZero)
    .option('--total-vram-gib <n>', 'memory of the card, for what a server takes ahead', numberAboveZero)
    .action(async (model: string | undefined, options: FigureOptions) => {
      if (model === undefined) {
        const figures = bareFigures(options)
        const contextK = needed('--context-k', options.contextK)
        answer(context, options, context.vram.estimate(figures, contextK, await overheadOf(context.vram, options)), totalLines)
        return
      }
      const totalVramMb = options.totalVramGib === undefined ? undefined : options.totalVramGib * MB_PER_GIB
      await aboutModel(context, options, model, (entry) => context.vram.estimateModel(entry, { ...wishesOf(options), totalVramMb }))
    })

  withFigures(vram.command('max-context').description('the largest context that fits, from bare figures or for a model of the registry'))
    .requiredOption('--total-vram-gib <n>', 'memory that may be used', numberAboveZero)
    .option('--max-context-k <n>', 'never more than this, in units of 1024 tokens', numberAboveZero, 256)
    .action(async (model: string | undefined, options: FigureOptions) => {
      const limits = { totalVramGib: needed('--total-vram-gib', options.totalVramGib), maxContextK: options.maxContextK }
      if (model === undefined) {
        const found = context.vram.maxContext(bareFigures(options), limits, await overheadOf(context.vram, options))
        answer(context, options, found, (figures) => [...contextLines(figures), ...totalLines(figures)])
        context.setExitCode(exitFor(found.fits ? 0 : 1))
        return
      }
      await aboutModel(context, options, model, (entry) => context.vram.maxContextOfModel(entry, limits, wishesOf(options)))
    })

  vram
    .command('gauge')
    .description('what every card holds now')
    .option('--json', 'one JSON object')
    .action(async (options: JsonOption) => {
      const output = createOutput(options.json === true)
      // A running studio knows which of the memory is its models'.
      const running = await context.runningStudio()
      const reading = running ? await running.handlers['vram.gauge']({}) : await context.vram.gauge()
      const mb = (value: number | null) => (value === null ? 'not told' : `${value} MB`)
      output.row(reading, () =>
        [
          ...reading.cards.map(
            (card) =>
              `GPU ${card.index}  ${card.name}: ${card.totalMb} MB, ours ${mb(card.usedByUsMb)} (${card.source}), others ${mb(card.usedByOthersMb)}, reserved ${card.reservedMb} MB, free ${mb(card.freeMb)}`,
          ),
          ...(reading.note === null ? [] : [reading.note]),
        ].join('\n'),
      )
      context.setExitCode(exitFor(0))
    })

  vram
    .command('profiles')
    .description('what comes on top of weights and cache, by kind of card')
    .option('--json', 'one JSON object a line')
    .action((options: JsonOption) => {
      const output = createOutput(options.json === true)
      for (const profile of context.vram.profiles()) {
        output.row(
          profile,
          () => `${profile.name.padEnd(12)} overhead ${profile.overhead_gib} GiB, vision ${profile.vision_gib} GiB, × ${profile.frag_factor}`,
        )
      }
      context.setExitCode(exitFor(0))
    })
}

function withFigures(command: Command): Command {
  return command
    .argument('[model]', 'a model of the registry, by any of its names; without it, bare figures')
    .option('--params-billion <n>', 'parameters in billions', numberAboveZero)
    .option('--quant <name>', 'precision of the weights, e.g. fp8, int4, q4_k_m')
    .option('--layers <n>', 'layers of the language model', wholeNumber(1, 1_000_000))
    .option('--kv-heads <n>', 'heads of the KV cache', wholeNumber(1, 1_000_000))
    .option('--head-dim <n>', 'numbers in a head', wholeNumber(1, 1_000_000))
    .option('--kv-dtype <name>', 'precision of the KV cache (bare figures: fp16)')
    .option('--batch <n>', 'requests side by side (bare figures: 1)', wholeNumber(1, 1_000_000))
    .option('--overhead-profile <name>', 'for bare figures; one of "vram profiles", or auto for the one that suits this machine', 'default')
    .option('--overhead <gib>', "instead of the profile's overhead", numberFromZero)
    .option('--vision <gib>', "instead of the profile's share for vision", numberFromZero)
    .option('--frag <factor>', "instead of the profile's factor", numberAboveZero)
    .option('--json', 'one JSON object')
}

function needed<Value>(flag: string, value: Value | undefined): Value {
  if (value !== undefined) return value
  throw new StudioError('invalid-request', `${flag} is missing: give it, or the name of a model`, { data: { flag } })
}

function bareFigures(options: FigureOptions): BareFigures {
  return {
    paramsBillion: needed('--params-billion', options.paramsBillion),
    quant: needed('--quant', options.quant),
    layers: needed('--layers', options.layers),
    kvHeads: needed('--kv-heads', options.kvHeads),
    headDim: needed('--head-dim', options.headDim),
    kvDtype: options.kvDtype ?? 'fp16',
    batch: options.batch ?? 1,
  }
}

const overheadOf = async (vram: VramAnswers, options: FigureOptions): Promise<OverheadChoice> => ({
  profile: options.overheadProfile === 'auto' ? await vram.profileHere() : options.overheadProfile,
  overheadGib: options.overhead,
  visionGib: options.vision,
  fragFactor: options.frag,
})

const wishesOf = ({ contextK, batch, kvDtype }: FigureOptions) => ({
  contextTokens: contextK === undefined ? undefined : Math.round(contextK * TOKENS_PER_K),
  slots: batch,
  kvDtype,
})

const gib = (value: number) => `${value.toFixed(2)} GiB`.padStart(12)

const totalLines = (figures: GibFigures): string[] => [
  `weights   ${gib(figures.weights_gib)}`,
  `KV cache  ${gib(figures.kv_gib)}`,
  `vision    ${gib(figures.vision_gib)}`,
  `overhead  ${gib(figures.overhead_gib)}`,
  `total     ${gib(figures.total_gib)}${figures.frag_factor === 1 ? '' : `  (× ${figures.frag_factor} for what cannot be used)`}`,
]

const contextLines = ({ context_tokens, fits, limited_by }: ContextFigures): string[] => [
  fits ? `${context_tokens} tokens fit (limited by ${limited_by})` : 'does not fit; the least would take:',
]

function answer<Figures extends object>(context: CommandContext, json: JsonOption, figures: Figures, lines: (figures: Figures) => string[]): void {
  createOutput(json.json === true).row(figures, () => lines(figures).join('\n'))
  context.setExitCode(exitFor(0))
}

function modelLines(found: ModelFigures | ModelContextFigures): string[] {
  if (!('total_gib' in found)) return [`${found.model}: not known.`, ...found.missing.map(({ figure, remedy }) => `  ${figure}: ${remedy}`)]
  return [
    ...('fits' in found ? contextLines(found) : [`${found.model} with ${found.context_tokens} tokens:`]),
    ...found.parts.map(({ part, gib: amount, source }) => `${part.padEnd(11)} ${gib(amount)}  ${source}`),
    `${'total'.padEnd(11)} ${gib(found.total_gib)}`,
    ...('claim_mb' in found && found.claim_mb !== null
      ? [`On such a card its server takes ${found.claim_mb} MB, of which the model needs ${found.need_mb} MB by this estimate.`]
      : []),
  ]
}

async function aboutModel(
  context: CommandContext,
  options: FigureOptions,
  name: string,
  ask: (entry: Readonly<Record<string, unknown>>) => ModelFigures | ModelContextFigures,
): Promise<void> {
  await askAboutModels(context, options, async (studio, output: Output) => {
    const { entry, memory } = await studio.handlers['models.show']({ name })
    const found = ask(entry)
    const { usedMb: used_mb, source: used_source, registryMb: registry_mb } = memory
    output.row({ ...found, used_mb, used_source, registry_mb }, () => [...modelLines(found), ...memoryLines(memory)].join('\n'))
    return exitFor(found.missing.length + ('fits' in found && !found.fits ? 1 : 0))
  })
}
