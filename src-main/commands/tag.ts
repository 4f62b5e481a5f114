import type { Command } from 'commander'
import { STAGES, type Stage } from '../contract/model.ts'
import type { Reply } from '../contract/routes/index.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { AskedStudio, Studio } from '../lib/studio.ts'
import { problemLine } from '../../src-renderer/copy/errors.ts'
import { nearestNames } from '../lib/nearest.ts'
import { askStudio, type CommandContext, exitFor, importPhotos, knownPhotos, withStudio } from './context.ts'
import type { Output } from './output.ts'

interface TagOptions {
  recursive: boolean
  profile?: string
  roleModel: string[]
  stages: string
  resume?: boolean
  json?: boolean
}

type Run = Reply<'tagging.start'>

export function parseStages(text: string): Stage[] {
  return text.split(',').map((word) => {
    const name = word.trim()
    const stage = STAGES.find((each) => each === name)
    if (!stage)
      throw new StudioError('invalid-request', `There is no stage called "${name}"; there are ${STAGES.join(', ')}.${didYouMean(name, STAGES)}`)
    return stage
  })
}

/** `caption=model-name`, repeated, into stage → model. */
export function parseRoleModels(words: readonly string[]): Partial<Record<Stage, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const [role, ...model] = word.split('=')
      const stage = STAGES.find((each) => each === role)
      if (!stage || model.join('=') === '') {
        throw new StudioError(
          'invalid-request',
          `--role-model takes ROLE=NAME with a role of ${STAGES.join(', ')}; got "${word}".${didYouMean(role ?? '', STAGES)}`,
        )
      }
      return [stage, model.join('=')]
    }),
  )
}

function didYouMean(name: string, known: readonly string[]): string {
  const [nearest] = nearestNames(name, known, 1)
  return nearest ? ` Did you mean ${nearest}?` : ''
}

export function addTag(program: Command, context: CommandContext): void {
  program
    .command('tag')
    .description('propose captions, keywords and descriptions; nothing is written to your files')
    .argument('[paths...]', 'photos or folders')
    .option('-r, --recursive', 'with subfolders', false)
    .option('--profile <name>', 'deployment profile for this run')
    .option('--role-model <role=name>', 'model for a role, repeatable', (word: string, all: string[]) => [...all, word], [] as string[])
    .option('--stages <list>', 'which stages, separated by commas', STAGES.join(','))
    .option('--resume', 'go on with the run that was interrupted')
    .option('--json', 'one JSON object a line: the proposals')
    .action((paths: string[], options: TagOptions) => {
      const stages = parseStages(options.stages)
      const models = parseRoleModels(options.roleModel)
      return withStudio(context, options, { profile: options.profile, proxy: true }, async (studio, output) => {
        if (!options.resume && paths.length === 0) throw new StudioError('invalid-request', 'Name at least one photo or folder, or use --resume.')
        const run = options.resume ? await resume(studio) : await start(studio, output, paths, options.recursive, stages, models)
        if (!run) {
          output.say('Nothing to do: no photos there.')
          return exitFor(options.resume ? 0 : 1)
        }
        const ended = await follow(studio, output, run, context.interrupted)
        const failures = await studio.handlers['tagging.failures']({ runId: ended.runId })
        for (const failure of failures) output.warn(`${failure.path}: ${problemLine(failure.problem)}`)
        if (options.json) await printProposals(studio, output, await knownPhotos(studio, paths))
        output.say(`${ended.done} of ${ended.total} photos have proposals${ended.failed > 0 ? `; ${ended.failed} failed` : ''}.`)
        if (ended.state !== 'done') output.warn('The run was stopped before its end; "imageworks tag --resume" goes on with it.')
        return exitFor(ended.failed + (ended.state === 'done' ? 0 : 1))
      })
    })

  program
    .command('proposals')
    .description('show what was proposed')
    .argument('[paths...]', 'photos or folders; all when left out')
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { json?: boolean }) =>
      askStudio(context, options, {}, async (studio, output) => {
        await printProposals(studio, output, await knownPhotos(studio, paths))
        return exitFor(0)
      }),
    )
}

async function start(
  studio: Studio,
  output: Output,
  paths: string[],
  recursive: boolean,
  stages: Stage[],
  models: Partial<Record<Stage, string>>,
): Promise<Run | undefined> {
  const { photos } = await importPhotos(studio, output, paths, recursive)
  if (photos.length === 0) return undefined
  return studio.handlers['tagging.start']({ photoIds: photos.map((photo) => photo.id), stages, models })
}

async function resume(studio: Studio): Promise<Run | undefined> {
  const runs = await studio.handlers['tagging.runs']({})
  const waiting = runs.find((run) => run.state === 'interrupted' || run.state === 'paused')
  return waiting && studio.handlers['tagging.resume']({ runId: waiting.runId })
}

/** Waits for the end of a run. Ctrl+C pauses it, so that it can be resumed. */
async function follow(studio: Studio, output: Output, run: Run, interrupted: AbortSignal): Promise<Run> {
  const bar = output.progress('Tagging')
  const ended = await new Promise<Run>((resolve, reject) => {
    const isOver = (each: Run) => each.state !== 'running'
    const see = (each: Run) => {
      if (each.runId !== run.runId) return
      const left = each.timeLeftMs === null ? (each.note ?? '') : `${Math.ceil(each.timeLeftMs / 1000)} s left`
      bar.update(each.done + each.failed, each.total, left)
      if (isOver(each)) resolve(each)
    }
    studio.subscribe((event) => {
      if (event.name === 'run.progress') see(event.data)
    })
    interrupted.addEventListener('abort', () => void Promise.resolve(studio.handlers['tagging.pause']({ runId: run.runId })).then(resolve, reject))
    // The run may have ended between its start and our listening.
    Promise.resolve(studio.handlers['tagging.runs']({})).then((runs) => runs.filter(isOver).forEach(see), reject)
  })
  bar.stop()
  return ended
}

async function printProposals(studio: AskedStudio, output: Output, photos: readonly { id: number; path: string; state: string }[]): Promise<void> {
  for (const { id: photoId, path, state } of photos) {
    const { caption, keywords, description } = await studio.handlers['tagging.proposals']({ photoId })
    const text = (stage: typeof caption) => (stage ? { text: stage.text, model: stage.model, gates: stage.gates } : null)
    const row = {
      path,
      caption: text(caption),
      keywords: (keywords?.keywords ?? []).map(({ keyword, confidence, source, level }) => ({ keyword, confidence, source, level })),
      description: text(description),
      state,
    }
    output.row(row, () =>
      [
        path,
        `  caption      ${caption?.text ?? '–'}`,
        `  keywords     ${row.keywords.map((each) => (each.level === 'maybe' ? `(${each.keyword})` : each.keyword)).join(', ') || '–'}`,
        `  description  ${description?.text ?? '–'}`,
      ].join('\n'),
    )
  }
}
