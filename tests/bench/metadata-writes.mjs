/** Safe writes against bare ExifTool on the same JPEGs, in turn, ratios by round: `node tests/bench/metadata-writes.mjs [rounds]`. Exit 1 beyond a limit. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { bundleTs } from '../helpers/bundle-ts.mjs'

const folder = await bundleTs({ 'metadata-writes.bench': 'tests/bench/metadata-writes.bench.ts' }, 'bench-metadata-writes')
const { status } = spawnSync(process.execPath, [path.join(folder, 'metadata-writes.bench.js'), ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
