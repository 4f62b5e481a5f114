import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.resolve(import.meta.dirname, '../..')

interface Suite {
  /** Milliseconds until a test or hook counts as hung. No test proves a speed with it, so it leaves room for a machine that is busy. */
  timeoutMs: number
  /** Files at a time; two by default, for the two cores of a small machine. */
  atATime?: number
  /**
   * One thread keeps its modules from file to file, in place of a fresh process for each: starting those cost more than the tests. For
   * files that keep no state in a module and end what they start.
   */
  shared?: boolean
}

/** Pure and quick; real parts without a window; whole hosts; real windows. Suites run one after another. */
const project = (name: string, include: string[], { timeoutMs, atATime = 2, shared = false }: Suite) => ({
  test: {
    name,
    root,
    include,
    environment: 'node' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    fileParallelism: atATime > 1,
    maxWorkers: atATime,
    ...(shared ? { pool: 'threads' as const, isolate: false, restoreMocks: true, unstubEnvs: true, unstubGlobals: true } : {}),
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['tests/unit/**/*.test.ts', 'tests/unit/**/*.test.tsx'], { timeoutMs: 60_000, shared: true }),
      project('contract', ['tests/contract/**/*.test.ts'], { timeoutMs: 120_000, shared: true }),
      project('integration', ['tests/integration/**/*.test.ts'], { timeoutMs: 240_000 }),
      project('ui', ['tests/ui/**/*.test.ts'], { timeoutMs: 180_000, atATime: 1 }),
      project('gpu', ['tests/gpu/**/*.test.ts'], { timeoutMs: 600_000, atATime: 1 }),
      project('e2e', ['tests/e2e/**/*.test.ts'], { timeoutMs: 300_000, atATime: 1 }),
    ],
  },
})
