/** `npm run bench [-- <name> …]`: every measurement in tests/bench/, one after another, each a ratio to a reference in the same run. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { ensureInstalled, root } from './ensure-installed.mjs'

ensureInstalled()
const { buildIfStale } = await import('./build.mjs')
buildIfStale()

const folder = path.join(root, 'tests', 'bench')
const known = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs') && name !== 'run-ts.mjs')
  .map((name) => name.slice(0, -4))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  console.error(`No measurement is called ${unknown.join(', ')}; there are ${known.join(', ')}.`)
  process.exit(2)
}
let failed = 0
for (const name of wanted.length > 0 ? wanted : known) {
  console.log(`\n── ${name} ──`)
  if (spawnSync(process.execPath, [path.join(folder, `${name}.mjs`)], { cwd: root, stdio: 'inherit' }).status !== 0) failed += 1
}
process.exitCode = failed > 0 ? 1 : 0
