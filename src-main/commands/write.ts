import type { Command } from 'commander'
import { problemLine } from '../../src-renderer/copy/errors.ts'
import type { JournalEntry, Plan, PlanChange, WriteOutcome } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { Studio } from '../lib/studio.ts'
import { type CommandContext, exitFor, importPhotos, knownPhotos, withStudio } from './context.ts'
import type { Output } from './output.ts'

const show = (value: PlanChange['from']) => (value === null ? '–' : Array.isArray(value) ? value.join(', ') : JSON.stringify(value))

function planText(plan: Plan): string {
  const lines = plan.changes.map((change) => `  ${change.field.padEnd(20)} ${show(change.from)}  →  ${show(change.to)}`)
  const notes = [...plan.warnings, ...(plan.refusal ? [plan.refusal] : [])].map((each) => `  ! ${problemLine(each)}`)
  return [
    `${plan.path}${plan.target === 'sidecar' ? `  (sidecar ${plan.targetPath})` : ''}`,
    ...(lines.length > 0 ? lines : ['  nothing to change']),
    ...notes,
  ].join('\n')
}

function printOutcome(output: Output, outcome: WriteOutcome): void {
  const { path, code, writeId } = outcome
  const message = code === null ? outcome.message : problemLine({ code, message: outcome.message ?? '', data: { path } })
  output.row({ path, outcome: outcome.outcome, code, message, writeId }, () => `${outcome.outcome.padEnd(9)} ${path}${message ? `: ${message}` : ''}`)
}

/** A revert that had to leave a value which another program changed is done only in part: it counts too. */
const failures = (outcomes: readonly WriteOutcome[]) =>
  outcomes.filter((each) => each.outcome === 'failed' || each.outcome === 'refused' || (each.outcome === 'reverted' && each.code !== null)).length

export function addWrite(program: Command, context: CommandContext): void {
  program
    .command('plan')
    .description('show exactly what would be written')
    .argument('[paths...]', 'photos or folders; all approved photos when left out')
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { json?: boolean }) =>
      withStudio(context, options, {}, async (studio, output) => {
        const { photos, unusable } =
          paths.length > 0 ? await importPhotos(studio, output, paths, true) : { photos: await approved(studio), unusable: 0 }
        if (photos.length === 0) return exitFor(unusable)
        const plans = await studio.handlers['metadata.plan']({ photoIds: photos.map((photo) => photo.id) })
        for (const plan of plans) {
          const { path, target, targetPath, changes, warnings, refusal } = plan
          output.row({ path, target, targetPath, changes, warnings: [...warnings, ...(refusal ? [refusal] : [])] }, () => planText(plan))
        }
        return exitFor(unusable + plans.filter((plan) => plan.refusal !== null).length)
      }),
    )

  program
    .command('write')
    .description('write what was approved, verified and journalled')
    .argument('[paths...]', 'photos or folders')
    .option('--approved', 'every approved photo of the library')
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { approved?: boolean; json?: boolean }) => {
      if (paths.length === 0 && !options.approved) throw new StudioError('invalid-request', 'Name photos or folders, or use --approved.')
      return withStudio(context, options, {}, async (studio, output) => {
        const photos = options.approved ? await approved(studio) : await knownPhotos(studio, paths)
        if (photos.length === 0) return exitFor(0)
        const plans = await studio.handlers['metadata.plan']({ photoIds: photos.map((photo) => photo.id) })
        const bar = output.progress('Writing')
        studio.subscribe((event) => {
          if (event.name === 'write.progress') bar.update(event.data.done, event.data.total)
        })
        context.interrupted.addEventListener('abort', () => void studio.handlers['metadata.cancelWrite']({}))
        const outcomes = await studio.handlers['metadata.write']({ planIds: plans.map((plan) => plan.id) })
        bar.stop()
        for (const outcome of outcomes) printOutcome(output, outcome)
        return exitFor(failures(outcomes))
      })
    })

  program
    .command('revert')
    .description('take back writes: the previous value of every tag that was touched')
    .argument('[paths...]', 'photos or folders: all their writes, newest first')
    .option('--write <id>', 'one write', Number)
    .option('--run <id>', 'all writes of one command', Number)
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { write?: number; run?: number; json?: boolean }) => {
      if (paths.length === 0 && options.write === undefined && options.run === undefined)
        throw new StudioError('invalid-request', 'Name photos or folders, --write ID or --run ID.')
      return withStudio(context, options, {}, async (studio, output) => {
        const writeIds = options.write === undefined ? await writesOf(studio, paths, options.run) : [options.write]
        if (writeIds.length === 0) {
          output.say('There is nothing to take back.')
          return exitFor(options.run === undefined ? 0 : 1)
        }
        const outcomes = await studio.handlers['metadata.revert']({ writeIds })
        for (const outcome of outcomes) printOutcome(output, outcome)
        return exitFor(failures(outcomes))
      })
    })

  program
    .command('journal')
    .description('show every write and revert, newest first')
    .option('--json', 'one JSON object a line')
    .action((options: { json?: boolean }) =>
      withStudio(context, options, {}, async (studio, output) => {
        for await (const entry of journal(studio)) {
          const { writeId, path, run, changes, state } = entry
          const time = new Date(entry.timeMs).toISOString()
          output.row(
            { writeId, path, time, run, changes, state },
            () =>
              `${String(writeId).padStart(6)}  run ${run}  ${time}  ${state.padEnd(8)}  ${path}  (${changes.map((change) => change.field).join(', ')})`,
          )
        }
        return exitFor(0)
      }),
    )
}

async function approved(studio: Studio) {
  const ids = await studio.handlers['library.photoIds']({ recursive: true, sort: 'path', states: ['approved'] })
  return ids.map((id) => ({ id }))
}

async function* journal(studio: Studio): AsyncGenerator<JournalEntry> {
  const limit = 500
  for (let offset = 0; ; offset += limit) {
    const { total, items } = await studio.handlers['metadata.journal']({ offset, limit })
    yield* items
    if (offset + limit >= total) return
  }
}

/** Writes that still stand, newest first, of the photos meant by `paths` or of one run. */
async function writesOf(studio: Studio, paths: readonly string[], run: number | undefined): Promise<number[]> {
  const wanted = run === undefined ? new Set((await knownPhotos(studio, paths)).map((photo) => photo.path)) : undefined
  const found: number[] = []
  for await (const entry of journal(studio)) {
    if (entry.state === 'written' && (wanted ? wanted.has(entry.path) : entry.run === run)) found.push(entry.writeId)
  }
  return found
}
