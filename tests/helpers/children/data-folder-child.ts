/** A studio's storage in a process of its own, to be killed: `<folder> claim` or `<folder> run <runId> <items>`. Says `ready` and then waits. */
import { claimDataFolder } from '../../../src-main/db/claim-data-folder.ts'
import { openDatabase } from '../../../src-main/db/open-database.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'

const [folder = '', what = '', runId = '', items = ''] = process.argv.slice(2)
// Kept by name: a claim that nobody holds is let go by the garbage collector.
const claim = claimDataFolder(folder, systemClock)
claim.announce({ url: 'http://127.0.0.1:4000/' })

if (what === 'run') {
  const { runs } = openDatabase({ folder, clock: systemClock })
  for (let n = 0; n < Number(items); n++) {
    const photoId = runs.takeNext(Number(runId))!
    // The last one is taken and never finished.
    if (n < Number(items) - 1) runs.finishItem(Number(runId), photoId, 'done', null)
  }
}
process.send?.('ready')
// Held open by the channel to the test.
process.on('message', () => claim.announce({}))
