import path from 'node:path'
import { defineConfig } from 'vitest/config'

const root = path.resolve(import.meta.dirname, '../..')

/** Pure and quick; real parts without a window; whole hosts; real windows. Suites run one after another (two cores), files inside them side by side. */
const project = (name: string, include: string[], options: { testTimeout: number; fileParallelism?: boolean; setup?: string[] }) => ({
  test: {
    name,
    root,
    include,
    environment: 'node' as const,
    testTimeout: options.testTimeout,
    hookTimeout: options.testTimeout,
    fileParallelism: options.fileParallelism ?? true,
    maxWorkers: 2,
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['tests/unit/**/*.test.ts', 'tests/unit/**/*.test.tsx'], { testTimeout: 15_000 }),
      project('contract', ['tests/contract/**/*.test.ts'], { testTimeout: 60_000 }),
      project('integration', ['tests/integration/**/*.test.ts'], { testTimeout: 120_000 }),
      project('ui', ['tests/ui/**/*.test.ts'], { testTimeout: 180_000, fileParallelism: false }),
      project('gpu', ['tests/gpu/**/*.test.ts'], { testTimeout: 600_000, fileParallelism: false }),
      project('e2e', ['tests/e2e/**/*.test.ts'], { testTimeout: 300_000, fileParallelism: false }),
    ],
  },
})
