import { defineConfig } from 'vitest/config'

/** `pnpm test`: everything that needs nothing but Node. Tests on real components have their own configuration. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@tributary/source', 'node'] } },
  test: {
    include: [
      '{packages,services}/*/{src,test}/**/*.test.ts',
      '{infra,demo,examples}/{src,test}/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.real.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    execArgv: ['--conditions=@tributary/source'],
  },
})
