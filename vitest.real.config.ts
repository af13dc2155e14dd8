import { defineConfig } from 'vitest/config'

/**
 * `pnpm test:real`: tests on real Kafka, PostgreSQL, Jaeger, Prometheus and SMTP, which the global setup starts. Files run one after the other: they share
 * the components and the machine. `pnpm test:real packages/kafkajs` starts only what those files need.
 */
export default defineConfig({
  ssr: { resolve: { conditions: ['@tributary/source', 'node'] } },
  test: {
    include: [
      '{packages,services}/*/test/**/*.real.test.ts',
      '{infra,demo,examples,bench}/test/**/*.real.test.ts',
      'test/**/*.real.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['infra/src/real-tests/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    // A component that a test starts for itself may have to be fetched first.
    hookTimeout: 180_000,
    execArgv: ['--conditions=@tributary/source', '--disable-warning=TimeoutNegativeWarning'],
  },
})
