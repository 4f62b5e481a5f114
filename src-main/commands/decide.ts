import { type Command, InvalidArgumentError } from 'commander'
import { problemLine } from '../../src-renderer/copy/errors.ts'
import type { DecisionChange } from '../contract/model.ts'
import { StudioError } from '../lib/studio-error.ts'
import { askStudio, type CommandContext, exitFor, importPhotos, knownPhotos } from './context.ts'

interface EditOptions {
  title?: string
  description?: string
  altText?: string
  extendedDescription?: string
  keywords?: string
  addKeyword: string[]
  removeKeyword: string[]
  json?: boolean
}

const collect = (word: string, all: string[]): string[] => {
  if (word.trim() === '') throw new InvalidArgumentError('a keyword cannot be empty')
  return [...all, word]
}

export function changesFrom(options: EditOptions): DecisionChange[] {
  const changes: DecisionChange[] = []
  if (options.title !== undefined) changes.push({ kind: 'field', field: 'title', verdict: 'accept', text: options.title })
  if (options.description !== undefined) changes.push({ kind: 'field', field: 'description', verdict: 'accept', text: options.description })
  if (options.altText !== undefined) changes.push({ kind: 'field', field: 'altText', verdict: 'accept', text: options.altText })
  if (options.extendedDescription !== undefined)
    changes.push({ kind: 'field', field: 'extendedDescription', verdict: 'accept', text: options.extendedDescription })
  if (options.keywords !== undefined) {
    changes.push({
      kind: 'keyword-list',
      keywords: options.keywords
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean),
    })
  }
  for (const keyword of options.addKeyword) changes.push({ kind: 'keyword', keyword, verdict: 'add' })
  for (const keyword of options.removeKeyword) changes.push({ kind: 'keyword', keyword, verdict: 'remove' })
  return changes
}

export function addDecide(program: Command, context: CommandContext): void {
  program
    .command('approve')
    .description('accept the passing proposals; existing titles and descriptions are kept')
    .argument('[paths...]', 'photos or folders')
    .option('--all-passing', 'every photo whose proposals passed all gates')
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { allPassing?: boolean; json?: boolean }) => {
      if (paths.length === 0 && !options.allPassing) throw new StudioError('invalid-request', 'Name photos or folders, or use --all-passing.')
      return askStudio(context, options, {}, async (studio, output) => {
        const known = await knownPhotos(studio, paths)
        const photos = options.allPassing ? known.filter((photo) => photo.state === 'proposed' && !photo.gated) : known
        if (photos.length === 0) return exitFor(0)
        const outcomes = await studio.handlers['review.approve']({ photoIds: photos.map((photo) => photo.id) })
        for (const outcome of outcomes) {
          const row = {
            path: outcome.path,
            outcome: outcome.done ? 'approved' : 'failed',
            code: outcome.problem?.code ?? null,
            message: outcome.problem ? problemLine(outcome.problem) : null,
          }
          output.row(row, () => `${row.outcome.padEnd(9)} ${outcome.path}${row.message ? `: ${row.message}` : ''}`)
        }
        return exitFor(outcomes.filter((outcome) => !outcome.done).length)
      })
    })

  program
    .command('edit')
    .description('decide by hand what should be written; no model needed, approves the photo')
    .argument('<paths...>', 'photos or folders')
    .option('--title <text>')
    .option('--description <text>')
    .option('--alt-text <text>')
    .option('--extended-description <text>', 'the long text for people who cannot see the picture')
    .option('--keywords <list>', 'the whole list, separated by commas')
    .option('--add-keyword <keyword>', 'repeatable; levels are parted by |, as in "Animals|Dog"', collect, [] as string[])
    .option('--remove-keyword <keyword>', 'repeatable', collect, [] as string[])
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: EditOptions) => {
      const changes = changesFrom(options)
      if (changes.length === 0)
        throw new StudioError(
          'invalid-request',
          'Say what to change: --title, --description, --alt-text, --extended-description, --keywords, --add-keyword or --remove-keyword.',
        )
      return askStudio(context, options, {}, async (studio, output) => {
        const { photos, unusable } = await importPhotos(studio, output, paths, false)
        let failed = photos.length === 0 ? 1 : unusable
        for (const photo of photos) {
          for (const change of changes) await studio.handlers['review.decide']({ photoId: photo.id, change })
          const [outcome] = await studio.handlers['review.approve']({ photoIds: [photo.id] })
          if (!outcome?.done) failed += 1
          const message = outcome?.problem ? problemLine(outcome.problem) : null
          output.row(
            { path: photo.path, outcome: outcome?.done ? 'approved' : 'failed', code: outcome?.problem?.code ?? null, message },
            () => `${outcome?.done ? 'approved' : 'failed'}  ${photo.path}${message ? `: ${message}` : ''}`,
          )
        }
        return exitFor(failed)
      })
    })
}
