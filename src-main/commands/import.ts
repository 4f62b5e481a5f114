import type { Command } from 'commander'
import type { PhotoSummary } from '../contract/model.ts'
import { askStudio, type CommandContext, exitFor, importPhotos, knownPhotos } from './context.ts'

const listRow = (photo: PhotoSummary) => ({ path: photo.path, id: photo.id, state: photo.state })
const listText = (photo: PhotoSummary) => `${photo.state.padEnd(9)} ${photo.path}`

export function addImport(program: Command, context: CommandContext): void {
  program
    .command('import')
    .description('add photos to the library; no file is changed')
    .argument('<paths...>', 'photos or folders')
    .option('--no-recursive', 'leave subfolders out')
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { recursive: boolean; json?: boolean }) =>
      askStudio(context, options, {}, async (studio, output) => {
        const { photos, unusable } = await importPhotos(studio, output, paths, options.recursive)
        for (const photo of photos) output.row(listRow(photo), () => listText(photo))
        output.say(`${photos.length} ${photos.length === 1 ? 'photo is' : 'photos are'} in the library.`)
        return exitFor(photos.length === 0 ? 1 : unusable)
      }),
    )

  program
    .command('list')
    .description('list the photos of the library')
    .argument('[paths...]', 'photos or folders; all photos when left out')
    .option('--json', 'one JSON object a line')
    .action((paths: string[], options: { json?: boolean }) =>
      askStudio(context, options, {}, async (studio, output) => {
        const { photos, unusable } =
          paths.length > 0 ? await importPhotos(studio, output, paths, true) : { photos: await knownPhotos(studio, []), unusable: 0 }
        for (const photo of photos) output.row(listRow(photo), () => listText(photo))
        return exitFor(unusable)
      }),
    )
}
