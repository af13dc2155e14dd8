import { defineConfig } from 'vitest/config'

/** The engine's tests, for `pnpm mutants:automatic`, which puts this file at the root of its clone. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@tributary/source', 'node'] } },
  test: {
    include: ['packages/event-bus/{src,test}/consuming/**/*.test.ts', 'packages/event-bus/src/failing/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.real.test.ts'],
    testTimeout: 20_000,
    execArgv: ['--conditions=@tributary/source'],
    // A mutant is switched on by a variable at run time; what is cached of a module would be without any.
    fsModuleCache: false,
  },
})
