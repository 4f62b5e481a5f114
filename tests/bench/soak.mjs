/** 10,000 mixed requests over two model servers with aborts, crashes and swaps: `node tests/bench/soak.mjs [requests]`. The same test as in the suite, longer. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const words = [
  'run',
  '--config',
  'configs/tooling/vitest.config.ts',
  '--project',
  'integration',
  'tests/integration/engine/soak.test.ts',
  '--reporter=verbose',
]
const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), ...words], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, IMAGEWORKS_SOAK_REQUESTS: process.argv[2] ?? '10000' },
})
process.exit(status ?? 1)
