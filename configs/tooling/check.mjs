/** Static checks: import rules and lint, format, both TypeScript projects, dead code. Each is one check; all run even when one fails. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled, root } from './ensure-installed.mjs'

const bin = (...parts) => path.join(root, 'node_modules', ...parts)
const CHECKS = [
  ['lint', [bin('oxlint/bin/oxlint'), '--deny-warnings']],
  ['format', [bin('@biomejs/biome/bin/biome'), 'format', '.']],
  ['types of the main process', [bin('typescript/bin/tsc'), '-p', 'configs/tooling/tsconfig.node.json']],
  ['types of the renderer', [bin('typescript/bin/tsc'), '-p', 'configs/tooling/tsconfig.renderer.json']],
  ['dead code', [bin('knip/bin/knip.js'), '--config', 'configs/tooling/knip.json', '--no-progress']],
]

export function runChecks() {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const [name, args] of CHECKS) {
    const result = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    const passed = result.status === 0
    totals[passed ? 'passed' : 'failed'] += 1
    console.log(`${passed ? '✓' : '✗'} ${name}`)
    if (!passed) console.log(`${result.stdout}${result.stderr}`)
  }
  return totals
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  ensureInstalled()
  process.exit(runChecks().failed > 0 ? 1 : 0)
}
