import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** `pnpm test`: everything that needs nothing but Node. Tests on real components have their own configuration. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@tributary/source', 'node'] } },
  test: {
    include: [
      '{packages,services}/*/{src,test}/**/*.test.ts',
      '{infra,demo,chaos,examples,bench}/{src,test}/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.real.test.ts'],
    // Most tests wait for a loopback answer rather than for a processor: one worker less than there are, the default, leaves two cores half idle.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    execArgv: ['--conditions=@tributary/source'],
  },
})
