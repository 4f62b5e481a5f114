/** Import of 100,000 files against a plain walk and bare inserts: `node tests/bench/import.mjs [files]`. Exit 1 above the limit. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { bundleTs } from '../helpers/bundle-ts.mjs'

// Both in one folder: the bench starts the worker that lies beside it.
const folder = await bundleTs({ 'import.bench': 'tests/bench/import.bench.ts', 'import-worker': 'src-main/workers/import-worker.ts' }, 'bench-import')
const { status } = spawnSync(process.execPath, [path.join(folder, 'import.bench.js'), ...process.argv.slice(2)], { stdio: 'inherit' })
process.exit(status ?? 1)
