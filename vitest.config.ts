import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

/** `pnpm test`: everything that needs nothing but Node. Tests on real components have their own configuration. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@tributary/source', 'node'] } },
  test: {
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.real.test.ts'],
    // Most tests wait for a loopback answer rather than for a processor: with a worker for each, two cores are half idle.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    // A database compiled to WebAssembly starts in two seconds, and in forty beside twenty other processes.
    hookTimeout: 120_000,
    execArgv: ['--conditions=@tributary/source'],
    projects: [
      {
        extends: true,
        // Beside the code that they test, they leave nothing behind: a worker for many files saves more than half of their processor time.
        test: { name: 'units', include: ['{packages,services}/*/src/**/*.test.ts'], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'wholes',
          include: [
            '{packages,services}/*/test/**/*.test.ts',
            '{infra,demo,chaos,examples,bench}/{src,test}/**/*.test.ts',
            'test/**/*.test.ts',
          ],
        },
      },
    ],
  },
})
