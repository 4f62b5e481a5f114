/**
 * `npm test [-- <suite> …]`: installs what is missing, then runs everything this machine can run: static checks and the suites
 * unit, contract, integration, ui, e2e. Ends with what was skipped and why, and one line of totals.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { findChromium } from '../../tests/helpers/chromium.mjs'
import { ensureInstalled, root } from './ensure-installed.mjs'

ensureInstalled()
const { buildIfStale } = await import('./build.mjs')
const { runChecks } = await import('./check.mjs')

const CHROMIUM_SUITES = new Set(['ui', 'e2e'])
const CHROMIUM_FETCH_MS = 300_000

/** The browser suites look for an installed browser themselves; where there is none, one is fetched if that is possible. */
async function ensureChromium() {
  const { chromium } = await import('playwright-core')
  if (findChromium() !== undefined) return
  if (!existsSync(chromium.executablePath())) {
    console.log('No Chromium here; fetching one …')
    spawnSync(process.execPath, [path.join(root, 'node_modules/playwright-core/cli.js'), 'install', 'chromium'], {
      stdio: 'ignore',
      timeout: CHROMIUM_FETCH_MS,
    })
  }
  if (existsSync(chromium.executablePath())) process.env.IMAGEWORKS_CHROMIUM = chromium.executablePath()
}

const SUITES = ['check', 'unit', 'contract', 'integration', 'gpu', 'ui', 'e2e']
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !SUITES.includes(name))
if (unknown.length > 0) {
  console.error(`No suite is called ${unknown.join(', ')}; there are ${SUITES.join(', ')}.`)
  process.exit(2)
}

const artifacts = path.join(root, 'tests', '.artifacts')
const skipsFile = path.join(artifacts, 'skips.txt')
mkdirSync(artifacts, { recursive: true })
rmSync(skipsFile, { force: true })
// Each process of the suites bundles into a folder of its own number; those of earlier runs serve nobody.
rmSync(path.join(artifacts, 'bundles'), { recursive: true, force: true })

function runSuite(name) {
  const report = path.join(artifacts, `${name}.json`)
  rmSync(report, { force: true })
  const args = [
    'run',
    '--config',
    'configs/tooling/vitest.config.ts',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const result = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, IMAGEWORKS_SKIPS_FILE: skipsFile },
  })
  // A runner that died without a report, or failed outside a test, is a failure of its own.
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(readFileSync(report, 'utf8'))
  const failed = numFailedTests > 0 ? numFailedTests : success && result.status === 0 ? 0 : 1
  return { passed: numPassedTests, failed, skipped: numPendingTests + numTodoTests }
}

const totals = { passed: 0, failed: 0, skipped: 0 }
const rows = []
for (const name of SUITES) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  if (name !== 'check') buildIfStale()
  if (CHROMIUM_SUITES.has(name)) await ensureChromium()
  console.log(`\n── ${name} ──`)
  const startedMs = Date.now()
  const result = name === 'check' ? runChecks() : runSuite(name)
  rows.push({ name, ...result, seconds: Math.round((Date.now() - startedMs) / 1000) })
  for (const key of Object.keys(totals)) totals[key] += result[key]
}

console.log('\nSuite          passed  failed  skipped  seconds')
for (const row of rows) {
  console.log(`${row.name.padEnd(14)} ${[row.passed, row.failed, row.skipped, row.seconds].map((n) => String(n).padStart(6)).join('  ')}`)
}
const skips = existsSync(skipsFile) ? [...new Set(readFileSync(skipsFile, 'utf8').split('\n').filter(Boolean))] : []
console.log(skips.length === 0 ? '\nNothing was skipped.' : `\nSkipped on this machine:\n${skips.map((line) => `  - ${line}`).join('\n')}`)
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
