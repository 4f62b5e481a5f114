/** Runs one TypeScript file of this checkout in this Node: `node tests/bench/run-ts.mjs tests/bench/<name>.bench.ts [arguments …]`. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleTs } from '../helpers/bundle-ts.mjs'

const [file, ...rest] = process.argv.slice(2)
if (!file) {
  console.error('Which file? node tests/bench/run-ts.mjs <file.ts> [arguments …]')
  process.exit(2)
}
const root = path.resolve(import.meta.dirname, '../..')
const name = path.basename(file).replace(/\.ts$/, '')
const folder = await bundleTs({ [name]: path.relative(root, path.resolve(file)) }, `run-${name}`)
const built = path.join(folder, `${name}.js`)
process.argv = [process.argv[0], built, ...rest]
await import(pathToFileURL(built).href)
