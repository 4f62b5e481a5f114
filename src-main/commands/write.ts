import { type Command, InvalidArgumentError } from 'commander'
import { PRESET_SENTENCES } from '../../src-renderer/copy/en/presets.ts'
import { problemLine } from '../../src-renderer/copy/errors.ts'
import type { JournalEntry, Plan, PlanChange, ThreeWay, WriteOutcome } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import type { AskedStudio } from '../lib/studio.ts'
import { askStudio, type CommandContext, exitFor, importPhotos, knownPhotos } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Output } from './output.ts'

const show = (value: PlanChange['from']) => (value === null ? '–' : Array.isArray(value) ? value.join(', ') : JSON.stringify(value))

function planText(plan: Plan): string {
  const lines = plan.changes.map((change) => `  ${change.field.padEnd(20)} ${show(change.from)}  →  ${show(change.to)}`)
  const notes = [...plan.warnings, ...(plan.refusal ? [plan.refusal] : [])].map((each) => `  ! ${problemLine(each)}`)
  return [
    `${plan.path}${plan.target === 'sidecar' ? `  (sidecar ${plan.targetPath})` : ''}`,
    ...(lines.length > 0 ? lines : ['  nothing to change']),
    ...(plan.also?.length ? [`  also ${plan.also.join(', ')}`] : []),
    ...notes,
  ].join('\n')
}

const threeWayText = ({ tag, before, ours, now, restored }: ThreeWay) =>
  `  ${restored ? 'restored' : 'left    '}  ${tag}  before ${show(before)} · written ${show(ours)} · now ${show(now)}`

function printOutcome(output: Output, outcome: WriteOutcome): void {
  const { path, code, writeId, threeWay } = outcome
  const message = code === null ? outcome.message : problemLine({ code, message: outcome.message ?? '', data: { path } })
  output.row({ path, outcome: outcome.outcome, code, message, writeId, ...(threeWay ? { threeWay } : {}) }, () =>
    [`${outcome.outcome.padEnd(9)} ${path}${message ? `: ${message}` : ''}`, ...(threeWay ?? []).map(threeWayText)].join('\n'),
  )
}

/** What would be written is not what was shown last: said aloud, since nobody looks at a plan that `write` makes. */
function saySurprises(output: Output, shown: readonly (Plan | null)[], plans: readonly Plan[]): void {
  for (const [at, plan] of plans.entries()) {
    const last = shown[at]
    if (!last || sameWords(last, plan)) continue
    output.warn(`What is written to ${plan.path} is not what was planned at ${new Date(last.createdAtMs).toISOString()}:\n${planText(plan)}`)
  }
}

const sameWords = (a: Plan, b: Plan) =>
  JSON.stringify([a.targetPath, a.changes, a.also ?? [], a.refusal?.code]) ===
  JSON.stringify([b.targetPath, b.changes, b.also ?? [], b.refusal?.code])

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
      askStudio(context, options, {}, async (studio, output) => {
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
      return askStudio(context, options, {}, async (studio, output) => {
        const photos = options.approved ? await approved(studio) : await knownPhotos(studio, paths)
        if (photos.length === 0) return exitFor(0)
        const photoIds = photos.map((photo) => photo.id)
        const shown = await studio.handlers['metadata.lastPlans']({ photoIds })
        const plans = await studio.handlers['metadata.plan']({ photoIds })
        saySurprises(output, shown, plans)
        const bar = output.progress('Writing')
        studio.subscribe?.((event) => {
          if (event.name === 'write.progress') bar.update(event.data.done, event.data.total)
        })
        context.interrupted.addEventListener('abort', () => void studio.handlers['metadata.cancelWrite']({}))
        const outcomes = await studio.handlers['metadata.write']({ planIds: plans.map((plan) => plan.id) })
        bar.stop()
        for (const outcome of outcomes) printOutcome(output, outcome)
        const { metadataPreset } = await studio.handlers['settings.get']({})
        if (metadataPreset !== 'custom' && outcomes.some((each) => each.outcome === 'written')) output.say(PRESET_SENTENCES[metadataPreset])
        return exitFor(failures(outcomes))
      })
    })

  program
    .command('revert')
    .description('take back writes: the previous value of every tag that was touched')
    .argument('[paths...]', 'photos or folders: all their writes, newest first')
    .option('--write <id>', 'one write; repeatable', collectId, [] as number[])
    .option('--run <id>', 'all writes of one command', wholeNumber(1, 999_999_999))
    .option('--since <time>', 'all writes since a time, such as 2026-05-01 or 2026-05-01T14:30:00Z', parseTime)
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: RevertOptions) => {
      const { write, run, since } = options
      if (paths.length === 0 && write.length === 0 && run === undefined && since === undefined)
        throw new StudioError('invalid-request', 'Name photos or folders, --write ID, --run ID or --since TIME.')
      return askStudio(context, options, {}, async (studio, output) => {
        const writeIds = write.length > 0 ? write : await writesOf(studio, paths, { run, since })
        if (writeIds.length === 0) {
          output.say('There is nothing to take back.')
          return exitFor(run === undefined ? 0 : 1)
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
      askStudio(context, options, {}, async (studio, output) => {
        for await (const entry of journal(studio)) {
          const { writeId, kind, path, run, changes, state } = entry
          const time = new Date(entry.timeMs).toISOString()
          output.row(
            { writeId, kind, path, time, run, changes, state },
            () =>
              `${String(writeId).padStart(6)}  run ${run}  ${time}  ${kind.padEnd(6)}  ${state.padEnd(8)}  ${path}  (${changes.map((change) => change.field).join(', ')})`,
          )
        }
        return exitFor(0)
      }),
    )
}

async function approved(studio: AskedStudio) {
  const ids = await studio.handlers['library.photoIds']({ recursive: true, sort: 'path', states: ['approved'] })
  return ids.map((id) => ({ id }))
}

async function* journal(studio: AskedStudio): AsyncGenerator<JournalEntry> {
  const limit = 500
  for (let offset = 0; ; offset += limit) {
    const { total, items } = await studio.handlers['metadata.journal']({ offset, limit })
    yield* items
    if (offset + limit >= total) return
  }
}

/** Writes that still stand, newest first: of the photos meant by `paths` if any are, of one run, not before a time. */
async function writesOf(
  studio: AskedStudio,
  paths: readonly string[],
  wanted: { run: number | undefined; since: number | undefined },
): Promise<number[]> {
  const photos = paths.length === 0 ? undefined : new Set((await knownPhotos(studio, paths)).map((photo) => photo.path))
  const { run, since } = wanted
  const found: number[] = []
  for await (const entry of journal(studio)) {
    const isMeant =
      (photos === undefined || photos.has(entry.path)) && (run === undefined || entry.run === run) && (since === undefined || entry.timeMs >= since)
    if (entry.state === 'written' && isMeant) found.push(entry.writeId)
  }
  return found
}

interface RevertOptions {
  write: number[]
  run?: number
  /** Milliseconds since the Unix epoch. */
  since?: number
  json?: boolean
}

function collectId(text: string, all: number[]): number[] {
  const id = Number(text)
  if (!Number.isInteger(id) || id <= 0) throw new InvalidArgumentError('a write is named by its number in the journal')
  return [...all, id]
}

/** A date alone is midnight of this machine's day; a time without zone is this machine's. */
function parseTime(text: string): number {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const timeMs = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}|$)/.test(text) ? Date.parse(isDate ? `${text}T00:00` : text) : Number.NaN
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('a time is written like 2026-05-01 or 2026-05-01T14:30:00Z')
  return timeMs
}
